"""GET /v1/portfolio and its history."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from moneyed import Money
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fx.assets import directory
from fx.assets.catalogue import has_multiplier
from fx.prices import live
from holdings.ledger.shapes import MultiplierField, Seen
from holdings.portfolio import queries
from holdings.portfolio.queries import DayWorth
from holdings.portfolio.rules import Change, Holding, Portfolio
from krak.api.parsing import AmountField
from krak.api.shapes import AmountSerializer, ConstantField, DecimalText, LivemodeField
from krak.core import clock
from krak.core.money import money, plain
from krak.customers.authentication import asking
from krak.customers.queries import display_currency

MOST_DAYS: Final = 1100
"""Three years."""
DAYS: Final = 30

_write_amount: Final = AmountSerializer().to_representation


class ChangeSerializer(serializers.Serializer[Change]):
    """A difference and its percentage."""

    amount = AmountSerializer()
    percent = DecimalText(allow_null=True, help_text="null: a percentage of nothing")


class HoldingSerializer(serializers.Serializer[Holding]):
    """All a customer has of one asset."""

    object = ConstantField("holding")
    code = serializers.CharField()
    units = AmountSerializer(help_text="shown units")
    multiplier = DecimalText(help_text="shown units of one base unit")
    price = DecimalText(allow_null=True, help_text="one shown unit at the middle, in the currency")
    value = AmountSerializer(allow_null=True, help_text="null: there is no price at all")
    share = DecimalText(allow_null=True, help_text="percent of all that is worth something")
    cost_basis = AmountSerializer(
        allow_null=True, help_text="at today's rate if paid in another currency; null: not known"
    )
    gain = ChangeSerializer(allow_null=True, help_text="value less cost basis, not realised")
    day_change = ChangeSerializer(
        allow_null=True, help_text="of these units since 24 hours ago; null: no price of then"
    )
    stale = serializers.BooleanField(help_text="the price is missing or old; the value is by it")
    price_as_of = serializers.DateTimeField(allow_null=True)
    price_age_seconds = serializers.IntegerField(allow_null=True)


class HiddenSerializer(serializers.Serializer[Any]):
    """What `hide_small` left out of the list; it counts in all totals."""

    count = serializers.IntegerField()
    value = AmountSerializer()


class PortfolioSerializer(serializers.Serializer[Portfolio]):
    """Everything a customer has, most valuable first."""

    object = ConstantField("portfolio")
    currency = serializers.CharField()
    value = AmountSerializer(help_text="the sum of all values, those hidden too")
    multiplier = MultiplierField()
    day_change = ChangeSerializer(
        allow_null=True, help_text="of the holdings with a price of 24 hours ago"
    )
    gain = ChangeSerializer(allow_null=True, help_text="of the holdings whose cost is known")
    stale = serializers.BooleanField(help_text="a price is missing or old")
    hidden = HiddenSerializer()
    results = HoldingSerializer(many=True)
    livemode = LivemodeField()


class AskedPortfolioSerializer(serializers.Serializer[Any]):
    """How to look at it."""

    currency = serializers.CharField(
        required=False, help_text="code of any asset; the display currency if left out"
    )
    hide_small = AmountField(
        required=False, help_text="leave holdings out that are worth less than this"
    )


_USD_12: Final = {"amount": "12.00", "currency": "USD"}
_EXAMPLE: Final = {
    "object": "portfolio", "currency": "USD", "value": {"amount": "1512.00", "currency": "USD"},
    "multiplier": None,
    "day_change": {"amount": {"amount": "-3.10", "currency": "USD"}, "percent": "-0.2"},
    "gain": {"amount": {"amount": "300.00", "currency": "USD"}, "percent": "25"},
    "stale": False, "hidden": {"count": 1, "value": _USD_12},
    "results": [
        {
            "object": "holding", "code": "AAPLx", "units": {"amount": "5", "currency": "AAPLx"},
            "multiplier": "1.0021", "price": "300",
            "value": {"amount": "1500.00", "currency": "USD"}, "share": "99.21",
            "cost_basis": {"amount": "1200.00", "currency": "USD"},
            "gain": {"amount": {"amount": "300.00", "currency": "USD"}, "percent": "25"},
            "day_change": {"amount": {"amount": "-3.10", "currency": "USD"}, "percent": "-0.21"},
            "stale": False, "price_as_of": "2026-11-20T15:04:05.120000Z", "price_age_seconds": 1,
        }
    ],
    "livemode": False,
}  # fmt: skip


class PortfolioView(APIView):
    """GET /v1/portfolio"""

    @extend_schema(
        operation_id="portfolio",
        tags=["portfolio"],
        parameters=[AskedPortfolioSerializer],
        responses=PortfolioSerializer,
        examples=[OpenApiExample("A share and a little else", value=_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return what the customer has, at the middle of bid and ask, in any currency."""
        customer, now = asking(request), clock.now()
        asked = _checked(AskedPortfolioSerializer, request)
        currency = asked.get("currency") or display_currency(customer)
        directory.named(currency)
        measure = queries.measure_now(currency, now=now)
        found = queries.portfolio(customer_id=customer.id, measure=measure, now=now)
        least: Decimal | None = asked.get("hide_small")
        seen = [
            holding
            for holding in found.holdings
            if least is None or holding.value is None or abs(holding.value) >= least
        ]
        hidden = found.value - sum((h.value for h in seen if h.value is not None), Decimal(0))

        def write(amount: Decimal | None) -> Any:
            return None if amount is None else _write_amount(money(amount, currency))

        def write_change(change: Change | None) -> Any:
            if change is None:
                return None
            percent = None if change.percent is None else plain(change.percent)
            return {"amount": write(change.amount), "percent": percent}

        def write_holding(holding: Holding) -> dict[str, Any]:
            price, code = holding.price, holding.position.code
            multiplier = measure.board.multiplier(code, now)
            unit = measure.price_of(code, multiplier=multiplier)
            age = None if price is None else max(int((now - price.as_of).total_seconds()), 0)
            return {
                "object": "holding",
                "code": code,
                "units": _write_amount(money(holding.position.units * multiplier, code)),
                "multiplier": plain(multiplier),
                "price": None if unit is None else plain(unit),
                "value": write(holding.value),
                "share": None if holding.share is None else plain(holding.share),
                "cost_basis": write(holding.cost),
                "gain": write_change(holding.gain),
                "day_change": write_change(holding.day_change),
                "stale": holding.stale,
                "price_as_of": price and price.as_of,
                "price_age_seconds": age,
            }

        return Response(
            {
                "object": "portfolio",
                "currency": currency,
                "value": write(found.value),
                "multiplier": plain(measure.multiplier) if has_multiplier(currency) else None,
                "day_change": write_change(found.day_change),
                "gain": write_change(found.gain),
                "stale": found.stale,
                "hidden": {"count": len(found.holdings) - len(seen), "value": write(hidden)},
                "results": [write_holding(holding) for holding in seen],
                "livemode": LivemodeField().to_representation(None),
            }
        )


