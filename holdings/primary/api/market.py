"""GET /v1/primary: whether the primary market is open to who is asking, and for what."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from holdings.primary import queries
from holdings.primary.models import Party
from holdings.primary.queries import Market
from holdings.primary.rules import CASH, MINIMUM_USD
from krak.api.shapes import AmountSerializer, ConstantField, IdField, LivemodeField
from krak.core import clock
from krak.core.money import amount_object, money
from krak.customers.authentication import asking

EXAMPLES: Final = [
    OpenApiExample(
        "market",
        response_only=True,
        value={
            "object": "primary_market",
            "is_open": True,
            "minimum": {"amount": "5000.00", "currency": "USD"},
            "party": {
                "object": "primary_party",
                "id": "pty_01m87shhwde8b9zv9bfvka3t68",
                "network": "solana",
                "wallet": "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin",
                "onboarded_at": "2026-11-25T01:06:44Z",
                "created_at": "2026-11-24T15:20:00Z",
            },
            "assets": ["AAPLx", "SPYx"],
            "livemode": False,
        },
    )
]


class PrimaryPartySerializer(serializers.Serializer[Party]):
    """The customer as a party of the primary market."""

    object = ConstantField("primary_party")
    id = IdField(Party.PREFIX)
    network = serializers.CharField(help_text="where shares are minted and burned")
    wallet = serializers.CharField(help_text="held in your name, whitelisted by the issuer")
    onboarded_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()


class PrimaryMarketSerializer(serializers.Serializer[Market]):
    """The primary market as it is open to a customer."""

    object = ConstantField("primary_market")
    is_open = serializers.BooleanField(help_text="there is an issuer here")
    minimum = serializers.SerializerMethodField()
    party = PrimaryPartySerializer(allow_null=True, help_text="null: nobody has let you in")
    assets = serializers.ListField(
        child=serializers.CharField(),
        help_text="what you may subscribe; whatever you hold of a share can be redeemed",
    )
    livemode = LivemodeField()

    @extend_schema_field(AmountSerializer)
    def get_minimum(self, market: Market) -> Any:
        """Return the least that is subscribed, or redeemed by its worth."""
        return amount_object(money(MINIMUM_USD, CASH))


class PrimaryMarket(APIView):
    """GET /v1/primary"""

    @extend_schema(
        operation_id="primary_market",
        tags=["primary market"],
        responses=PrimaryMarketSerializer,
        examples=EXAMPLES,
    )
    def get(self, request: Request) -> Response:
        """Tell whether you are a party of the primary market, and what you may subscribe."""
        found = queries.market(customer=asking(request), now=clock.now())
        return Response(PrimaryMarketSerializer(found).data)
