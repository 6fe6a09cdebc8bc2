"""GET /v1/authorizations/{id}/receipt: one purchase, what paid for it and what it earned."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cards.authorizations.queries import AuthorizationNotFound
from cards.authorizations.rules import Status
from cards.clearing.rules import Kind
from cards.receipts import documents, queries
from cards.receipts.queries import Cleared, Receipt, Reward, Sale
from krak.api.files import attachment
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
from krak.customers.authentication import asking


class ReceiptSaleSerializer(serializers.Serializer[Sale]):
    """An asset that was sold for it, by the figures of that moment."""

    units = AmountSerializer(source="units.amount", help_text="in shown units")
    multiplier = DecimalText(
        source="units.multiplier",
        allow_null=True,
        help_text="of shares, at the sale: shown by base units",
    )
    price = DecimalText(help_text="of one shown unit, in the card's currency")
    proceeds = AmountSerializer()
    spread = AmountSerializer(help_text="what we earned on it")
    cost_basis = AmountSerializer(allow_null=True, help_text="of the lots that left")
    gain = AmountSerializer(allow_null=True, help_text="proceeds less cost basis")
    venue = serializers.CharField()
    sold_at = serializers.DateTimeField()


class ReceiptClearedSerializer(serializers.Serializer[Cleared]):
    """A capture or a refund."""

    kind = StateField(Kind)
    presentment = AmountSerializer(allow_null=True, help_text="what the merchant asked")
    settlement = AmountSerializer(help_text="what it came to on the card")
    rate = DecimalText(allow_null=True, help_text="settlement by presentment, to 12 digits")
    event_at = serializers.DateTimeField()


class ReceiptRewardSerializer(serializers.Serializer[Reward]):
    """What it earned, less what was taken back."""

    value = AmountSerializer(help_text="when it was earned, in the card's currency")
    units = AmountSerializer(
        source="units.amount", help_text="of what it was paid in, in shown units of today"
    )
    multiplier = DecimalText(
        source="units.multiplier", allow_null=True, help_text="of shares, now: shown by base units"
    )


class ReceiptSerializer(serializers.Serializer[Receipt]):
    """One purchase as far as it has come."""

    object = ConstantField("receipt")
    authorization = IdField("auth", source="authorization.id")
    status = StateField(Status, source="authorization.status")
    merchant = serializers.CharField(source="authorization.merchant_name")
    approved = AmountSerializer()
    captured = AmountSerializer()
    refunded = AmountSerializer()
    from_cash = AmountSerializer(help_text="cash that was there before anything was sold")
    sales = ReceiptSaleSerializer(many=True)
    cleared = ReceiptClearedSerializer(many=True)
    cashback = ReceiptRewardSerializer(many=True)
    created_at = serializers.DateTimeField(source="authorization.created_at")
    livemode = LivemodeField()


def _usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


class OneReceipt(APIView):
    """GET /v1/authorizations/{id}/receipt"""

    @extend_schema(
        operation_id="receipt",
        tags=["records"],
        responses=ReceiptSerializer,
        examples=[
            OpenApiExample(
                "A ramen dinner in Tokyo",
                response_only=True,
                value={
                    "object": "receipt", "authorization": "auth_01m8hw7k1yf1p8m4dq0x2n5v3d",
                    "status": "closed", "merchant": "RAMEN TOKYO", "approved": _usd("120.00"),
                    "captured": _usd("120.00"), "refunded": _usd("0.00"),
                    "from_cash": _usd("100.00"),
                    "sales": [
                        {
                            "units": {"amount": "0.0004", "currency": "BTC"},
                            "multiplier": None, "price": "50000",
                            "proceeds": _usd("20.00"), "spread": _usd("0.00"),
                            "cost_basis": _usd("5.90"), "gain": _usd("14.10"),
                            "venue": "kraken", "sold_at": "2026-11-20T19:30:00Z",
                        }
                    ],
                    "cleared": [
                        {
                            "kind": "capture",
                            "presentment": {"amount": "18180", "currency": "JPY"},
                            "settlement": _usd("120.00"), "rate": "0.00660066006601",
                            "event_at": "2026-11-20T19:30:00Z",
                        }
                    ],
                    "cashback": [
                        {
                            "value": _usd("1.20"),
                            "units": {"amount": "0.000024", "currency": "BTC"},
                            "multiplier": None,
                        }
                    ],
                    "created_at": "2026-11-20T19:30:00Z", "livemode": False,
                },
            )
        ],
    )  # fmt: skip
    def get(self, request: Request, shown_id: str) -> Response:
        """Return what a purchase cost, what paid for it and what it earned."""
        return Response(ReceiptSerializer(_receipt(request, shown_id)).data)


class PdfOfReceipt(APIView):
    """GET /v1/authorizations/{id}/receipt/pdf"""

    @extend_schema(
        operation_id="receipt_pdf",
        tags=["records"],
        responses={(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, shown_id: str) -> HttpResponse:
        """Return a receipt as PDF."""
        content = documents.as_pdf(_receipt(request, shown_id))
        name = f"krak-receipt-{shown_id}.pdf"
        return attachment(content, name=name, media_type="application/pdf")


def _receipt(request: Any, shown_id: str) -> Receipt:
    wanted = id_of("auth", shown_id, AuthorizationNotFound)
    return queries.receipt(wanted, customer_id=asking(request).id, now=clock.now())
