"""Being verified: how far one is, what that allows, and going further."""

from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from krak.api.idempotency import key_parameter, once
from krak.api.limits import throttle
from krak.api.paging import CursorPages
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import AmountSerializer, ConstantField, IdField, StateField
from krak.core import clock
from krak.core.ids import id_of
from krak.core.limits.rules import Limit
from krak.core.money import amount_object, money
from krak.core.transactions import transaction
from krak.customers import queries, services
from krak.customers.authentication import asking
from krak.customers.models import Act, KycRule, Verification, VerificationState
from krak.customers.queries import VerificationNotFound

MOST_DOCUMENTS: Final = 10
KINDS: Final = (
    "passport", "identity_card", "driving_licence", "residence_permit", "proof_of_address",
    "liveness",
)  # fmt: skip


class VerificationSerializer(serializers.Serializer[Verification]):
    """One attempt to reach a level."""

    object = ConstantField("verification")
    id = IdField(Verification.PREFIX)
    level = serializers.IntegerField()
    state = StateField(VerificationState)
    reason = serializers.CharField(help_text="why it was decided so, in words")
    created_at = serializers.DateTimeField(source="started_at")
    submitted_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class AllowedSerializer(serializers.Serializer[KycRule]):
    """How much of an act a level allows."""

    act = StateField(Act)
    allowed = serializers.BooleanField()
    per_day = AmountSerializer(allow_null=True, help_text="in a UTC day; null: no limit")
    per_month = AmountSerializer(allow_null=True, help_text="in a UTC month; null: no limit")

    def to_representation(self, instance: KycRule) -> dict[str, Any]:
        """Write limits as money of the rule's currency."""
        return {
            "act": instance.act.lower(),
            "allowed": instance.allowed,
            "per_day": _amount(instance.per_day, instance.currency),
            "per_month": _amount(instance.per_month, instance.currency),
        }


class LevelSerializer(serializers.Serializer[dict[str, object]]):
    """A level and what it allows."""

    level = serializers.IntegerField()
    acts = AllowedSerializer(many=True)


class LevelsSerializer(serializers.Serializer[dict[str, object]]):
    """How far one is, and what each level allows."""

    object = ConstantField("verification_levels")
    level = serializers.IntegerField(help_text="reached: 0, 1 or 2")
    levels = LevelSerializer(many=True)


def _amount(amount: Any, code: str) -> Any:
    return None if amount is None else amount_object(money(amount, code))


class Levels(APIView):
    """GET /v1/verification-levels"""

    @extend_schema(
        operation_id="verification_levels", tags=["verification"], responses=LevelsSerializer
    )
    def get(self, request: Request) -> Response:
        """Return how far the customer is verified, and what each level allows."""
        now = clock.now()
        rules = [queries.rules_in_force(act=act, now=now) for act in Act]
        levels = [
            {"level": level, "acts": [its[level] for its in rules if level in its]}
            for level in (0, 1, 2)
        ]
        reached = queries.level_of(customer_id=asking(request).id, now=now)
        return Response(LevelsSerializer({"level": reached, "levels": levels}).data)


class StartSerializer(StrictSerializer):
    """The level to reach."""

    level = serializers.ChoiceField(choices=[1, 2])


@extend_schema_view(get=extend_schema(operation_id="verifications", tags=["verification"]))
class Verifications(ListAPIView[Verification]):
    """/v1/verifications"""

    serializer_class = VerificationSerializer
    pagination_class = CursorPages
    throttle_classes = (throttle("verification", Limit(20, 3600)),)

    def get_queryset(self) -> QuerySet[Verification, Any]:
        """Return the attempts of the customer who is asking."""
        if getattr(self, "swagger_fake_view", False):
            return Verification.objects.none()
        return queries.verifications(customer_id=asking(self.request).id)

    @extend_schema(
        operation_id="start_verification",
        tags=["verification"],
        request=StartSerializer,
        responses={201: VerificationSerializer},
        parameters=[key_parameter(required=False)],
    )
    def post(self, request: Request) -> Response:
        """Begin to be verified for a level."""
        asked, customer = read_body(StartSerializer, request), asking(request)

        def effect() -> Response:
            begun = services.start_verification(
                customer_id=customer.id, level=asked["level"], now=clock.now()
            )
            return Response(VerificationSerializer(begun).data, status=201)

        return once(request, owner=customer.id, effect=effect)


class OneVerification(APIView):
    """GET /v1/verifications/{id}"""

    @extend_schema(
        operation_id="verification", tags=["verification"], responses=VerificationSerializer
    )
    def get(self, request: Request, shown_id: str) -> Response:
        """Return how one attempt stands."""
        found = queries.verification_of(
            customer_id=asking(request).id, verification_id=_id(shown_id)
        )
        return Response(VerificationSerializer(found).data)


class DocumentSerializer(StrictSerializer):
    """A document at the provider; we never see it."""

    kind = serializers.ChoiceField(choices=KINDS)
    reference = serializers.RegexField(r"^[A-Za-z0-9_.:-]{1,80}\Z", help_text="from its upload")


class SubmissionSerializer(StrictSerializer):
    """What is handed in; the profile is taken as it is."""

    documents = DocumentSerializer(many=True, default=list)

    def validate_documents(self, value: list[Any]) -> list[Any]:
        """Refuse more than anybody has."""
        if len(value) > MOST_DOCUMENTS:
            raise serializers.ValidationError("These are too many documents.", code="too_many")
        return value


class SubmitVerification(APIView):
    """POST /v1/verifications/{id}/submit"""

    @extend_schema(
        operation_id="submit_verification",
        tags=["verification"],
        request=SubmissionSerializer,
        responses=VerificationSerializer,
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """Hand an attempt in: level 1 needs a complete profile, level 2 a document and liveness."""
        asked, customer = read_body(SubmissionSerializer, request), asking(request)
        with transaction():
            handed_in = services.submit_verification(
                customer_id=customer.id,
                verification_id=_id(shown_id),
                documents=asked["documents"],
                now=clock.now(),
            )
        return Response(VerificationSerializer(handed_in).data)


def _id(text: str) -> UUID:
    return id_of(Verification.PREFIX, text, VerificationNotFound)
