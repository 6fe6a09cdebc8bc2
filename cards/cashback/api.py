"""The customer's door to their rewards."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cards.authorizations import queries as authorizations
from cards.cashback import queries
from cards.cashback.models import Grant
from holdings.ledger.shapes import MultiplierField, amount_in
from krak.api.paging import PARAMETERS, CursorPages
from krak.api.shapes import AmountSerializer, ConstantField, IdField, LivemodeField
from krak.core.money import amount_object, money
from krak.customers.authentication import asking


class CashbackSerializer(serializers.Serializer[Grant]):
    """One reward paid for a purchase."""

    object = ConstantField("cashback")
    id = IdField(Grant.PREFIX)
    authorization = serializers.SerializerMethodField()
    value = serializers.SerializerMethodField("when_paid")
    taken_back = serializers.SerializerMethodField()
    paid = serializers.SerializerMethodField()
    multiplier = MultiplierField("asset")
    created_at = serializers.DateTimeField(source="granted_at")
    livemode = LivemodeField()

    def get_authorization(self, grant: Grant) -> str | None:
        """Return the authorization of the purchase, if it had one."""
        found = self.context["authorizations"].get(grant.group)
        return authorizations.shown_id(found) if found else None

    @extend_schema_field(AmountSerializer)
    def when_paid(self, grant: Grant) -> Any:
        """Return what it was worth in the card's currency when it was paid."""
        return amount_object(money(grant.value, grant.currency))

    @extend_schema_field(AmountSerializer)
    def get_taken_back(self, grant: Grant) -> Any:
        """Return how much of the value was taken back after refunds."""
        return amount_object(money(grant.value - grant.value_left, grant.currency))

    @extend_schema_field(AmountSerializer)
    def get_paid(self, grant: Grant) -> Any:
        """Return what was credited, in the shown units of today."""
        return amount_in(self.context, grant.units, grant.asset)


class CashbackPageSerializer(serializers.Serializer[dict[str, Any]]):
    """All rewards together, and one page of them."""

    pending = AmountSerializer(
        many=True, help_text="what purchases that have not cleared yet earn, per card currency"
    )
    totals = AmountSerializer(
        many=True, help_text="value when paid less what was taken back, per card currency"
    )
    results = CashbackSerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="older rows")
    previous = serializers.URLField(allow_null=True, help_text="newer rows")


class Cashback(APIView):
    """GET /v1/cashback"""

    @extend_schema(
        operation_id="cashback",
        tags=["cashback"],
        parameters=PARAMETERS,
        responses=CashbackPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return what the customer was rewarded with."""
        customer_id = asking(request).id
        pages = CursorPages()
        grants = pages.paginate_queryset(queries.grants(customer_id=customer_id), request)
        context = {
            "authorizations": authorizations.ids_by_stripe_id(
                customer_id=customer_id, stripe_ids=(grant.group for grant in grants)
            ),
        }
        page: dict[str, Any] = {
            "pending": authorizations.rewards_to_come(customer_id=customer_id),
            "totals": queries.totals(customer_id=customer_id),
            "results": grants,
            "next": pages.next,
            "previous": pages.previous,
        }
        return Response(CashbackPageSerializer(page, context=context).data)
