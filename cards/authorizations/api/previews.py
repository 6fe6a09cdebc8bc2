"""The customer's door to what a purchase would do."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cards.authorizations.api.shared import (
    DeclineSerializer,
    SaleSerializer,
    WorthSerializer,
    decline_of,
)
from cards.authorizations.rules.explanation import declined, sales_of, worths_of
from cards.authorizations.services.previews import Preview, Tap, preview
from cards.issuing import queries as issuing
from krak.api.parsing import AmountField, StrictSerializer, read_body
from krak.api.shapes import AmountSerializer, ConstantField, LivemodeField
from krak.core import clock
from krak.core.money import amount_object, money
from krak.customers.authentication import asking


class PreviewRequestSerializer(StrictSerializer):
    """A purchase that might be."""

    amount = AmountField(zero=False, help_text="in the card's currency")
    card = serializers.CharField(required=False, help_text="the newest card if left out")
    merchant_category_code = serializers.RegexField(r"^\d{4}$", default="5999")
    merchant_country = serializers.RegexField(
        r"^[A-Z]{2}$",
        required=False,
        help_text="ISO 3166-1 alpha-2; nowhere in particular if left out",
    )
    merchant_currency = serializers.RegexField(
        r"^[A-Z]{3}$", required=False, help_text="the card's currency if left out"
    )
    online = serializers.BooleanField(default=False, help_text="typed in instead of tapped")
    cash_back = AmountField(default=Decimal(0), help_text="the part that is handed out as cash")
    takes_part = serializers.BooleanField(
        default=False, help_text="whether the merchant takes a part of the amount, too"
    )

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Refuse more cash than is paid in all."""
        if asked["cash_back"] > asked["amount"]:
            raise serializers.ValidationError(
                {"cash_back": ["It is more than the amount."]}, code="cash_back"
            )
        return asked


class PreviewSerializer(serializers.Serializer[Preview]):
    """What a purchase would do now; nothing is stored or promised."""

    object = ConstantField("purchase_preview")
    approved = serializers.SerializerMethodField()
    decline = serializers.SerializerMethodField()
    coverage = serializers.SerializerMethodField(help_text="the most that could be paid now")
    amount = serializers.SerializerMethodField(help_text="what would be approved")
    held = serializers.SerializerMethodField()
    cashback_pending = serializers.SerializerMethodField(
        help_text="what it would earn, if anything; worth so much in what rewards are in"
    )
    holdings = serializers.SerializerMethodField()
    sales = serializers.SerializerMethodField()
    livemode = LivemodeField()

    def get_approved(self, preview: Preview) -> bool:
        """Return whether it would be approved."""
        return preview.verdict.decline is None

    @extend_schema_field(DeclineSerializer(allow_null=True))
    def get_decline(self, preview: Preview) -> Any:
        """Return why it would be refused."""
        return decline_of(declined(str(preview.verdict.decline or "")))

    @extend_schema_field(AmountSerializer)
    def get_coverage(self, preview: Preview) -> Any:
        """Return what could be paid at most."""
        return amount_object(money(preview.verdict.coverage, preview.currency))

    @extend_schema_field(AmountSerializer)
    def get_amount(self, preview: Preview) -> Any:
        """Return what would be approved."""
        return amount_object(money(preview.verdict.approved, preview.currency))

    @extend_schema_field(AmountSerializer(allow_null=True))
    def get_cashback_pending(self, preview: Preview) -> Any:
        """Return what it would earn."""
        return amount_object(money(preview.reward, preview.currency)) if preview.reward else None

    @extend_schema_field(AmountSerializer)
    def get_held(self, preview: Preview) -> Any:
        """Return what would be set aside."""
        return amount_object(money(preview.verdict.hold, preview.currency))

    @extend_schema_field(WorthSerializer(many=True))
    def get_holdings(self, preview: Preview) -> Any:
        """Return what is there."""
        worths: Any = worths_of(preview.inputs, currency=preview.currency)
        return WorthSerializer(worths, many=True).data

    @extend_schema_field(SaleSerializer(many=True))
    def get_sales(self, preview: Preview) -> Any:
        """Return what would be sold."""
        sold: Any = sales_of(preview.sales, preview.inputs, currency=preview.currency)
        return SaleSerializer(sold, many=True).data


class PurchasePreview(APIView):
    """POST /v1/purchases/preview"""

    @extend_schema(
        operation_id="preview_purchase",
        tags=["authorizations"],
        request=PreviewRequestSerializer,
        responses=PreviewSerializer,
    )
    def post(self, request: Request) -> Response:
        """Say what a purchase would sell, without doing it."""
        asked = read_body(PreviewRequestSerializer, request)
        card = issuing.card_of(customer_id=asking(request).id, shown_id=asked.get("card"))
        found = preview(
            card_stripe_id=issuing.stripe_id_of(card),
            tap=Tap(
                amount=asked["amount"],
                mcc=asked["merchant_category_code"],
                merchant_country=asked.get("merchant_country", ""),
                merchant_currency=asked.get("merchant_currency") or card.currency,
                is_online=asked["online"],
                cash_back=asked["cash_back"],
                takes_part=asked["takes_part"],
            ),
            now=clock.now(),
        )
        return Response(PreviewSerializer(found).data)
