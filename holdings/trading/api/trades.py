"""Accept a quote, read trades."""

from dataclasses import fields
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fx.prices import live
from fx.quotes.queries import QuoteNotFound, shown
from fx.quotes.rules import QUOTE_PREFIX, Source
from fx.quotes.shapes import ConversionSerializer
from holdings.trading import queries, services
from holdings.trading.models import Trade
from holdings.trading.queries import TradeNotFound
from krak.api.idempotency import key_parameter, once
from krak.api.limits import MONEY
from krak.api.paging import CursorPages
from krak.api.shapes import AmountSerializer, ConstantField, IdField, LivemodeField, StateField
from krak.core import clock
from krak.core.ids import id_of
from krak.core.money import money
from krak.customers.authentication import asking

EXAMPLE = OpenApiExample(
    "trade",
    response_only=True,
    value={
        "object": "trade",
        "id": "trd_01m87shhwde8b9zv9bfvka3t68",
        "quote": "quo_01m87shhwde8b9zv9bfvka3t67",
        "source": "customer",
        "sell": {"amount": "74.85", "currency": "EUR"},
        "buy": {"amount": "12345", "currency": "JPY"},
        "cost": {"amount": "74.07", "currency": "EUR"},
        "spread": {"amount": "0.03", "currency": "EUR"},
        "fee": {"amount": "0.75", "currency": "EUR"},
        "rate": "0.006",
        "price": "0.00606318347509113001",
        "rounding": {"sell": "up", "buy": "exact"},
        "legs": [
            {
                "asset": "EUR", "price_usd": "1.0997", "venue": "reference", "market_open": True,
                "price_as_of": "2026-11-24T15:00:00Z", "multiplier": "1",
            },
            {
                "asset": "JPY", "price_usd": "0.0066", "venue": "reference", "market_open": True,
                "price_as_of": "2026-11-24T15:00:00Z", "multiplier": "1",
            },
        ],
        "gain": {"amount": "1.24", "currency": "USD"},
        "created_at": "2026-11-24T22:06:44Z",
        "livemode": False,
    },
)  # fmt: skip


class TradeSerializer(ConversionSerializer):
    """A conversion that was done, with every part of its price."""

    object = ConstantField("trade")
    id = IdField(Trade.PREFIX)
    quote = IdField(QUOTE_PREFIX)
    source = StateField(Source, help_text="what asked for it")  # type: ignore[assignment]
    gain = AmountSerializer(help_text="what selling the oldest lots earned, in the home currency")
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    def to_representation(self, instance: Trade) -> dict[str, Any]:
        """Write the trade, and the conversion as it was quoted."""
        quoted = shown(instance.quote, now=instance.executed_at)
        parts = {each.name: getattr(quoted, each.name) for each in fields(quoted)}
        facts = {
            "id": instance.id,
            "quote": instance.quote_id,
            "source": instance.quote.source,
            "gain": money(instance.gain, instance.gain_currency),
            "created_at": instance.executed_at,
        }
        return super().to_representation(parts | facts)


class AcceptQuote(APIView):
    """POST /v1/quotes/{id}/accept"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="accept_quote",
        tags=["trading"],
        request=None,
        responses={201: TradeSerializer},
        parameters=[key_parameter(required=True)],
        examples=[EXAMPLE],
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """Do what the quote says, once, at its price; when it has expired, ask for a new one."""
        customer, now = asking(request), clock.now()
        wanted = id_of(QUOTE_PREFIX, shown_id, QuoteNotFound)

        def accept() -> Response:
            trade = services.accept_quote(
                quote_id=wanted, customer=customer, board=live.current(), now=now
            )
            return Response(TradeSerializer(trade).data, status=201)

        return once(request, owner=customer.id, effect=accept, required=True)


@extend_schema_view(get=extend_schema(operation_id="trades", tags=["trading"]))
class Trades(generics.ListAPIView[Trade]):
    """GET /v1/trades"""

    serializer_class = TradeSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[Trade]:
        """Return the trades of the customer who is asking."""
        return queries.trades(customer_id=asking(self.request).id)


class OneTrade(APIView):
    """GET /v1/trades/{id}"""

    @extend_schema(
        operation_id="trade", tags=["trading"], responses=TradeSerializer, examples=[EXAMPLE]
    )
    def get(self, request: Request, shown_id: str) -> Response:
        """Return one trade with venue, rate, fee, spread, rounding and gain."""
        trade = queries.trade_of(
            trade_id=id_of(Trade.PREFIX, shown_id, TradeNotFound), customer_id=asking(request).id
        )
        return Response(TradeSerializer(trade).data)
