"""The customer's door to their cards. Numbers and CVCs never pass here."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, serializers

from cards.issuing import queries
from cards.issuing.models import Card, CardStatus
from krak.api.paging import CursorPages
from krak.api.shapes import ConstantField, IdField, StateField
from krak.customers.authentication import asking


class CardSerializer(serializers.Serializer[Card]):
    """A payment card."""

    object = ConstantField("card")
    id = IdField(Card.PREFIX)
    status = StateField(CardStatus)
    currency = serializers.CharField()
    last4 = serializers.CharField()
    replaces = IdField(Card.PREFIX, source="replaces_id", allow_null=True)
    created_at = serializers.DateTimeField()
    livemode = serializers.BooleanField()


@extend_schema_view(get=extend_schema(operation_id="cards", tags=["cards"]))
class Cards(generics.ListAPIView[Card]):
    """GET /v1/cards"""

    serializer_class = CardSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[Card, Any]:
        """Return the cards of the customer who is asking."""
        return queries.cards(customer_id=asking(self.request).id)
