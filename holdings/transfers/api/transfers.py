"""Pay somebody by their tag, and see what became of it."""

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
from holdings.ledger.shapes import MultiplierField, amount_in
from holdings.trading.rules.conversion import TRADE_PREFIX
from holdings.transfers import queries
from holdings.transfers.api.fields import (
    ADA,
    AMOUNT,
    AskedAmountSerializer,
    NoteField,
    PersonSerializer,
    QuoteIdField,
    TagField,
    is_out,
    moment,
    person,
    require_proof,
)
from holdings.transfers.models import Transfer, TransferKind, TransferParty, TransferState
from holdings.transfers.queries import TransferNotFound
from holdings.transfers.services import payments
from holdings.transfers.services.permission import sum_of
from krak.api.idempotency import key_parameter, once
from krak.api.limits import MONEY
from krak.api.paging import CursorPages
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import AmountSerializer, ConstantField, IdField, LivemodeField, StateField
from krak.core import clock
from krak.core.ids import id_of
from krak.customers.authentication import asking
from krak.customers.queries import customer_by_tag
from krak.identity.guard import STEP_UP_PARAMETER

SHOWN: Final = {
    "object": "transfer",
    "id": "trf_01m87shhwde8b9zv9bfvka3t68",
    "kind": "payment",
    "direction": "out",
    "state": "completed",
    "amount": AMOUNT,
    "multiplier": None,
    "counterparty": ADA,
    "note": "Dinner 🍜",
    "trade": None,
    "created_at": "2026-11-24T22:06:44Z",
    "expires_at": "2026-12-01T22:06:44Z",
    "ended_at": "2026-11-24T22:06:44Z",
    "livemode": False,
}
EXAMPLE: Final = OpenApiExample("transfer", response_only=True, value=SHOWN)


class TransferRequestSerializer(StrictSerializer):
    """Whom to pay how much; `quote` is of a conversion that comes first."""

    to = TagField()
    amount = AskedAmountSerializer()
    note = NoteField()
    quote = QuoteIdField(required=False)


class TransferSerializer(serializers.Serializer[Any]):
    """Money on its way, or paid, between you and somebody else."""

    object = ConstantField("transfer")
    id = IdField(Transfer.PREFIX)
    kind = StateField(TransferKind)
    direction = serializers.SerializerMethodField()
    state = StateField(TransferState)
    amount = serializers.SerializerMethodField()
    multiplier = MultiplierField()
    counterparty = serializers.SerializerMethodField()
    note = serializers.CharField()
    trade = serializers.SerializerMethodField(help_text="the conversion before it, if you sent it")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="a pending one goes back then")
    ended_at = serializers.DateTimeField(allow_null=True)
    livemode = LivemodeField()

    @extend_schema_field(serializers.ChoiceField(choices=["out", "in"]))
    def get_direction(self, row: Transfer) -> str:
        """Return whether it leaves or comes."""
        return "out" if is_out(row, self.context["customer"]) else "in"

    @extend_schema_field(AmountSerializer)
    def get_amount(self, row: Transfer) -> Any:
        """Return how much, in shown units."""
        return amount_in(self.context, row.units, row.currency)

    @extend_schema_field(PersonSerializer(allow_null=True))
    def get_counterparty(self, row: Transfer) -> Any:
        """Return the other one."""
        if is_out(row, self.context["customer"]):
            return person(row.recipient, row.recipient_tag)
        return person(row.customer, row.sender_tag)

    @extend_schema_field(IdField(TRADE_PREFIX, allow_null=True))
    def get_trade(self, row: Transfer) -> str | None:
        """Return the conversion's id to who paid for it."""
        if row.trade_id is None or not is_out(row, self.context["customer"]):
            return None
        return IdField(TRADE_PREFIX).to_representation(row.trade_id)


class PartySerializer(TransferSerializer):
    """A transfer by the row that lets a customer find it."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Write the transfer."""
        return super().to_representation(instance.transfer)


def shown_transfer(transfer: Transfer, request: Request) -> dict[str, Any]:
    """Return a transfer as who asks sees it."""
    return dict(TransferSerializer(transfer, context=moment(asking(request))).data)


