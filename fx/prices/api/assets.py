"""GET /v1/assets: what there is, searched, with what it is worth now."""

from typing import Any, Final

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fx.assets import directory
from fx.assets.directory import Listed
from fx.assets.rules import ASSET_PREFIX, Kind, Status
from fx.prices import live
from fx.prices.api.prices import CURRENCY, PriceSerializer
from fx.prices.rules import BASE
from fx.prices.tickers import Ticker, tickers
from krak.api.lists import page_of
from krak.api.paging import PARAMETERS
from krak.api.shapes import ConstantField, DecimalText, IdField, LivemodeField
from krak.core import clock

MOST_SEARCH: Final = 80


class AgedPriceSerializer(PriceSerializer):
    """What one shown unit is worth, and how old that is."""

    age_seconds = serializers.IntegerField(allow_null=True)

    def to_representation(self, ticker: Ticker) -> dict[str, Any]:
        """Write the price with its age."""
        age = None if ticker.age is None else int(ticker.age.total_seconds())
        return {**super().to_representation(ticker), "age_seconds": age}


class AssetSerializer(serializers.Serializer[Listed]):
    """Something that can be held."""

    object = ConstantField("asset")
    id = IdField(ASSET_PREFIX)
    code = serializers.CharField(source="facts.code", help_text="case counts")
    name = serializers.CharField(source="facts.name")
    kind = serializers.SerializerMethodField()
    decimals = serializers.IntegerField(source="facts.decimals", help_text="of the finest unit")
    status = serializers.SerializerMethodField()
    hours = serializers.CharField(
        source="facts.hours", help_text="`24/7`, `24/5` of New York's week, empty for fiat"
    )
    multiplier = serializers.SerializerMethodField(
        help_text="what turns base units into shown units now; null for kinds without one"
    )
    underlying = serializers.CharField(help_text="ticker of the share, if it is one")
    chains = serializers.ListField(child=serializers.CharField())
    delists_at = serializers.DateTimeField(
        allow_null=True,
        help_text="while it is being delisted: when what is left of it becomes cash",
    )
    price = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="listed_at")
    livemode = LivemodeField()

    @extend_schema_field(serializers.ChoiceField(choices=[kind.lower() for kind in Kind]))
    def get_kind(self, asset: Listed) -> str:
        """Return what it is."""
        return asset.facts.kind.lower()

    @extend_schema_field(serializers.ChoiceField(choices=[status.lower() for status in Status]))
    def get_status(self, asset: Listed) -> str:
        """Return what may be done with it; a short halt is in its price."""
        return asset.facts.status.lower()

    @extend_schema_field(DecimalText(allow_null=True))
    def get_multiplier(self, asset: Listed) -> str | None:
        """Return the multiplier in force."""
        if not asset.facts.properties.has_multiplier:
            return None
        return DecimalText().to_representation(self.context["tickers"][asset.facts.code].multiplier)

    @extend_schema_field(AgedPriceSerializer)
    def get_price(self, asset: Listed) -> Any:
        """Return what it is worth now."""
        return AgedPriceSerializer(self.context["tickers"][asset.facts.code]).data


class AssetsSerializer(serializers.Serializer[Any]):
    """One page of assets, best match first."""

    results = AssetSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class SearchSerializer(serializers.Serializer[Any]):
    """What to look for."""

    search = serializers.CharField(
        required=False, allow_blank=True, max_length=MOST_SEARCH, default="",
        help_text="part of a name, or the beginning of a code or of a share's ticker, in any case",
    )  # fmt: skip
    kind = serializers.MultipleChoiceField(
        choices=[kind.lower() for kind in Kind], required=False, help_text="of these kinds only"
    )
    currency = serializers.CharField(
        default=BASE, help_text="code of what to show prices in, any asset"
    )


_EXAMPLE: Final = {
    "object": "asset", "id": "ast_01m8hw7k1yf1p8m4dq0x2n5v3c", "code": "AAPLx",
    "name": "Apple xStock", "kind": "tokenized_equity", "decimals": 8, "status": "active",
    "hours": "24/5", "multiplier": "1.0021", "underlying": "AAPL",
    "chains": ["solana", "ethereum"], "delists_at": None,
    "price": {
        "object": "price", "code": "AAPLx", "currency": "USD", "bid": "269.12", "ask": "269.52",
        "mid": "269.32", "as_of": "2026-11-20T15:04:05.120000Z", "venue": "kraken",
        "market_open": True, "stale": False, "halted": False, "synthetic": False,
        "age_seconds": 1,
    },
    "created_at": "2026-11-01T00:00:00Z", "livemode": False,
}  # fmt: skip


class Assets(APIView):
    """GET /v1/assets"""

    @extend_schema(
        operation_id="assets",
        tags=["assets"],
        parameters=[SearchSerializer, *PARAMETERS],
        responses=AssetsSerializer,
        examples=[
            OpenApiExample(
                "A search for apple",
                value={"results": [_EXAMPLE], "next": None, "previous": None},
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Search all assets; each comes with its price."""
        asked = _asked(request)
        rows = directory.search(
            asked["search"], kinds=[Kind(kind.upper()) for kind in asked.get("kind", ())]
        )
        page = page_of(rows, request, key=lambda row: row[0])
        found = [asset for _key, asset in page.results]
        context = _context(found, currency=asked["currency"])
        body = {"results": found, "next": page.next, "previous": page.previous}
        return Response(AssetsSerializer(body, context=context).data)


class OneAsset(APIView):
    """GET /v1/assets/{code or id}"""

    @extend_schema(
        operation_id="asset",
        tags=["assets"],
        parameters=[
            OpenApiParameter(
                "code", str, OpenApiParameter.PATH, description="its code (case counts) or its id"
            ),
            CURRENCY,
        ],
        responses=AssetSerializer,
        examples=[OpenApiExample("A share", value=_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, code: str) -> Response:
        """Return one asset with its price."""
        asset = directory.find(code)
        context = _context([asset], currency=_asked(request)["currency"])
        return Response(AssetSerializer(asset, context=context).data)


def _asked(request: Request) -> Any:
    query = SearchSerializer(data=request.query_params)
    query.is_valid(raise_exception=True)
    directory.named(query.validated_data["currency"])
    return query.validated_data


def _context(assets: list[Listed], *, currency: str) -> dict[str, Any]:
    codes = [asset.facts.code for asset in assets]
    found = tickers(live.current(), codes, currency=currency, now=clock.now())
    return {"tickers": {ticker.code: ticker for ticker in found}}
