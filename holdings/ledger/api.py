"""The customer's door to their balances."""

from decimal import Decimal

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fx.prices import live
from holdings.ledger import queries
from holdings.ledger.models import LedgerAccount
from holdings.ledger.queries import Wallet
from holdings.ledger.shapes import MultiplierField, Seen
from krak.api.shapes import AmountSerializer, ConstantField, DecimalText, IdField, LivemodeField
from krak.core import clock
from krak.core.money import money
from krak.customers.authentication import asking
from krak.customers.queries import display_currency


class WalletSerializer(serializers.Serializer[Wallet]):
    """What a customer has of one currency, coin or token, in shown units."""

    object = ConstantField("wallet")
    id = IdField(LedgerAccount.PREFIX, source="balance.account_id")
    currency = serializers.CharField(source="balance.currency")
    posted = AmountSerializer(help_text="all there is")
    held = AmountSerializer(help_text="set aside for authorizations")
    available = AmountSerializer(help_text="posted less held")
    multiplier = DecimalText(
        allow_null=True,
        help_text="of shares: base units times this are the units shown; corporate actions move it",
    )
    value = AmountSerializer(
        allow_null=True, help_text="what `posted` would sell for, in the display currency"
    )
    stale = serializers.BooleanField(help_text="the price is missing or too old to sell by")
    price_as_of = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField(source="balance.opened_at")
    livemode = LivemodeField()


class BalancesSerializer(serializers.Serializer[dict[str, object]]):
    """All wallets, by currency, and what those with a price are worth together."""

    value = AmountSerializer(help_text="sum of the wallets that have a price")
    multiplier = MultiplierField("value.currency.code")
    stale = serializers.BooleanField(help_text="a wallet that is not empty has a stale price")
    results = WalletSerializer(many=True)


class Balances(APIView):
    """GET /v1/balances"""

    @extend_schema(operation_id="balances", tags=["balances"], responses=BalancesSerializer)
    def get(self, request: Request) -> Response:
        """Return what the customer has and what it is worth now."""
        customer = asking(request)
        currency = display_currency(customer)
        moment: Seen = {"board": live.current(), "now": clock.now()}
        wallets = queries.wallets(customer_id=customer.id, currency=currency, **moment)
        total = sum((w.value.amount for w in wallets if w.value is not None), Decimal(0))
        body = {
            "value": money(total, currency),
            "stale": any(w.stale and w.balance.posted for w in wallets),
            "results": wallets,
        }
        return Response(BalancesSerializer(body, context={**moment}).data)
