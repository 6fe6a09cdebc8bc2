"""Start, read, pause, resume and cancel recurring buys."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any, Final
from zoneinfo import available_timezones

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
from fx.quotes.queries import in_base_units
from holdings.ledger.shapes import MultiplierField, amount_in
from holdings.trading import queries
from holdings.trading.api.fees import fee_in, fees_in, pair_in
from holdings.trading.models import (
    PlanState,
    RecurringBuy,
    RecurringRun,
    RunOutcome,
    Trade,
)
from holdings.trading.queries import PlanNotFound
from holdings.trading.rules.schedule import Frequency
from holdings.trading.services import recurring
from krak.api.idempotency import key_parameter, once
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
from krak.core.ids import id_of
from krak.core.money import amount_object, money
from krak.customers.authentication import asking
from krak.customers.models import Act
from krak.customers.queries import permitted

NINE: Any = time(9)
FURTHEST: Final = timedelta(days=5 * 366)
TIME_OF_DAY = r"^([01]\d|2[0-3]):[0-5]\d$"
EXAMPLES = [
    OpenApiExample(
        "monthly",
        request_only=True,
        value={
            "buy": "BTC", "pay_with": "EUR", "amount": "100.00", "frequency": "monthly",
            "starts_on": "2027-01-31", "at": "09:00", "time_zone": "Europe/Berlin",
        },
    ),
    OpenApiExample(
        "recurring buy",
        response_only=True,
        value={
            "object": "recurring_buy",
            "id": "rcb_01m87shhwde8b9zv9bfvka3t68",
            "state": "active",
            "buy": "BTC",
            "amount": {"amount": "100.00", "currency": "EUR"},
            "fee": {"amount": "1.00", "currency": "EUR"},
            "fee_percent": "1",
            "multiplier": None,
            "frequency": "monthly",
            "starts_on": "2027-01-31",
            "at": "09:00",
            "time_zone": "Europe/Berlin",
            "next_on": "2027-01-31",
            "next_at": "2027-01-31T08:00:00Z",
            "created_at": "2026-11-24T22:06:44Z",
            "livemode": False,
        },
    ),
]  # fmt: skip


@extend_schema_field({"type": "string", "pattern": TIME_OF_DAY, "examples": ["09:00"]})
class TimeOfDayField(serializers.TimeField):
    """A local time in hours and minutes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **options)


class RecurringBuyRequestSerializer(StrictSerializer):
    """What to buy, for how much, and when."""

    buy = serializers.CharField(max_length=16)
    pay_with = serializers.CharField(max_length=16)
    amount = AmountField(zero=False, help_text="of `pay_with`, each time")
    frequency = serializers.ChoiceField(choices=[each.lower() for each in Frequency])
    starts_on = serializers.DateField(
        required=False,
        help_text="the first day, within five years; today if left out."
        " A month without that day has its last one",
    )
    at = TimeOfDayField(default=NINE, help_text="local time of day")
    time_zone = serializers.CharField(default="UTC", max_length=60, help_text="of IANA")

    def validate_starts_on(self, value: date) -> date:
        """Refuse a day that is further off than anybody plans."""
        if value > clock.now().date() + FURTHEST:
            raise serializers.ValidationError(
                "A recurring buy starts within five years.", code="too_far"
            )
        return value

    def validate_time_zone(self, value: str) -> str:
        """Refuse a zone that is no place's: the lists also have names like `localtime`."""
        is_place = "/" in value or value in {"UTC", "GMT"}
        if not is_place or value not in available_timezones():
            raise serializers.ValidationError("No such time zone.", code="unknown_time_zone")
        return value


class RecurringBuySerializer(serializers.Serializer[RecurringBuy]):
    """A recurring buy and when it comes next."""

    object = ConstantField("recurring_buy")
    id = IdField(RecurringBuy.PREFIX)
    state = StateField(PlanState)
    buy = serializers.CharField()
    amount = serializers.SerializerMethodField()
    fee = serializers.SerializerMethodField(
        help_text="the part of `amount` that each buy would be charged by the fees and prices of"
        " now; null while there is no price, and once it is canceled"
    )
    fee_percent = serializers.SerializerMethodField(
        help_text="of `amount`, where that is more than the minimum; null once it is canceled"
    )
    multiplier = MultiplierField("pay_with")
    frequency = serializers.SerializerMethodField()
    starts_on = serializers.DateField()
    at = TimeOfDayField()
    time_zone = serializers.CharField()
    next_on = serializers.SerializerMethodField()
    next_at = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    @extend_schema_field(AmountSerializer)
    def get_amount(self, plan: RecurringBuy) -> Any:
        """Return what each buy costs in all."""
        return amount_object(money(plan.amount, plan.pay_with))

    @extend_schema_field(AmountSerializer(allow_null=True))
    def get_fee(self, plan: RecurringBuy) -> Any:
        """Return what each buy will be charged, if prices stay."""
        if plan.state is PlanState.CANCELED:
            return None
        pair = pair_in(self.context, sell=plan.pay_with, buy=plan.buy)
        if pair is None:
            return None
        units = in_base_units(plan.amount, pair.sold, up=False)
        return amount_in(self.context, fee_in(self.context, units, pair=pair), plan.pay_with)

    @extend_schema_field(DecimalText(allow_null=True))
    def get_fee_percent(self, plan: RecurringBuy) -> str | None:
        """Return the rate of the fee."""
        if plan.state is PlanState.CANCELED:
            return None
        fees = fees_in(self.context, sell=plan.pay_with, buy=plan.buy)
        return DecimalText().to_representation(fees.percent)

    @extend_schema_field(serializers.ChoiceField(choices=[each.lower() for each in Frequency]))
    def get_frequency(self, plan: RecurringBuy) -> str:
        """Return how often."""
        return plan.frequency.lower()

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_next_on(self, plan: RecurringBuy) -> Any:
        """Return the local day of the next run; none while paused or canceled."""
        return plan.next_on.isoformat() if plan.state is PlanState.ACTIVE else None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_at(self, plan: RecurringBuy) -> Any:
        """Return the moment of the next run; none while paused or canceled."""
        if plan.state is not PlanState.ACTIVE:
            return None
        return serializers.DateTimeField().to_representation(plan.next_at)


