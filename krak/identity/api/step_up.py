"""Proving that it is you, for one act."""

import re
from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import ConstantField, IdField
from krak.core import clock
from krak.core.limits import services as limits
from krak.identity import limits as ours
from krak.identity.authentication import bearer_of
from krak.identity.models import Proof
from krak.identity.services import proofs
from krak.identity.services.proofs import Act

MOST_FACTS: Final = 20
NAME: Final = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)
EXAMPLE: Final = OpenApiExample(
    "by code",
    request_only=True,
    value={
        "action": "card.details",
        "subject": {"card": "card_01m8kq3v5nf2tbx7d9r6h4s8jw"},
        "code": "123456",
    },
)
NO_STORE: Final = {"Cache-Control": "no-store"}


class ActSerializer(StrictSerializer):
    """What is to be done: `action` and `subject` as the refusal's `facts` named them."""

    action = serializers.RegexField(r"^[a-z][a-z_.]{1,39}\Z")
    subject = serializers.DictField(
        child=serializers.CharField(max_length=255), help_text="everything that you agree to"
    )

    def validate_subject(self, value: dict[str, str]) -> dict[str, str]:
        """Refuse what no act is about."""
        if len(value) > MOST_FACTS or not all(NAME.fullmatch(name) for name in value):
            raise serializers.ValidationError("That is no subject.", code="subject")
        return value


class StepUpSerializer(ActSerializer):
    """With one of these."""

    code = serializers.CharField(
        max_length=32, required=False, help_text="from the authenticator app, or a recovery code"
    )
    password = serializers.CharField(
        max_length=128, required=False, trim_whitespace=False,
        help_text="where no second factor is enrolled",
    )  # fmt: skip
    credential = serializers.DictField(
        required=False, help_text="the passkey's answer to POST /v1/step-up/passkey"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse none and several."""
        if len({"code", "password", "credential"} & set(attrs)) != 1:
            raise serializers.ValidationError(
                "Send one of code, password and credential.", code="one_of"
            )
        return attrs


class ProofSerializer(serializers.Serializer[Proof]):
    """A proof; send its id as the `Step-Up` header with the act, once."""

    object = ConstantField("step_up")
    id = IdField(Proof.PREFIX)
    action = serializers.CharField()
    method = serializers.CharField(help_text="totp, recovery_codes, webauthn, password or sandbox")
    expires_at = serializers.DateTimeField()


class StepUp(APIView):
    """POST /v1/step-up"""

    @extend_schema(
        operation_id="step_up",
        tags=["identity"],
        request=StepUpSerializer,
        responses={201: ProofSerializer},
        examples=[EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Prove that it is you, for exactly this act. Five wrong answers, and it has to wait."""
        asked, bearer = read_body(StepUpSerializer, request), bearer_of(request)
        counted = ours.second_factor(request._request, str(bearer.user.id))  # noqa: SLF001
        limits.take(counted)
        proof = proofs.prove(
            bearer,
            Act(asked.pop("action"), asked.pop("subject")),
            given=asked,
            now=clock.now(),
        )
        limits.forget(counted)
        return Response(ProofSerializer(proof).data, status=201, headers=NO_STORE)


class PasskeyChallenge(APIView):
    """POST /v1/step-up/passkey"""

    @extend_schema(
        operation_id="step_up_challenge",
        tags=["identity"],
        request=ActSerializer,
        responses={201: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request) -> Response:
        """Return what the passkey is to sign for exactly this act (WebAuthn request options)."""
        asked = read_body(ActSerializer, request)
        options = proofs.challenge(bearer_of(request), Act(asked["action"], asked["subject"]))
        return Response(options, status=201, headers=NO_STORE)
