"""Rules for incoming money."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fx.prices import live
from fx.quotes.rules import Fees
from holdings.ledger.shapes import MultiplierField, amount_in
from holdings.trading import queries, services
from holdings.trading.api.fees import fees_in
from holdings.trading.models import AutoConvertRule, AutoConvertRun, RunOutcome, Trade
from krak.api.limits import MONEY
from krak.api.paging import CursorPages
from krak.api.parsing import AmountField, StrictSerializer, read_body
from krak.api.shapes import (
    AmountSerializer,
    ConstantField,
    DecimalText,
    IdField,
    LivemodeField,
    StateField,
)
from krak.core import clock
from krak.core.money import amount_object, is_exact, money
from krak.core.transactions import transaction
from krak.customers.authentication import asking
from krak.customers.models import Act
from krak.customers.queries import permitted

ALL = Decimal(100)
_HUNDREDTHS = 2
EXAMPLES = [
    OpenApiExample(
        "half of what comes in",
        request_only=True,
        value={"currency": "EUR", "into": "BTC", "percent": "50", "minimum": "20.00"},
    ),
    OpenApiExample(
        "rule",
        response_only=True,
        value={
            "object": "auto_convert_rule",
            "id": "acv_01m87shhwde8b9zv9bfvka3t68",
            "currency": "EUR",
            "into": "BTC",
            "percent": "50",
            "minimum": {"amount": "20.00", "currency": "EUR"},
            "multiplier": None,
            "fee_percent": "1",
            "minimum_fee": {"amount": "0.00", "currency": "USD"},
            "updated_at": "2026-11-24T22:06:44Z",
            "created_at": "2026-11-24T22:06:44Z",
            "livemode": False,
        },
    ),
]


class AutoConvertRequestSerializer(StrictSerializer):
    """What to make of what comes in."""

    currency = serializers.CharField(max_length=16, help_text="of what comes in")
    into = serializers.CharField(max_length=16)
    percent = AmountField(zero=False, default=ALL, help_text="up to 100, with two decimals")
    minimum = AmountField(default=Decimal(0), help_text="less than this stays as it is")

    def validate_percent(self, value: Decimal) -> Decimal:
        """Refuse more than there is, and what is finer than a hundredth."""
        if value > ALL or not is_exact(value, _HUNDREDTHS):
            raise serializers.ValidationError(
                "A percentage is up to 100, with at most two decimals.", code="percent"
            )
        return value


class AutoConvertRuleSerializer(serializers.Serializer[AutoConvertRule]):
    """Of what comes in of `currency`, `percent` is converted into `into`."""

    object = ConstantField("auto_convert_rule")
    id = IdField(AutoConvertRule.PREFIX)
    currency = serializers.CharField()
    into = serializers.CharField()
    percent = serializers.SerializerMethodField()
    minimum = serializers.SerializerMethodField()
    multiplier = MultiplierField()
    fee_percent = serializers.SerializerMethodField(
        help_text="of what is converted, as fees are now"
    )
    minimum_fee = serializers.SerializerMethodField(help_text="of each conversion, as fees are now")
    updated_at = serializers.DateTimeField(source="changed_at")
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    @extend_schema_field(DecimalText)
    def get_percent(self, rule: AutoConvertRule) -> str:
        """Return how much of it."""
        return DecimalText().to_representation(Decimal(rule.share_bps) / ALL)

    @extend_schema_field(AmountSerializer)
    def get_minimum(self, rule: AutoConvertRule) -> Any:
        """Return the least that is looked at."""
        return amount_object(money(rule.minimum, rule.currency))

    @extend_schema_field(DecimalText)
    def get_fee_percent(self, rule: AutoConvertRule) -> str:
        """Return the rate of the fee."""
        return DecimalText().to_representation(self._fees(rule).percent)

    @extend_schema_field(AmountSerializer)
    def get_minimum_fee(self, rule: AutoConvertRule) -> Any:
        """Return the smallest fee."""
        return amount_object(money(self._fees(rule).minimum_usd, "USD"))

    def _fees(self, rule: AutoConvertRule) -> Fees:
        return fees_in(self.context, sell=rule.currency, buy=rule.into)


class AutoConvertRulesSerializer(serializers.Serializer[Any]):
    """All rules, by currency."""

    results = AutoConvertRuleSerializer(many=True)


class AutoConvertRunSerializer(serializers.Serializer[AutoConvertRun]):
    """What a rule made of one credit."""

    object = ConstantField("auto_convert_run")
    id = IdField(AutoConvertRun.PREFIX)
    amount = serializers.SerializerMethodField()
    multiplier = MultiplierField()
    into = serializers.CharField()
    outcome = StateField(RunOutcome)
    reason = serializers.CharField(help_text="the code of what stood in the way; else empty")
    trade = IdField(Trade.PREFIX, source="trade_id", allow_null=True)
    created_at = serializers.DateTimeField(source="ran_at")
    livemode = LivemodeField()

    @extend_schema_field(AmountSerializer)
    def get_amount(self, run: AutoConvertRun) -> Any:
        """Return what was to be converted."""
        return amount_in(self.context, run.units, run.currency)


class AutoConvert(APIView):
    """GET and PUT /v1/auto-convert"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="auto_convert_rules", tags=["trading"], responses=AutoConvertRulesSerializer
    )
    def get(self, request: Request) -> Response:
        """Return all rules for incoming money."""
        found = queries.rules(customer_id=asking(request).id)
        return Response(AutoConvertRulesSerializer({"results": found}).data)

    @extend_schema(
        operation_id="set_auto_convert_rule",
        tags=["trading"],
        request=AutoConvertRequestSerializer,
        responses=AutoConvertRuleSerializer,
        examples=EXAMPLES,
    )
    def put(self, request: Request) -> Response:
        """Set the rule for one currency, in place of the one it had."""
        asked = read_body(AutoConvertRequestSerializer, request)
        permitted(asking(request), Act.TRADE, now=clock.now())
        with transaction():
            rule = services.set_rule(
                customer=asking(request),
                currency=asked["currency"],
                into=asked["into"],
                share_bps=int(asked["percent"] * ALL),
                minimum=asked["minimum"],
                board=live.current(),
                now=clock.now(),
            )
        return Response(AutoConvertRuleSerializer(rule).data)


class OneAutoConvert(APIView):
    """DELETE /v1/auto-convert/{currency}"""

    @extend_schema(operation_id="drop_auto_convert_rule", tags=["trading"], responses={204: None})
    def delete(self, request: Request, currency: str) -> Response:
        """Leave what comes in of a currency as it is."""
        with transaction():
            services.drop_rule(customer_id=asking(request).id, currency=currency)
        return Response(status=204)


@extend_schema_view(get=extend_schema(operation_id="auto_convert_runs", tags=["trading"]))
class AutoConvertRuns(generics.ListAPIView[AutoConvertRun]):
    """GET /v1/auto-convert/runs"""

    serializer_class = AutoConvertRunSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[AutoConvertRun]:
        """Return what rules made of the asking customer's money."""
        return queries.auto_converted(customer_id=asking(self.request).id)
