"""The customer's door to firm prices."""

from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fx.prices import live
from fx.quotes import queries, services
from fx.quotes.models import Quote, State
from fx.quotes.queries import QuoteNotFound
from fx.quotes.rules import Fixed
from fx.quotes.shapes import ConversionSerializer, UnitsField
from krak.api.idempotency import key_parameter, once
from krak.api.limits import throttle
from krak.api.parsing import StrictSerializer, read_body
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
from krak.core.limits.rules import Limit
from krak.core.money import amount_object, money
from krak.customers.authentication import asking


class QuoteRequestSerializer(StrictSerializer):
    """What to convert into what. Exactly one of the two amounts is given, in shown units."""

    sell = serializers.CharField(max_length=16, help_text="code of the asset to sell")
    buy = serializers.CharField(max_length=16, help_text="code of the asset to buy")
    sell_amount = UnitsField(zero=False, required=False, help_text="sell exactly this")
    buy_amount = UnitsField(zero=False, required=False, help_text="buy exactly this")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse none or both of the amounts."""
        if ("sell_amount" in attrs) == ("buy_amount" in attrs):
            raise serializers.ValidationError(
                {"sell_amount": ["Give either `sell_amount` or `buy_amount`."]}, code="one_amount"
            )
        return attrs


class QuoteSerializer(ConversionSerializer):
    """A firm price, for one use. `sell = cost + spread + fee`, and `cost` is `buy` at `rate`."""

    object = ConstantField("quote")
    id = IdField(Quote.PREFIX)
    state = StateField(State)
    seconds_left = serializers.IntegerField(
        help_text="the countdown at the moment of the answer, in whole seconds; 0 when over"
    )
    expires_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()


class FeesSerializer(serializers.Serializer[queries.Terms]):
    """What conversions cost and how large they may be, whatever asks for them, as it stands now.

    A quote says exactly what one costs; an order's limit is with all of it.
    """

    object = ConstantField("fees")
    fee_percent = DecimalText(source="fees.percent", help_text="of what is sold")
    minimum_fee = serializers.SerializerMethodField()
    free_with = serializers.ListField(
        child=serializers.CharField(), source="schedule.free_with",
        help_text="with one of these on either side there is no fee",
    )  # fmt: skip
    minimum = serializers.SerializerMethodField(help_text="worth of the smallest conversion")
    maximum = serializers.SerializerMethodField(help_text="worth of the largest")
    daily_maximum = serializers.SerializerMethodField(help_text="worth of all of 24 hours")
    quotes_hold_seconds = serializers.IntegerField(source="policy.valid_seconds")
    livemode = LivemodeField()

    @extend_schema_field(AmountSerializer)
    def get_minimum_fee(self, terms: queries.Terms) -> Any:
        """Return the smallest fee."""
        return _dollars(terms.schedule.minimum_fee_usd)

    @extend_schema_field(AmountSerializer)
    def get_minimum(self, terms: queries.Terms) -> Any:
        """Return the least that is converted."""
        return _dollars(terms.policy.minimum_usd)

    @extend_schema_field(AmountSerializer)
    def get_maximum(self, terms: queries.Terms) -> Any:
        """Return the most that is converted at once."""
        return _dollars(terms.policy.maximum_usd)

    @extend_schema_field(AmountSerializer)
    def get_daily_maximum(self, terms: queries.Terms) -> Any:
        """Return the most that is converted in 24 hours."""
        return _dollars(terms.policy.daily_maximum_usd)


def _dollars(amount: Decimal) -> dict[str, str]:
    return amount_object(money(amount, "USD"))


QUOTES: Final = throttle("quotes", Limit(120, 60), Limit(5_000, 86_400))
"""A phone asks for a new one each time that the countdown ends, and while an amount is typed."""
EXAMPLES: Final = [
    OpenApiExample(
        "sell exactly",
        request_only=True,
        value={"sell": "USD", "buy": "BTC", "sell_amount": "100.00"},
    ),
    OpenApiExample(
        "buy exactly", request_only=True, value={"sell": "EUR", "buy": "ETH", "buy_amount": "0.5"}
    ),
    OpenApiExample(
        "quote",
        response_only=True,
        value={
            "object": "quote",
            "id": "quo_01m8jv6t1rf4sbx0c7q6h4x5kg",
            "state": "open",
            "sell": {"amount": "100.00", "currency": "EUR"},
            "buy": {"amount": "0.0021767", "currency": "BTC"},
            "cost": {"amount": "98.95", "currency": "EUR"},
            "spread": {"amount": "0.05", "currency": "EUR"},
            "fee": {"amount": "1.00", "currency": "EUR"},
            "rate": "45454.5454545454545454",
            "price": "45941.1034134239904",
            "rounding": {"sell": "exact", "buy": "down"},
            "legs": [
                {
                    "asset": "EUR", "price_usd": "1.0997", "venue": "reference",
                    "market_open": True, "price_as_of": "2026-11-24T15:00:00Z", "multiplier": "1",
                },
                {
                    "asset": "BTC", "price_usd": "50025", "venue": "kraken",
                    "market_open": True, "price_as_of": "2026-11-24T21:00:00Z", "multiplier": "1",
                },
            ],
            "seconds_left": 10,
            "expires_at": "2026-11-24T21:00:10Z",
            "created_at": "2026-11-24T21:00:00Z",
            "livemode": False,
        },
    ),
]  # fmt: skip


class Quotes(APIView):
    """POST /v1/quotes"""

    throttle_classes = (QUOTES,)

    @extend_schema(
        operation_id="quote",
        tags=["trading"],
        request=QuoteRequestSerializer,
        responses={201: QuoteSerializer},
        parameters=[key_parameter(required=False)],
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Give a firm price for converting one asset into another; nothing moves yet."""
        asked = read_body(QuoteRequestSerializer, request)
        customer, now = asking(request), clock.now()
        fixed = Fixed.SELL if "sell_amount" in asked else Fixed.BUY

        def offer() -> Response:
            quote = services.offer(
                customer=customer,
                sell=asked["sell"],
                buy=asked["buy"],
                fixed=fixed,
                amount=asked[f"{fixed.lower()}_amount"],
                board=live.current(),
                now=now,
            )
            return Response(QuoteSerializer(queries.shown(quote, now=now)).data, status=201)

        return once(request, owner=customer.id, effect=offer)


class Fees(APIView):
    """GET /v1/fees"""

    @extend_schema(operation_id="fees", tags=["trading"], responses=FeesSerializer)
    def get(self, request: Request) -> Response:
        """Return what conversions cost now."""
        asking(request)
        return Response(FeesSerializer(queries.terms_in_force(at=clock.now())).data)


class OneQuote(APIView):
    """GET /v1/quotes/{id}"""

    @extend_schema(operation_id="get_quote", tags=["trading"], responses=QuoteSerializer)
    def get(self, request: Request, shown_id: str) -> Response:
        """Return a quote that you asked for, with its countdown."""
        wanted = id_of(Quote.PREFIX, shown_id, QuoteNotFound)
        quote = queries.quote_of(quote_id=wanted, customer_id=asking(request).id)
        return Response(QuoteSerializer(queries.shown(quote, now=clock.now())).data)
