"""Money that came in, and where it may be sent to."""

from typing import Any, Final

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from holdings.funding import queries
from holdings.funding.models import (
    Deposit,
    DepositKind,
    DepositState,
)
from holdings.funding.queries import DepositNotFound
from holdings.funding.rules.networks import NETWORKS
from holdings.ledger.shapes import MultiplierField, amount_in
from krak.api.paging import CursorPages
from krak.api.shapes import (
    AmountSerializer,
    ConstantField,
    IdField,
    LivemodeField,
    StateField,
)
from krak.core.ids import id_of
from krak.customers.authentication import asking

DEPOSIT_EXAMPLES: Final = [
    OpenApiExample(
        "from a bank",
        response_only=True,
        value={
            "object": "deposit",
            "id": "dep_01m87shhwde8b9zv9bfvka3t68",
            "kind": "bank_transfer",
            "state": "credited",
            "amount": {"amount": "250.00", "currency": "EUR"},
            "taken_back": {"amount": "0.00", "currency": "EUR"},
            "multiplier": None,
            "failure": "",
            "sender_name": "Ada Lovelace",
            "reference": "rent",
            "network": None,
            "transaction": None,
            "confirmations": None,
            "confirmations_needed": None,
            "credited_at": "2026-11-25T01:06:44Z",
            "created_at": "2026-11-25T01:06:44Z",
            "livemode": False,
        },
    )
]


def _fact(deposit: Deposit, name: str) -> str | None:
    found: str | None = deposit.facts.get(name)
    return found


class DepositSerializer(serializers.Serializer[Deposit]):
    """Money that came in or is on its way, however it comes."""

    object = ConstantField("deposit")
    id = IdField(Deposit.PREFIX)
    kind = StateField(DepositKind)
    state = StateField(DepositState)
    amount = serializers.SerializerMethodField()
    taken_back = serializers.SerializerMethodField()
    multiplier = MultiplierField()
    failure = serializers.CharField(help_text="why it did not come")
    sender_name = serializers.SerializerMethodField()
    reference = serializers.SerializerMethodField()
    network = serializers.SerializerMethodField()
    transaction = serializers.SerializerMethodField()
    confirmations = serializers.SerializerMethodField()
    confirmations_needed = serializers.SerializerMethodField()
    credited_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    @extend_schema_field(AmountSerializer)
    def get_amount(self, deposit: Deposit) -> Any:
        """Return how much."""
        return amount_in(self.context, deposit.amount, deposit.currency)

    @extend_schema_field(AmountSerializer)
    def get_taken_back(self, deposit: Deposit) -> Any:
        """Return what refunds and disputes have taken of it."""
        return amount_in(self.context, deposit.taken_back, deposit.currency)

    def get_sender_name(self, deposit: Deposit) -> str | None:
        """Return who sent it, as the bank says."""
        return _fact(deposit, "sender_name")

    def get_reference(self, deposit: Deposit) -> str | None:
        """Return the text of the transfer."""
        return _fact(deposit, "reference")

    def get_network(self, deposit: Deposit) -> str | None:
        """Return on which network it comes."""
        return _fact(deposit, "network")

    def get_transaction(self, deposit: Deposit) -> str | None:
        """Return the network's id of the transaction."""
        return _fact(deposit, "transaction")

    def get_confirmations(self, deposit: Deposit) -> int | None:
        """Return how many confirmations it has, up to those that are needed."""
        needed = self.get_confirmations_needed(deposit)
        if needed is None:
            return None
        return min(deposit.receipt.confirmations, needed)

    def get_confirmations_needed(self, deposit: Deposit) -> int | None:
        """Return how many confirmations its network needs before it is credited."""
        network = NETWORKS.get(deposit.facts.get("network", ""))
        return network.confirmations if network else None


@extend_schema_view(
    get=extend_schema(operation_id="deposits", tags=["funding"], examples=DEPOSIT_EXAMPLES)
)
class Deposits(generics.ListAPIView[Deposit]):
    """GET /v1/deposits"""

    serializer_class = DepositSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[Deposit]:
        """Return the deposits of the customer who is asking."""
        return queries.deposits(customer_id=asking(self.request).id)


class OneDeposit(APIView):
    """GET /v1/deposits/{id}"""

    @extend_schema(
        operation_id="deposit",
        tags=["funding"],
        responses=DepositSerializer,
        examples=DEPOSIT_EXAMPLES,
    )
    def get(self, request: Request, shown_id: str) -> Response:
        """Return one deposit."""
        found = queries.deposit_of(
            deposit_id=id_of(Deposit.PREFIX, shown_id, DepositNotFound),
            customer_id=asking(request).id,
        )
        return Response(DepositSerializer(found).data)