class RecurringRunSerializer(serializers.Serializer[RecurringRun]):
    """One slot and what came of it."""

    object = ConstantField("recurring_run")
    id = IdField(RecurringRun.PREFIX)
    slot_on = serializers.DateField(help_text="local day")
    outcome = StateField(RunOutcome)
    reason = serializers.CharField(
        help_text="why it was skipped: the code of a refusal, or `missed`; else empty"
    )
    trade = IdField(Trade.PREFIX, source="trade_id", allow_null=True)
    created_at = serializers.DateTimeField(source="ran_at")
    livemode = LivemodeField()


@extend_schema_view(get=extend_schema(operation_id="recurring_buys", tags=["trading"]))
class RecurringBuys(generics.ListAPIView[RecurringBuy]):
    """GET and POST /v1/recurring-buys"""

    throttle_classes = (MONEY,)

    serializer_class = RecurringBuySerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[RecurringBuy]:
        """Return the recurring buys of the customer who is asking."""
        return queries.plans(customer_id=asking(self.request).id)

    @extend_schema(
        operation_id="start_recurring_buy",
        tags=["trading"],
        request=RecurringBuyRequestSerializer,
        responses={201: RecurringBuySerializer},
        parameters=[key_parameter(required=True)],
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Start buying for a fixed amount every day, week or month."""
        asked, customer = read_body(RecurringBuyRequestSerializer, request), asking(request)
        wanted = recurring.NewPlan(
            buy=asked["buy"],
            pay_with=asked["pay_with"],
            amount=asked["amount"],
            frequency=Frequency(asked["frequency"].upper()),
            starts_on=asked.get("starts_on"),
            at=asked["at"],
            time_zone=asked["time_zone"],
        )

        def start() -> Response:
            permitted(customer, Act.TRADE, now=clock.now())
            plan = recurring.start(wanted, customer=customer, board=live.current(), now=clock.now())
            return Response(RecurringBuySerializer(plan).data, status=201)

        return once(request, owner=customer.id, effect=start, required=True)


class OneRecurringBuy(APIView):
    """GET /v1/recurring-buys/{id}"""

    @extend_schema(operation_id="recurring_buy", tags=["trading"], responses=RecurringBuySerializer)
    def get(self, request: Request, shown_id: str) -> Response:
        """Return one recurring buy."""
        plan = queries.plan_of(
            plan_id=id_of(RecurringBuy.PREFIX, shown_id, PlanNotFound),
            customer_id=asking(request).id,
        )
        return Response(RecurringBuySerializer(plan).data)


@extend_schema_view(get=extend_schema(operation_id="recurring_runs", tags=["trading"]))
class RecurringRuns(generics.ListAPIView[RecurringRun]):
    """GET /v1/recurring-buys/{id}/runs"""

    serializer_class = RecurringRunSerializer
    pagination_class = CursorPages
    queryset = RecurringRun.objects.none()

    def get_queryset(self) -> QuerySet[RecurringRun]:
        """Return what came of the slots of one recurring buy."""
        return queries.runs(
            plan=queries.plan_of(
                plan_id=id_of(RecurringBuy.PREFIX, self.kwargs["shown_id"], PlanNotFound),
                customer_id=asking(self.request).id,
            )
        )


def _change(request: Request, shown_id: str, change: Callable[..., RecurringBuy]) -> Response:
    customer_id = asking(request).id
    wanted = id_of(RecurringBuy.PREFIX, shown_id, PlanNotFound)

    def changed() -> Response:
        plan = change(plan_id=wanted, customer_id=customer_id, now=clock.now())
        return Response(RecurringBuySerializer(plan).data)

    return once(request, owner=customer_id, effect=changed)


class PauseRecurringBuy(APIView):
    """POST /v1/recurring-buys/{id}/pause"""

    @extend_schema(
        operation_id="pause_recurring_buy",
        tags=["trading"],
        request=None,
        responses=RecurringBuySerializer,
        parameters=[key_parameter(required=False)],
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """Let nothing run until it is resumed; again is harmless."""
        return _change(request, shown_id, recurring.pause)


class ResumeRecurringBuy(APIView):
    """POST /v1/recurring-buys/{id}/resume"""

    @extend_schema(
        operation_id="resume_recurring_buy",
        tags=["trading"],
        request=None,
        responses=RecurringBuySerializer,
        parameters=[key_parameter(required=False)],
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """Go on with the first day that is still to come; again is harmless."""
        return _change(request, shown_id, recurring.resume)


class CancelRecurringBuy(APIView):
    """POST /v1/recurring-buys/{id}/cancel"""

    @extend_schema(
        operation_id="cancel_recurring_buy",
        tags=["trading"],
        request=None,
        responses=RecurringBuySerializer,
        parameters=[key_parameter(required=False)],
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """End it for good; again is harmless."""
        return _change(request, shown_id, recurring.cancel)
