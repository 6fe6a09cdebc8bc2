"""The customer's door to their authorizations, each explained."""

from typing import Any

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
from cards.authorizations.api.shared import (
    DeclineSerializer,
    SaleSerializer,
    WorthSerializer,
    decline_of,
)
from cards.authorizations.models import Authorization, Decision, Outcome
from cards.authorizations.queries import AuthorizationNotFound
from cards.authorizations.rules import Status
from cards.authorizations.rules.explanation import (
    Heard,
    declined,
    sales_of,
    why_declined,
    worths_of,
)
from krak.api.paging import CursorPages, OwnRows
from krak.api.shapes import (
    AmountSerializer,
    ConstantField,
    IdField,
    LivemodeField,
    StateField,
)
from krak.core.ids import id_of
from krak.core.money import amount_object, money
from krak.customers.authentication import asking


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
        return decline_of(declined(decision.reason))

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
        worths: Any = worths_of(decision.inputs, currency=self.context["currency"])
        return WorthSerializer(worths, many=True).data

    @extend_schema_field(SaleSerializer(many=True))
    def get_sales(self, decision: Decision) -> Any:
        """Return what was sold."""
        sold: Any = sales_of(decision.sales, decision.inputs, currency=self.context["currency"])
        return SaleSerializer(sold, many=True).data

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
    cashback_pending = serializers.SerializerMethodField(
        help_text="what it earns when it clears, if anything; worth so much in what rewards are in"
    )
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
        newest = next(reversed(authorization.answered), None)
        heard = Heard(
            authorization.steps, authorization.network_approved, authorization.network_reason
        )
        why = why_declined(
            heard,
            step=newest.step if newest else None,
            reason=newest.reason if newest else "",
        )
        return decline_of(why)

    @extend_schema_field(AmountSerializer(allow_null=True))
    def get_cashback_pending(self, authorization: Authorization) -> Any:
        """Return what is still to be earned."""
        reward = self.context["rewards"].get(authorization.id)
        return amount_object(reward) if reward else None


class ExplainedAuthorizationSerializer(AuthorizationSerializer):
    """One use of a card with every answer and what it was made of."""

    decisions = serializers.SerializerMethodField()

    @extend_schema_field(DecisionSerializer(many=True))
    def get_decisions(self, authorization: Authorization) -> Any:
        """Return the answers in the order in which they were given."""
        context = {"currency": authorization.currency}
        answers: Any = authorization.answered
        return DecisionSerializer(answers, many=True, context=context).data


@extend_schema_view(
    get=extend_schema(
        operation_id="authorizations",
        tags=["authorizations"],
        parameters=[
            OpenApiParameter(
                "status",
                str,
                enum=[status.lower() for status in Status],
                description="`pending` is what a card holds and has not moved yet",
            )
        ],
    )
)
class Authorizations(generics.ListAPIView[Authorization]):
    """GET /v1/authorizations"""

    serializer_class = AuthorizationSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> Any:
        """Return the authorizations of the customer who is asking."""
        customer_id = asking(self.request).id
        if (status := self.request.query_params.get("status")) is None:
            return OwnRows(queries.authorizations, customer_id)
        if status.upper() not in Status or status != status.lower():
            raise serializers.ValidationError(
                {"status": ["It is no status of an authorization."]}, code="status"
            )
        return queries.authorizations(customer_id=customer_id).filter(status=status.upper())

    def list(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Return a page of the customer's authorizations, newest first."""
        found = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        page = queries.with_answers(found, customer_id=asking(request).id)
        context = {"rewards": queries.expected_rewards(page)}
        rows = self.get_serializer(page, many=True, context=context)
        return self.get_paginated_response(rows.data)


class OneAuthorization(APIView):
    """GET /v1/authorizations/{id}"""

    @extend_schema(
        operation_id="authorization",
        tags=["authorizations"],
        responses=ExplainedAuthorizationSerializer,
    )
    def get(self, request: Request, shown_id: str) -> Response:
        """Return one authorization with every answer explained."""
        wanted = id_of(Authorization.PREFIX, shown_id, AuthorizationNotFound)
        found = queries.authorization(wanted, customer_id=asking(request).id)
        context = {"rewards": queries.expected_rewards([found])}
        return Response(ExplainedAuthorizationSerializer(found, context=context).data)
