"""GET /v1/assets/{code}/candles: what an asset was worth."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from fx.assets import directory
from fx.candles import queries
from fx.candles.rules import ShownCandle, Span
from fx.prices.rules import BASE, EPOCH
from krak.api.shapes import ConstantField, DecimalText
from krak.core import clock
from krak.core.money import plain

MOST_CANDLES: Final = 1500
"""A day of minutes, and a little."""


class CandleSerializer(serializers.Serializer[ShownCandle]):
    """The first, highest, lowest and last price of one interval, at the middle of bid and ask."""

    at = serializers.DateTimeField(help_text="where it begins")
    open = DecimalText()
    high = DecimalText()
    low = DecimalText()
    close = DecimalText()

    def to_representation(self, candle: ShownCandle) -> dict[str, Any]:
        """Write a candle; by hand, because a chart has a thousand."""
        return {
            "at": candle.at.isoformat().replace("+00:00", "Z"),
            "open": plain(candle.open),
            "high": plain(candle.high),
            "low": plain(candle.low),
            "close": plain(candle.close),
        }


class CandlesSerializer(serializers.Serializer[Any]):
    """Candles from old to new; where there was no price there is a gap."""

    object = ConstantField("candles")
    code = serializers.CharField()
    currency = serializers.CharField()
    interval = serializers.ChoiceField(choices=[str(span) for span in Span])
    adjusted = serializers.BooleanField()
    results = CandleSerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="later candles")


class AskedCandlesSerializer(serializers.Serializer[Any]):
    """Which candles."""

    interval = serializers.ChoiceField(choices=[str(span) for span in Span], default=Span.HOUR)
    to = serializers.DateTimeField(required=False, help_text="before this; now if left out")
    currency = serializers.CharField(
        default=BASE, help_text="any asset; crossed with its own close of each candle"
    )
    adjusted = serializers.BooleanField(
        default=True,
        help_text="per one of today's shown units, so that a split is no cliff; false: as the"
        " price tag said then",
    )
    page_size = serializers.IntegerField(min_value=1, max_value=MOST_CANDLES, default=500)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields with `from`, which is no name for an attribute."""
        since = serializers.DateTimeField(
            required=False, help_text="from this on; `page_size` intervals before `to` if left out"
        )
        return {**super().get_fields(), "from": since}

    def validate(self, asked: Any) -> Any:
        """Fill in the times that were left out, and refuse a time that runs backwards."""
        asked.setdefault("to", clock.now())
        reach = asked["page_size"] * Span(asked["interval"]).length
        asked.setdefault("from", max(asked["to"], EPOCH + reach) - reach)
        if not EPOCH <= asked["from"] < asked["to"]:
            raise serializers.ValidationError(
                {"from": ["Candles are asked for from an earlier to a later moment."]}, code="from"
            )
        return asked


_EXAMPLE: Final = {
    "object": "candles", "code": "BTC", "currency": "EUR", "interval": "1h", "adjusted": True,
    "results": [
        {"at": "2026-11-20T14:00:00Z", "open": "81204.11", "high": "81377.5", "low": "81190.02",
         "close": "81344.73"},
    ],
    "next": None,
}  # fmt: skip


class Candles(APIView):
    """GET /v1/assets/{code or id}/candles"""

    @extend_schema(
        operation_id="candles",
        tags=["assets"],
        parameters=[
            OpenApiParameter(
                "code", str, OpenApiParameter.PATH, description="its code (case counts) or its id"
            ),
            AskedCandlesSerializer,
        ],
        responses=CandlesSerializer,
        examples=[OpenApiExample("An hour of bitcoin", value=_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, code: str) -> Response:
        """Return up to 1500 candles of an asset in any currency."""
        found = directory.find(code)
        query = AskedCandlesSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        directory.named(asked["currency"])
        span, size = Span(asked["interval"]), asked["page_size"]
        rows = queries.candles(
            found.facts.code,
            span=span,
            start=asked["from"],
            end=asked["to"],
            most=size + 1,
            currency=asked["currency"],
            adjusted=asked["adjusted"],
            now=clock.now(),
        )
        url = None
        if len(rows) > size:
            later = rows[size].at.isoformat().replace("+00:00", "Z")
            url = replace_query_param(request.build_absolute_uri(), "from", later)
            url = replace_query_param(url, "to", asked["to"].isoformat().replace("+00:00", "Z"))
        body = {
            "code": found.facts.code,
            "currency": asked["currency"],
            "interval": span,
            "adjusted": asked["adjusted"],
            "results": rows[:size],
            "next": url,
        }
        return Response(CandlesSerializer(body).data)
