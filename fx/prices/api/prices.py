"""GET /v1/prices: what phones poll."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fx.assets import directory
from fx.prices import live
from fx.prices.rules import BASE
from fx.prices.tickers import Ticker, tickers
from krak.api.shapes import ConstantField, DecimalText
from krak.core import clock
from krak.core.money import plain

MOST_CODES: Final = 200
CURRENCY: Final = OpenApiParameter(
    "currency", str, description=f"code of what to show values in, any asset; {BASE} if left out"
)


class PriceSerializer(serializers.Serializer[Ticker]):
    """What one shown unit of an asset is worth."""

    object = ConstantField("price")
    code = serializers.CharField()
    currency = serializers.CharField(help_text="what bid, ask and mid are in")
    bid = DecimalText(allow_null=True, help_text="what it sells for, rounded down")
    ask = DecimalText(allow_null=True, help_text="what it costs, rounded up")
    mid = DecimalText(allow_null=True, help_text="between the two, for figures")
    as_of = serializers.DateTimeField(allow_null=True, help_text="when the market said so")
    venue = serializers.CharField(allow_null=True, help_text="where the bid is from")
    market_open = serializers.BooleanField(help_text="false: only on-chain liquidity is left")
    stale = serializers.BooleanField(help_text="missing or too old to trade by")
    halted = serializers.BooleanField(help_text="neither bought nor sold at the moment")
    synthetic = serializers.BooleanField(help_text="made up by the sandbox")

    def to_representation(self, ticker: Ticker) -> dict[str, Any]:
        """Write a price; by hand, because phones ask for many, often."""
        price = ticker.price
        return {
            "object": "price",
            "code": ticker.code,
            "currency": ticker.currency,
            "bid": None if ticker.bid is None else plain(ticker.bid),
            "ask": None if ticker.ask is None else plain(ticker.ask),
            "mid": None if ticker.mid is None else plain(ticker.mid),
            "as_of": price and price.as_of,
            "venue": price and price.venue,
            "market_open": price is not None and price.market_open,
            "stale": ticker.stale,
            "halted": price is not None and price.halted,
            "synthetic": price is not None and price.synthetic,
        }


class PricesSerializer(serializers.Serializer[Any]):
    """The prices asked for, in the order asked for."""

    results = PriceSerializer(many=True)


_EXAMPLE: Final = {
    "results": [
        {
            "object": "price", "code": "AAPLx", "currency": "EUR", "bid": "241.331907255",
            "ask": "241.69447", "mid": "241.51305", "as_of": "2026-11-20T15:04:05.120000Z",
            "venue": "kraken", "market_open": True, "stale": False, "halted": False,
            "synthetic": False,
        }
    ]
}  # fmt: skip


class Prices(APIView):
    """GET /v1/prices"""

    @extend_schema(
        operation_id="prices",
        tags=["assets"],
        parameters=[
            OpenApiParameter(
                "codes",
                str,
                required=True,
                description=f"1 to {MOST_CODES} codes with commas; case counts: GMX is a coin,"
                " GMx a share",
            ),
            CURRENCY,
        ],
        responses=PricesSerializer,
        examples=[OpenApiExample("A share in euros", value=_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return prices of up to 200 assets in any currency, from this process's board."""
        codes = list(dict.fromkeys(filter(None, request.query_params.get("codes", "").split(","))))
        if not 1 <= len(codes) <= MOST_CODES:
            raise serializers.ValidationError(
                {"codes": [f"1 to {MOST_CODES} codes are asked for at once."]}, code="codes"
            )
        currency = request.query_params.get("currency", BASE)
        for code in (*codes, currency):
            directory.named(code)
        found = tickers(live.current(), codes, currency=currency, now=clock.now())
        write = PriceSerializer().to_representation
        return Response({"results": [write(ticker) for ticker in found]})
