"""The customer's door to their authorizations, each explained."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from moneyed import Money
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cards.authorizations import queries
from cards.authorizations.models import Authorization, Decision, Outcome, Status
from cards.authorizations.queries import AuthorizationNotFound
from cards.authorizations.rules.decision import Decline
from cards.authorizations.rules.explanation import (
    Declined,
    Heard,
    LeftOut,
    NetworkDecline,
    Sold,
    Worth,
    declined,
    sales_of,
    why_declined,
    worths_of,
)
from cards.authorizations.services.previews import Preview, preview
from cards.issuing import queries as issuing
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
from krak.core.ids import MalformedId, read
from krak.core.money import amount_object, money
from krak.customers.authentication import asking


class DeclineSerializer(serializers.Serializer[Declined]):
    """Why a request was refused."""

    reason = serializers.ChoiceField(choices=[str(r) for r in (*Decline, *NetworkDecline)])
    message = serializers.CharField(help_text="the reason in plain words")


class WorthSerializer(serializers.Serializer[Worth]):
    """What one holding was worth at the tap, and how much of that counted."""

    units = AmountSerializer(help_text="available, in shown units")
    bid = DecimalText(allow_null=True, help_text="price of one shown unit in the card's currency")
    value = AmountSerializer(allow_null=True, help_text="units at bid")
    counted = AmountSerializer(help_text="value less the haircut; 0 when left out")
    left_out = serializers.ChoiceField(choices=[str(reason) for reason in LeftOut], allow_null=True)
    venue = serializers.CharField(allow_null=True)
    price_as_of = serializers.DateTimeField(allow_null=True)
    multiplier = DecimalText(
        allow_null=True, help_text="of shares, at the tap: shown by base units"
    )


class SaleSerializer(serializers.Serializer[Sold]):
    """What was sold for the purchase."""

    units = AmountSerializer(help_text="in shown units")
    bid = DecimalText(help_text="price of one shown unit in the card's currency")
    proceeds = AmountSerializer(help_text="what the sale raised")
    spread = AmountSerializer(help_text="what we earned on it")
    venue = serializers.CharField()
    multiplier = DecimalText(
        allow_null=True, help_text="of shares, at the tap: shown by base units"
    )


class DecisionSerializer(serializers.Serializer[Decision]):
    """One answer to one request; an authorization that was raised later has several."""

    object = ConstantField("decision")
    id = IdField(Decision.PREFIX)
    outcome = StateField(Outcome)
    decline = serializers.SerializerMethodField()
    asked = serializers.SerializerMethodField()
    approved = serializers.SerializerMethodField()
    held = serializers.SerializerMethodField(help_text="set aside, with the buffer for rates")
    holdings = serializers.SerializerMethodField()
    sales = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="decided_at")
    livemode = LivemodeField()

    @extend_schema_field(DeclineSerializer(allow_null=True))
    def get_decline(self, decision: Decision) -> Any:
        """Return why it was refused."""
        return _decline_of(decision)

    @extend_schema_field(AmountSerializer)
    def get_asked(self, decision: Decision) -> Any:
        """Return what the network asked for."""
        return amount_object(self._money(decision.asked))

    @extend_schema_field(AmountSerializer)
    def get_approved(self, decision: Decision) -> Any:
        """Return what we promised."""
        return amount_object(self._money(decision.approved_amount))

    @extend_schema_field(AmountSerializer)
    def get_held(self, decision: Decision) -> Any:
        """Return what was set aside."""
        return amount_object(self._money(decision.held))

    @extend_schema_field(WorthSerializer(many=True))
    def get_holdings(self, decision: Decision) -> Any:
        """Return what was there."""
        worths = worths_of(decision.inputs, currency=self.context["currency"])
        return [WorthSerializer(worth).data for worth in worths]

    @extend_schema_field(SaleSerializer(many=True))
    def get_sales(self, decision: Decision) -> Any:
        """Return what was sold."""
        sold = sales_of(decision.sales, decision.inputs, currency=self.context["currency"])
        return [SaleSerializer(sale).data for sale in sold]

    def _money(self, amount: Any) -> Money:
        return money(amount, self.context["currency"])


class MerchantSerializer(serializers.Serializer[Authorization]):
    """Where the card was used."""

    name = serializers.CharField(source="merchant_name")
    country = serializers.CharField(source="merchant_country", help_text="ISO 3166-1 alpha-2")
    category_code = serializers.CharField(source="mcc", help_text="ISO 18245")


class AuthorizationSerializer(serializers.Serializer[Authorization]):
    """The network asked and we answered: one use of a card."""

    object = ConstantField("authorization")
    id = IdField(Authorization.PREFIX)
    card = IdField("card", source="card_id")
    status = StateField(Status)
    approved = serializers.BooleanField(help_text="by us or by the network")
    amount = serializers.SerializerMethodField()
    captured = serializers.SerializerMethodField()
    merchant = MerchantSerializer(source="*")
    decline = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    livemode = LivemodeField()

    @extend_schema_field(AmountSerializer)
    def get_amount(self, authorization: Authorization) -> Any:
        """Return what was approved so far."""
        return amount_object(money(authorization.amount, authorization.currency))

    @extend_schema_field(AmountSerializer)
    def get_captured(self, authorization: Authorization) -> Any:
        """Return what the merchant has taken so far."""
        return amount_object(money(authorization.captured, authorization.currency))

    @extend_schema_field(DeclineSerializer(allow_null=True))
    def get_decline(self, authorization: Authorization) -> Any:
        """Return why the last request was refused, by us or by the network."""
        newest = next(reversed(_answered(authorization)), None)
        heard = Heard(
            authorization.steps, authorization.network_approved, authorization.network_reason
        )
        why = why_declined(
            heard,
            step=newest.step if newest else None,
            reason=newest.reason if newest else "",
        )
        return DeclineSerializer(why).data if why else None


class ExplainedAuthorizationSerializer(AuthorizationSerializer):
    """One use of a card with every answer and what it was made of."""

    decisions = serializers.SerializerMethodField()

    @extend_schema_field(DecisionSerializer(many=True))
    def get_decisions(self, authorization: Authorization) -> Any:
        """Return the answers in the order in which they were given."""
        context = {"currency": authorization.currency}
        return [DecisionSerializer(d, context=context).data for d in _answered(authorization)]


def _answered(authorization: Authorization) -> list[Decision]:
    answered: list[Decision] = authorization.answered  # type: ignore[attr-defined]  # prefetched
    return answered


def _decline_of(decision: Decision) -> Any:
    why = declined(decision.reason)
    return DeclineSerializer(why).data if why else None


@extend_schema_view(
    get=extend_schema(
        operation_id="authorizations",
        tags=["authorizations"],
        parameters=[
            OpenApiParameter(
                "status",
                str,
                enum=[status.lower() for status in Status.values],
                description="`pending` is what a card holds and has not moved yet",
            )
        ],
    )
)
class Authorizations(generics.ListAPIView[Authorization]):
    """GET /v1/authorizations"""

    serializer_class = AuthorizationSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[Authorization]:
        """Return the authorizations of the customer who is asking."""
        found = queries.authorizations(customer_id=asking(self.request).id)
        if (status := self.request.query_params.get("status")) is None:
            return found
        if status.upper() not in Status.values or status != status.lower():
            raise serializers.ValidationError(
                {"status": ["It is no status of an authorization."]}, code="status"
            )
        return found.filter(status=status.upper())


class OneAuthorization(APIView):
    """GET /v1/authorizations/{id}"""

    @extend_schema(
        operation_id="authorization",
        tags=["authorizations"],
        responses=ExplainedAuthorizationSerializer,
    )
    def get(self, request: Request, shown_id: str) -> Response:
        """Return one authorization with every answer explained."""
        try:
            wanted = read(Authorization.PREFIX, shown_id)
        except MalformedId:
            raise AuthorizationNotFound from None
        found = queries.authorization(wanted, customer_id=asking(request).id)
        return Response(ExplainedAuthorizationSerializer(found).data)


class PreviewRequestSerializer(StrictSerializer):
    """A purchase that might be."""

    amount = AmountField(zero=False, help_text="in the card's currency")
    card = serializers.CharField(required=False, help_text="the newest card if left out")
    merchant_category_code = serializers.RegexField(r"^\d{4}$", default="5999")
    merchant_currency = serializers.RegexField(
        r"^[A-Z]{3}$", required=False, help_text="the card's currency if left out"
    )


class PreviewSerializer(serializers.Serializer[Preview]):
    """What a purchase would do now; nothing is stored or promised."""

    object = ConstantField("purchase_preview")
    approved = serializers.SerializerMethodField()
    decline = serializers.SerializerMethodField()
    coverage = serializers.SerializerMethodField(help_text="the most that could be paid now")
    held = serializers.SerializerMethodField()
    holdings = serializers.SerializerMethodField()
    sales = serializers.SerializerMethodField()
    livemode = LivemodeField()

    def get_approved(self, preview: Preview) -> bool:
        """Return whether it would be approved."""
        return preview.verdict.decline is None

    @extend_schema_field(DeclineSerializer(allow_null=True))
    def get_decline(self, preview: Preview) -> Any:
        """Return why it would be refused."""
        why = declined(str(preview.verdict.decline or ""))
        return DeclineSerializer(why).data if why else None

    @extend_schema_field(AmountSerializer)
    def get_coverage(self, preview: Preview) -> Any:
        """Return what could be paid at most."""
        return amount_object(money(preview.verdict.coverage, preview.currency))

    @extend_schema_field(AmountSerializer)
    def get_held(self, preview: Preview) -> Any:
        """Return what would be set aside."""
        return amount_object(money(preview.verdict.hold, preview.currency))

    @extend_schema_field(WorthSerializer(many=True))
    def get_holdings(self, preview: Preview) -> Any:
        """Return what is there."""
        return [
            WorthSerializer(worth).data
            for worth in worths_of(preview.inputs, currency=preview.currency)
        ]

    @extend_schema_field(SaleSerializer(many=True))
    def get_sales(self, preview: Preview) -> Any:
        """Return what would be sold."""
        sold = sales_of(preview.sales, preview.inputs, currency=preview.currency)
        return [SaleSerializer(sale).data for sale in sold]


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
            amount=asked["amount"],
            mcc=asked["merchant_category_code"],
            merchant_currency=asked.get("merchant_currency") or card.currency,
            now=clock.now(),
        )
        return Response(PreviewSerializer(found).data)
