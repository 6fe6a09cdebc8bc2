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

from fx.prices import live
from holdings.funding import queries
from holdings.funding.api.shared import LineField, amount_shown, id_of
from holdings.funding.models import (
    Deposit,
    DepositAccount,
    DepositAddress,
    DepositKind,
    DepositState,
)
from holdings.funding.queries import DepositNotFound
from holdings.funding.rules.networks import NETWORKS
from holdings.funding.services import places
from krak.api.idempotency import key_parameter, once
from krak.api.limits import MONEY
from krak.api.paging import CursorPages
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import (
    AmountSerializer,
    ConstantField,
    IdField,
    LivemodeField,
    StateField,
)
from krak.core import clock
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
ACCOUNT_EXAMPLES: Final = [
    OpenApiExample("for euros", request_only=True, value={"currency": "EUR"}),
    OpenApiExample(
        "account",
        response_only=True,
        value={
            "object": "deposit_account",
            "id": "dac_01m87shhwde8b9zv9bfvka3t68",
            "state": "open",
            "currency": "EUR",
            "iban": "DE02120300000000202051",
            "bic": "KRAKDEFFXXX",
            "reference": "KRAKM87SHHWDE8B9ZV",
            "created_at": "2026-11-25T01:06:44Z",
            "livemode": False,
        },
    ),
]
ADDRESS_EXAMPLES: Final = [
    OpenApiExample("for bitcoin", request_only=True, value={"asset": "BTC", "network": "bitcoin"}),
    OpenApiExample(
        "address",
        response_only=True,
        value={
            "object": "deposit_address",
            "id": "dad_01m87shhwde8b9zv9bfvka3t68",
            "state": "open",
            "network": "bitcoin",
            "address": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "memo": None,
            "confirmations_needed": 3,
            "created_at": "2026-11-25T01:06:44Z",
            "livemode": False,
        },
    ),
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
        return amount_shown(deposit.amount, deposit.currency)

    @extend_schema_field(AmountSerializer)
    def get_taken_back(self, deposit: Deposit) -> Any:
        """Return what refunds and disputes have taken of it."""
        return amount_shown(deposit.taken_back, deposit.currency)

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


_STATE: Final = serializers.ChoiceField(choices=["pending", "open"])


def _place_state(place: DepositAccount | DepositAddress) -> str:
    return "pending" if place.opened_at is None else "open"


class AccountRequestSerializer(StrictSerializer):
    """In which currency money shall come."""

    currency = LineField(max_length=16)


class DepositAccountSerializer(serializers.Serializer[DepositAccount]):
    """The customer's own IBAN for one currency. Pending until the bank has opened it."""

    object = ConstantField("deposit_account")
    id = IdField(DepositAccount.PREFIX)
    state = serializers.SerializerMethodField()
    currency = serializers.CharField()
    iban = serializers.SerializerMethodField()
    bic = serializers.SerializerMethodField()
    reference = serializers.CharField(
        help_text="in a transfer's text it finds its owner, whatever the IBAN"
    )
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    @extend_schema_field(_STATE)
    def get_state(self, account: DepositAccount) -> str:
        """Return whether money can be sent there."""
        return _place_state(account)

    def get_iban(self, account: DepositAccount) -> str | None:
        """Return the IBAN."""
        return account.iban or None

    def get_bic(self, account: DepositAccount) -> str | None:
        """Return the bank's BIC."""
        return account.bic or None


@extend_schema_view(
    get=extend_schema(operation_id="deposit_accounts", tags=["funding"], examples=ACCOUNT_EXAMPLES)
)
class DepositAccounts(generics.ListAPIView[DepositAccount]):
    """GET and POST /v1/deposit-accounts"""

    serializer_class = DepositAccountSerializer
    pagination_class = CursorPages
    throttle_classes = (MONEY,)

    def get_queryset(self) -> QuerySet[DepositAccount]:
        """Return the IBANs of the customer who is asking."""
        return queries.accounts(customer_id=asking(self.request).id)

    @extend_schema(
        operation_id="open_deposit_account",
        tags=["funding"],
        request=AccountRequestSerializer,
        responses={201: DepositAccountSerializer},
        parameters=[key_parameter(required=False)],
        examples=ACCOUNT_EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Ask for an IBAN; there is one per currency, and asking again returns it."""
        asked, customer = read_body(AccountRequestSerializer, request), asking(request)

        def open_one() -> Response:
            account = places.want_account(
                customer=customer,
                currency=asked["currency"],
                board=live.current(),
                now=clock.now(),
            )
            return Response(DepositAccountSerializer(account).data, status=201)

        return once(request, owner=customer.id, effect=open_one)


class AddressRequestSerializer(StrictSerializer):
    """What shall come, and on which network."""

    asset = LineField(max_length=16)
    network = serializers.ChoiceField(choices=list(NETWORKS))


class DepositAddressSerializer(serializers.Serializer[DepositAddress]):
    """The customer's own address on one network. Pending until the custodian has made it."""

    object = ConstantField("deposit_address")
    id = IdField(DepositAddress.PREFIX)
    state = serializers.SerializerMethodField()
    network = serializers.CharField()
    address = serializers.SerializerMethodField()
    memo = serializers.SerializerMethodField()
    confirmations_needed = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    @extend_schema_field(_STATE)
    def get_state(self, address: DepositAddress) -> str:
        """Return whether coins can be sent there."""
        return _place_state(address)

    def get_address(self, address: DepositAddress) -> str | None:
        """Return the address."""
        return address.address or None

    def get_memo(self, address: DepositAddress) -> str | None:
        """Return the tag or memo that must go with it; without it nobody knows whose it is."""
        return address.memo or None

    def get_confirmations_needed(self, address: DepositAddress) -> int:
        """Return after how many confirmations a deposit is credited."""
        return NETWORKS[address.network].confirmations


@extend_schema_view(
    get=extend_schema(operation_id="deposit_addresses", tags=["funding"], examples=ADDRESS_EXAMPLES)
)
class DepositAddresses(generics.ListAPIView[DepositAddress]):
    """GET and POST /v1/deposit-addresses"""

    serializer_class = DepositAddressSerializer
    pagination_class = CursorPages
    throttle_classes = (MONEY,)

    def get_queryset(self) -> QuerySet[DepositAddress]:
        """Return the addresses of the customer who is asking."""
        return queries.addresses(customer_id=asking(self.request).id)

    @extend_schema(
        operation_id="open_deposit_address",
        tags=["funding"],
        request=AddressRequestSerializer,
        responses={201: DepositAddressSerializer},
        parameters=[key_parameter(required=False)],
        examples=ADDRESS_EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Ask for an address; there is one per network, and asking again returns it."""
        asked, customer = read_body(AddressRequestSerializer, request), asking(request)

        def open_one() -> Response:
            address = places.want_address(
                customer=customer,
                asset=asked["asset"],
                network=asked["network"],
                board=live.current(),
                now=clock.now(),
            )
            return Response(DepositAddressSerializer(address).data, status=201)

        return once(request, owner=customer.id, effect=open_one)