@extend_schema_view(
    get=extend_schema(operation_id="transfers", tags=["transfers"], examples=[EXAMPLE])
)
class Transfers(generics.ListAPIView[TransferParty]):
    """GET and POST /v1/transfers"""

    throttle_classes = (MONEY,)
    serializer_class = PartySerializer

    class pagination_class(CursorPages):  # noqa: N801 - as DRF calls it
        """Newest transfers first."""

        fields = ("transfer_id",)

    def get_queryset(self) -> QuerySet[TransferParty]:
        """Return what the customer who is asking sent and was sent."""
        return queries.transfers(customer_id=asking(self.request).id)

    def get_serializer_context(self) -> dict[str, Any]:
        """Let each transfer be seen from the customer's side."""
        return {**super().get_serializer_context(), **moment(asking(self.request))}

    @extend_schema(
        operation_id="send_transfer",
        tags=["transfers"],
        request=TransferRequestSerializer,
        responses={201: TransferSerializer},
        parameters=[key_parameter(required=True), STEP_UP_PARAMETER],
        examples=[
            OpenApiExample("dinner", request_only=True, value={
                "to": "ada", "amount": AMOUNT, "note": "Dinner 🍜",
            }),
            EXAMPLE,
        ],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Pay somebody, free and at once. What is paid stays paid; what waits can be canceled."""
        asked, sender = read_body(TransferRequestSerializer, request), asking(request)
        board, now = live.current(), clock.now()

        def send() -> Response:
            recipient = customer_by_tag(asked["to"])
            what = sum_of(**asked["amount"], board=board, now=now)
            require_proof(request, sender, recipient, what, payee=asked["to"])
            transfer = payments.pay(
                sender=sender,
                recipient=recipient,
                what=what,
                note=asked["note"],
                quote_id=asked.get("quote"),
                board=board,
                now=now,
            )
            return Response(shown_transfer(transfer, request), status=201)

        return once(request, owner=sender.id, effect=send, required=True)


class OneTransfer(APIView):
    """GET /v1/transfers/{id}"""

    @extend_schema(
        operation_id="transfer", tags=["transfers"], responses=TransferSerializer,
        examples=[EXAMPLE],
    )  # fmt: skip
    def get(self, request: Request, shown_id: str) -> Response:
        """Return a transfer that you sent or were sent."""
        transfer = queries.transfer_of(
            transfer_id=id_of(Transfer.PREFIX, shown_id, TransferNotFound),
            customer_id=asking(request).id,
        )
        return Response(shown_transfer(transfer, request))


class CancelTransfer(APIView):
    """POST /v1/transfers/{id}/cancel"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="cancel_transfer",
        tags=["transfers"],
        request=None,
        responses=TransferSerializer,
        parameters=[key_parameter(required=True)],
        examples=[
            OpenApiExample("canceled", response_only=True, value=SHOWN | {"state": "canceled"})
        ],
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """Take back what waits for its recipient; again changes nothing."""
        sender, wanted = asking(request), id_of(Transfer.PREFIX, shown_id, TransferNotFound)

        def cancel() -> Response:
            transfer = payments.cancel(
                transfer_id=wanted, sender=sender, board=live.current(), now=clock.now()
            )
            return Response(shown_transfer(transfer, request))

        return once(request, owner=sender.id, effect=cancel, required=True)


class AcceptTransfer(APIView):
    """POST /v1/transfers/{id}/accept"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="accept_transfer",
        tags=["transfers"],
        request=None,
        responses=TransferSerializer,
        parameters=[key_parameter(required=True)],
        examples=[
            OpenApiExample("accepted", response_only=True, value=SHOWN | {"direction": "in"})
        ],
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """Take what waits for you now instead of in a minute, or be told what is missing."""
        recipient, wanted = asking(request), id_of(Transfer.PREFIX, shown_id, TransferNotFound)

        def accept() -> Response:
            transfer = payments.accept(
                transfer_id=wanted, recipient=recipient, board=live.current(), now=clock.now()
            )
            return Response(shown_transfer(transfer, request))

        return once(request, owner=recipient.id, effect=accept, required=True)