class DaySerializer(serializers.Serializer[DayWorth]):
    """What everything was worth when a day ended in UTC."""

    on = serializers.DateField()
    value = serializers.SerializerMethodField("worth")
    complete = serializers.BooleanField(help_text="false: a holding had no price and is left out")

    @extend_schema_field(AmountSerializer)
    def worth(self, day: DayWorth) -> dict[str, Any]:
        """Return the worth."""
        worth: Money = money(day.value, self.context["currency"])
        return _write_amount(worth)


class HistorySerializer(serializers.Serializer[Any]):
    """Days from old to new; those on which the customer had nothing are left out."""

    object = ConstantField("portfolio_history")
    currency = serializers.CharField()
    multiplier = MultiplierField()
    results = DaySerializer(many=True)


class AskedHistorySerializer(serializers.Serializer[Any]):
    """Which days."""

    to = serializers.DateField(required=False, help_text="the last day; yesterday if left out")
    currency = serializers.CharField(
        required=False, help_text="code of any asset; the display currency if left out"
    )

    def get_fields(self) -> dict[str, Any]:
        """Return the fields with `from`, which is no name for an attribute."""
        since = serializers.DateField(
            required=False, help_text=f"the first day; {DAYS} days up to `to` if left out"
        )
        return {**super().get_fields(), "from": since}

    def validate(self, asked: Any) -> Any:
        """Fill in the days that were left out, and refuse too many."""
        last = asked.setdefault("to", clock.now().date() - timedelta(days=1))
        asked.setdefault("from", date.fromordinal(max(last.toordinal() - DAYS + 1, 1)))
        if not 0 <= (last - asked["from"]).days < MOST_DAYS:
            raise serializers.ValidationError(
                {"from": [f"1 to {MOST_DAYS} days are asked for at once."]}, code="from"
            )
        return asked


class History(APIView):
    """GET /v1/portfolio/history"""

    @extend_schema(
        operation_id="portfolio_history",
        tags=["portfolio"],
        parameters=[AskedHistorySerializer],
        responses=HistorySerializer,
        examples=[
            OpenApiExample(
                "Two days",
                value={
                    "object": "portfolio_history",
                    "currency": "USD",
                    "multiplier": None,
                    "results": [
                        {"on": "2026-11-19", "value": _USD_12, "complete": True},
                        {"on": "2026-11-20", "value": _USD_12, "complete": True},
                    ],
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Return what everything was worth at the end of each day, in any currency."""
        customer = asking(request)
        asked = _checked(AskedHistorySerializer, request)
        currency = asked.get("currency") or display_currency(customer)
        directory.named(currency)
        moment: Seen = {"board": live.current(), "now": clock.now()}
        days = queries.history(
            customer_id=customer.id,
            currency=currency,
            first_on=asked["from"],
            last_on=asked["to"],
            **moment,
        )
        body = {"currency": currency, "results": days}
        return Response(HistorySerializer(body, context={"currency": currency, **moment}).data)


def _checked(serializer: type[serializers.Serializer[Any]], request: Request) -> Any:
    query = serializer(data=request.query_params)
    query.is_valid(raise_exception=True)
    return query.validated_data
