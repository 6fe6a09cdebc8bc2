"""Where money may be sent to: IBANs and addresses of one's own."""

from typing import Final

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

from fx.prices import live
from holdings.funding import queries
from holdings.funding.api.shared import LineField
from holdings.funding.models import DepositAccount, DepositAddress
from holdings.funding.rules.networks import NETWORKS
from holdings.funding.services import places
from krak.api.idempotency import key_parameter, once
from krak.api.limits import MONEY
from krak.api.paging import CursorPages
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import ConstantField, IdField, LivemodeField
from krak.core import clock
from krak.customers.authentication import asking

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
