"""The customer's door to the suitability check."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fx.assets.rules import AssetClass
from fx.eligibility import queries, services
from fx.eligibility.models import SuitabilityCheck
from fx.eligibility.rules import STATEMENTS
from krak.api.idempotency import key_parameter, once
from krak.api.parsing import StrictSerializer
from krak.api.shapes import ConstantField, IdField, LivemodeField
from krak.core import clock
from krak.customers.authentication import asking


class SuitabilityCheckSerializer(serializers.Serializer[SuitabilityCheck]):
    """What came of one check."""

    object = ConstantField("suitability_check")
    id = IdField(SuitabilityCheck.PREFIX)
    passed = serializers.BooleanField(help_text="every statement was judged rightly")
    valid_until = serializers.DateTimeField()
    created_at = serializers.DateTimeField(source="checked_at")
    livemode = LivemodeField()


class StatementSerializer(serializers.Serializer[Any]):
    """Something to call true or false."""

    id = serializers.CharField()
    text = serializers.CharField()


class SuitabilitySerializer(serializers.Serializer[Any]):
    """The statements about tokenized securities, and the newest check, if there is one."""

    statements = StatementSerializer(many=True)
    newest = SuitabilityCheckSerializer(allow_null=True)


class AnswersSerializer(StrictSerializer):
    """What the customer calls true and what false."""

    def get_fields(self) -> dict[str, Any]:
        """Return one field for each statement."""
        return {each.id: serializers.BooleanField(help_text=each.text) for each in STATEMENTS}


class SuitabilityRequestSerializer(StrictSerializer):
    """A judgement of each statement."""

    answers = AnswersSerializer()


class Suitability(APIView):
    """GET and POST /v1/suitability"""

    @extend_schema(
        operation_id="suitability", tags=["eligibility"], responses=SuitabilitySerializer
    )
    def get(self, request: Request) -> Response:
        """Return the statements to judge and what came of the newest check."""
        newest = queries.suitability(customer=asking(request), asset_class=AssetClass.SECURITY)
        body = {"statements": STATEMENTS, "newest": newest}
        return Response(SuitabilitySerializer(body).data)

    @extend_schema(
        operation_id="check_suitability",
        tags=["eligibility"],
        request=SuitabilityRequestSerializer,
        responses={201: SuitabilityCheckSerializer},
        parameters=[key_parameter(required=False)],
        examples=[
            OpenApiExample(
                "passed",
                request_only=True,
                value={"answers": {each.id: each.true for each in STATEMENTS}},
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Judge the statements, as some countries ask for before shares' tokens are bought."""
        body = SuitabilityRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        customer = asking(request)

        def check() -> Response:
            made = services.check_suitability(
                customer=customer,
                asset_class=AssetClass.SECURITY,
                answers=body.validated_data["answers"],
                now=clock.now(),
            )
            return Response(SuitabilityCheckSerializer(made).data, status=201)

        return once(request, owner=customer.id, effect=check)
