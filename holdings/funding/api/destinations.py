"""Where money may be sent: saved after a step-up, checked by its own checksum."""

from typing import Any, Final

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from holdings.funding import queries
from holdings.funding.api.shared import LineField
from holdings.funding.models import Destination
from holdings.funding.queries import DestinationNotFound
from holdings.funding.rules.addresses import canonical, is_address, is_memo
from holdings.funding.rules.networks import BANK, NETWORKS
from holdings.funding.services import destinations
from krak.api.idempotency import key_parameter, once
from krak.api.limits import MONEY
from krak.api.paging import CursorPages
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import ConstantField, IdField, LivemodeField
from krak.core import clock
from krak.core.ids import id_of
from krak.core.transactions import transaction
from krak.customers.authentication import asking
from krak.identity.guard import STEP_UP_PARAMETER, requires_step_up

ACTION: Final = "add_destination"
EXAMPLES: Final = [
    OpenApiExample(
        "bank account",
        request_only=True,
        value={
            "rail": "bank",
            "account": "DE89 3704 0044 0532 0130 00",
            "holder": "Ada Lovelace",
            "label": "My bank",
        },
    ),
    OpenApiExample(
        "address",
        request_only=True,
        value={
            "rail": "bitcoin",
            "account": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            "label": "Cold wallet",
        },
    ),
    OpenApiExample(
        "destination",
        response_only=True,
        value={
            "object": "destination",
            "id": "dst_01m87shhwde8b9zv9bfvka3t68",
            "rail": "bank",
            "account": "DE89370400440532013000",
            "bic": "COBADEFFXXX",
            "memo": None,
            "holder": "Ada Lovelace",
            "label": "My bank",
            "usable_at": "2026-11-26T01:06:44Z",
            "created_at": "2026-11-25T01:06:44Z",
            "livemode": False,
        },
    ),
]


class DestinationRequestSerializer(StrictSerializer):
    """A bank account (`holder` is needed, `bic` may be left out) or an address on a network."""

    rail = serializers.ChoiceField(choices=[BANK, *NETWORKS])
    account = LineField(max_length=128, help_text="IBAN or address")
    bic = LineField(max_length=11, required=False)
    memo = LineField(max_length=64, required=False, help_text="tag or memo, where there is one")
    holder = LineField(max_length=140, required=False)
    label = LineField(max_length=60, default="", allow_blank=True)  # type: ignore[assignment]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the account by its checksum and return it in its one form."""
        taken = _bank_account(attrs) if attrs["rail"] == BANK else _address(attrs)
        return {"bic": "", "memo": "", "holder": "", **attrs, **taken}


def _wrong(field: str, words: str) -> serializers.ValidationError:
    return serializers.ValidationError({field: [words]}, code="malformed")


def _bank_account(given: dict[str, Any]) -> dict[str, str]:
    if "memo" in given:
        raise _wrong("memo", "Bank transfers have none.")
    if not given.get("holder"):
        raise _wrong("holder", "Whose account is it?")
    try:
        iban = IBAN(given["account"])
    except SchwiftyException:
        raise _wrong("account", "This is no IBAN; look for a typing error.") from None
    bic = given.get("bic", "")
    try:
        found = BIC(bic) if bic else None
    except SchwiftyException:
        raise _wrong("bic", "This is no BIC.") from None
    if found is not None and found.country_code != iban.country_code:
        raise _wrong("bic", "This BIC is of another country than the IBAN.")
    return {"account": str(iban), "bic": str(found or iban.bic or "")}


def _address(given: dict[str, Any]) -> dict[str, str]:
    network = NETWORKS[given["rail"]]
    for name in ("bic", "holder"):
        if name in given:
            raise _wrong(name, "Addresses have none.")
    if not is_address(network, given["account"]):
        raise _wrong("account", f"This is no address on {network.name}; look for a typing error.")
    if not is_memo(network, given.get("memo", "")):
        raise _wrong("memo", f"This is no memo on {network.name}.")
    return {"account": canonical(network, given["account"])}


class DestinationSerializer(serializers.Serializer[Destination]):
    """A saved destination. Until `usable_at` only little is sent there."""

    object = ConstantField("destination")
    id = IdField(Destination.PREFIX)
    rail = serializers.CharField(help_text="bank, or a network")
    account = serializers.CharField(help_text="IBAN or address")
    bic = serializers.CharField(allow_null=True)
    memo = serializers.CharField(allow_null=True)
    holder = serializers.CharField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]
    usable_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    def to_representation(self, instance: Destination) -> dict[str, Any]:
        """Write it; what its rail does not have is null."""
        shown = super().to_representation(instance)
        return shown | {name: shown[name] or None for name in ("bic", "memo", "holder")}


@extend_schema_view(
    get=extend_schema(operation_id="destinations", tags=["funding"], examples=EXAMPLES)
)
class Destinations(generics.ListAPIView[Destination]):
    """GET and POST /v1/destinations"""

    serializer_class = DestinationSerializer
    pagination_class = CursorPages
    throttle_classes = (MONEY,)

    def get_queryset(self) -> QuerySet[Destination]:
        """Return the destinations of the customer who is asking."""
        return queries.destinations(customer_id=asking(self.request).id)

    @extend_schema(
        operation_id="add_destination",
        tags=["funding"],
        request=DestinationRequestSerializer,
        responses={201: DestinationSerializer},
        parameters=[key_parameter(required=True), STEP_UP_PARAMETER],
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Save where money may be sent. Needs a step-up for exactly this account."""
        asked, customer = read_body(DestinationRequestSerializer, request), asking(request)

        def save() -> Response:
            requires_step_up(
                request,
                action=ACTION,
                subject={name: asked[name] for name in ("rail", "account", "memo") if asked[name]},
            )
            made = destinations.save(customer=customer, now=clock.now(), **asked)
            return Response(DestinationSerializer(made).data, status=201)

        return once(request, owner=customer.id, effect=save, required=True)


class OneDestination(APIView):
    """GET and DELETE /v1/destinations/{id}"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="destination",
        tags=["funding"],
        responses=DestinationSerializer,
        examples=EXAMPLES,
    )
    def get(self, request: Request, shown_id: str) -> Response:
        """Return one destination."""
        found = queries.destination_of(
            destination_id=id_of(Destination.PREFIX, shown_id, DestinationNotFound),
            customer_id=asking(request).id,
        )
        return Response(DestinationSerializer(found).data)

    @extend_schema(
        operation_id="remove_destination",
        tags=["funding"],
        responses={204: None},
    )
    def delete(self, request: Request, shown_id: str) -> Response:
        """Send nothing there any more; what is on its way stays on its way."""
        with transaction():
            destinations.remove(
                destination_id=id_of(Destination.PREFIX, shown_id, DestinationNotFound),
                customer_id=asking(request).id,
                now=clock.now(),
            )
        return Response(status=204)
