"""GET /v1/portfolio/lots and /v1/portfolio/disposals: what tax is reckoned from."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import generics, serializers

from fx.assets import directory
from fx.assets.queries import multiplier_rows
from fx.assets.rules import MultiplierRow, multiplier_at
from holdings.ledger.queries import Shown, shown_with
from holdings.ledger.shapes import MultiplierField, amount_in
from holdings.lots.queries import open_lots
from holdings.portfolio import queries
from krak.api.paging import CursorPages
from krak.api.shapes import AmountSerializer, ConstantField, DecimalText, IdField, LivemodeField
from krak.core.ids import show
from krak.core.money import amount_object, money
from krak.customers.authentication import asking

if TYPE_CHECKING:
    from holdings.lots.models import Disposal, Lot

_ASSET: Final = OpenApiParameter("asset", str, description="only of the asset of this code")


class LotSerializer(serializers.Serializer["Lot"]):
    """Units that came at one moment and are not all gone. They leave first in, first out."""

    object = ConstantField("lot")
    id = IdField("lot")
    asset = serializers.CharField(source="currency")
    acquired = serializers.SerializerMethodField(help_text="all that came, in today's shown units")
    remaining = serializers.SerializerMethodField(help_text="what is left, likewise")
    multiplier = MultiplierField()
    cost_basis = serializers.SerializerMethodField(help_text="of what is left")
    acquired_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField(source="acquired_at")
    livemode = LivemodeField()

    @extend_schema_field(AmountSerializer)
    def get_acquired(self, lot: "Lot") -> Any:
        """Return all that came."""
        return amount_in(self.context, lot.quantity, lot.currency)

    @extend_schema_field(AmountSerializer)
    def get_remaining(self, lot: "Lot") -> Any:
        """Return what is left."""
        return amount_in(self.context, lot.remaining, lot.currency)

    @extend_schema_field(AmountSerializer)
    def get_cost_basis(self, lot: "Lot") -> Any:
        """Return what is left of the cost."""
        return amount_object(money(lot.cost_remaining, lot.cost_currency))


class DisposalSerializer(serializers.Serializer["Disposal"]):
    """Units that left one lot, and what that earned."""

    object = ConstantField("disposal")
    id = serializers.SerializerMethodField()
    lot = IdField("lot", source="lot_id")
    asset = serializers.CharField(source="currency")
    units = serializers.SerializerMethodField(help_text="in the shown units of that moment")
    multiplier = serializers.SerializerMethodField(
        help_text="of shares, when they left: base units times this are `units`"
    )
    cost_basis = serializers.SerializerMethodField()
    proceeds = serializers.SerializerMethodField()
    gain = serializers.SerializerMethodField(help_text="proceeds less cost basis")
    acquired_at = serializers.DateTimeField(source="lot.acquired_at")
    disposed_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField(source="disposed_at")
    livemode = LivemodeField()

    @extend_schema_field(OpenApiTypes.STR)
    def get_id(self, disposal: "Disposal") -> str:
        """Return an id: of the entry by which the units left, and of the lot they left."""
        return f"{show('dis', disposal.entry_id)}{show('', disposal.lot_id).removeprefix('_')}"

    @extend_schema_field(AmountSerializer)
    def get_units(self, disposal: "Disposal") -> Any:
        """Return what left."""
        return amount_object(self._shown(disposal).amount)

    @extend_schema_field(DecimalText(allow_null=True))
    def get_multiplier(self, disposal: "Disposal") -> str | None:
        """Return by what it was shown."""
        multiplier = self._shown(disposal).multiplier
        return None if multiplier is None else DecimalText().to_representation(multiplier)

    @extend_schema_field(AmountSerializer)
    def get_cost_basis(self, disposal: "Disposal") -> Any:
        """Return what it had cost."""
        return amount_object(money(disposal.cost_basis, disposal.cost_currency))

    @extend_schema_field(AmountSerializer)
    def get_proceeds(self, disposal: "Disposal") -> Any:
        """Return what it brought."""
        return amount_object(money(disposal.proceeds, disposal.cost_currency))

    @extend_schema_field(AmountSerializer)
    def get_gain(self, disposal: "Disposal") -> Any:
        """Return what was earned, or lost if negative."""
        return amount_object(money(disposal.gain, disposal.cost_currency))

    def _shown(self, disposal: "Disposal") -> Shown:
        rows: Mapping[str, list[MultiplierRow]] = self.context["multipliers"]
        code = disposal.currency
        multiplier = multiplier_at(rows.get(code, ()), disposal.disposed_at)
        return shown_with(multiplier, disposal.units, code=code)


_DOLLARS: Final = {"amount": "120.00", "currency": "USD"}


@extend_schema_view(
    get=extend_schema(
        operation_id="portfolio_lots",
        tags=["portfolio"],
        parameters=[_ASSET],
        examples=[
            OpenApiExample(
                "Part of a lot",
                value={
                    "object": "lot", "id": "lot_01m8hw7k1yf1p8m4dq0x2n5v3c", "asset": "ETH",
                    "acquired": {"amount": "0.1", "currency": "ETH"},
                    "remaining": {"amount": "0.04", "currency": "ETH"}, "multiplier": None,
                    "cost_basis": _DOLLARS, "acquired_at": "2026-11-02T09:00:00Z",
                    "created_at": "2026-11-02T09:00:00Z", "livemode": False,
                },
                response_only=True,
            )
        ],
    )
)  # fmt: skip
class Lots(generics.ListAPIView["Lot"]):
    """GET /v1/portfolio/lots"""

    serializer_class = LotSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> "QuerySet[Lot]":
        """Return the open lots of the customer who is asking, the newest first."""
        return open_lots(
            customer_id=asking(self.request).id, asset=_asset(self.request.query_params)
        )


class DisposalPages(CursorPages):
    """Disposals have no id of their own: an entry and a lot are."""

    fields = ("entry_id", "lot_id")


@extend_schema_view(
    get=extend_schema(
        operation_id="portfolio_disposals",
        tags=["portfolio"],
        parameters=[_ASSET],
        examples=[
            OpenApiExample(
                "Ether sold for a dinner",
                value={
                    "object": "disposal",
                    "id": "dis_01m8hw7k1yf1p8m4dq0x2n5v3c01m8hw7k1yf1p8m4dq0x2n5v3d",
                    "lot": "lot_01m8hw7k1yf1p8m4dq0x2n5v3d", "asset": "ETH",
                    "units": {"amount": "0.04", "currency": "ETH"}, "multiplier": None,
                    "cost_basis": _DOLLARS, "proceeds": _DOLLARS,
                    "gain": {"amount": "0.00", "currency": "USD"},
                    "acquired_at": "2026-11-02T09:00:00Z", "disposed_at": "2026-11-20T19:30:00Z",
                    "created_at": "2026-11-20T19:30:00Z",
                    "livemode": False,
                },
                response_only=True,
            )
        ],
    )
)  # fmt: skip
class Disposals(generics.ListAPIView["Disposal"]):
    """GET /v1/portfolio/disposals"""

    serializer_class = DisposalSerializer
    pagination_class = DisposalPages

    def get_queryset(self) -> "QuerySet[Disposal]":
        """Return what left lots of the customer who is asking, the newest first."""
        return queries.disposals(
            customer_id=asking(self.request).id, asset=_asset(self.request.query_params)
        )

    def get_serializer_context(self) -> dict[str, Any]:
        """Add the multipliers that units were shown by when they left."""
        return {**super().get_serializer_context(), "multipliers": multiplier_rows()}


def _asset(query: Mapping[str, str]) -> str | None:
    code = query.get("asset")
    return None if code is None else directory.named(code).code
