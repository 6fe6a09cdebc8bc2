"""Ask somebody for money, and answer who asks."""

from typing import Any, Final

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import generics, serializers
from rest_framework.request import Request as HttpRequest
from rest_framework.response import Response
from rest_framework.views import APIView

from fx.prices import live
from holdings.ledger.shapes import MultiplierField, amount_in
from holdings.transfers import queries
from holdings.transfers.api.fields import (
    ADA,
    AMOUNT,
    AskedAmountSerializer,
    NoteField,
    PersonSerializer,
    QuoteIdField,
    TagField,
    moment,
    person,
    require_proof,
)
from holdings.transfers.api.quotes import PREVIEW, TransferQuoteSerializer, from_field
from holdings.transfers.api.transfers import EXAMPLE, TransferSerializer, shown_transfer
from holdings.transfers.models import Request, RequestParty, RequestState, Transfer
from holdings.transfers.queries import RequestNotFound
from holdings.transfers.services import quoting, requests
from holdings.transfers.services.permission import sum_in, sum_of
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
    "object": "payment_request",
    "id": "req_01m87shhwde8b9zv9bfvka3t68",
    "direction": "out",
    "state": "open",
    "amount": AMOUNT,
    "multiplier": None,
    "counterparty": ADA,
    "note": "Dinner 🍜",
    "transfer": None,
    "created_at": "2026-11-24T22:06:44Z",
    "expires_at": "2026-12-24T22:06:44Z",
    "ended_at": None,
    "livemode": False,
}


def _example(name: str, **changed: Any) -> OpenApiExample:
    return OpenApiExample(name, response_only=True, value=SHOWN | changed)


class AskSerializer(StrictSerializer):
    """Whom to ask for how much."""

    of = TagField()
    amount = AskedAmountSerializer()
    note = NoteField()


class PaySerializer(StrictSerializer):
    """How to pay; `quote` is of a conversion that comes first."""

    quote = QuoteIdField(required=False)


class PayWithSerializer(StrictSerializer):
    """With what to pay."""

    def get_fields(self) -> dict[str, Any]:
        """Add the field whose name is a word of Python."""
        return super().get_fields() | {"from": from_field()}


class RequestSerializer(serializers.Serializer[Any]):
    """An amount that you ask somebody for, or they you."""

    object = ConstantField("payment_request")
    id = IdField(Request.PREFIX)
    direction = serializers.SerializerMethodField(help_text="out: you ask")
    state = StateField(RequestState)
    amount = serializers.SerializerMethodField()
    multiplier = MultiplierField()
    counterparty = serializers.SerializerMethodField()
    note = serializers.CharField()
    transfer = IdField(
        Transfer.PREFIX, source="transfer_id", allow_null=True, help_text="that paid it"
    )
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    livemode = LivemodeField()

    @extend_schema_field(serializers.ChoiceField(choices=["out", "in"]))
    def get_direction(self, row: Request) -> str:
        """Return who asks."""
        return "out" if row.customer_id == self.context["customer"].id else "in"

    @extend_schema_field(AmountSerializer)
    def get_amount(self, row: Request) -> Any:
        """Return how much, in shown units."""
        return amount_in(self.context, row.units, row.currency)

    @extend_schema_field(PersonSerializer)
    def get_counterparty(self, row: Request) -> Any:
        """Return the other one."""
        if row.customer_id == self.context["customer"].id:
            return person(row.payer, row.payer_tag)
        return person(row.customer, row.requester_tag)


class RequestPartySerializer(RequestSerializer):
    """A request by the row that lets a customer find it."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Write the request."""
        return super().to_representation(instance.request)


def _shown(row: Request, request: HttpRequest) -> dict[str, Any]:
    return dict(RequestSerializer(row, context=moment(asking(request))).data)


@extend_schema_view(
    get=extend_schema(
        operation_id="payment_requests", tags=["transfers"], examples=[_example("request")]
    )
)
class Requests(generics.ListAPIView[RequestParty]):
    """GET and POST /v1/payment-requests"""

    throttle_classes = (MONEY,)
    serializer_class = RequestPartySerializer

    class pagination_class(CursorPages):  # noqa: N801 - as DRF calls it
        """Newest requests first."""

        fields = ("request_id",)

    def get_queryset(self) -> QuerySet[RequestParty]:
        """Return what the customer who is asking asked for and was asked for."""
        return queries.requests(customer_id=asking(self.request).id)

    def get_serializer_context(self) -> dict[str, Any]:
        """Let each request be seen from the customer's side."""
        return {**super().get_serializer_context(), **moment(asking(self.request))}

    @extend_schema(
        operation_id="ask_for_payment",
        tags=["transfers"],
        request=AskSerializer,
        responses={201: RequestSerializer},
        parameters=[key_parameter(required=True)],
        examples=[
            OpenApiExample("dinner", request_only=True, value={
                "of": "ada", "amount": AMOUNT, "note": "Dinner 🍜",
            }),
            _example("request"),
        ],
    )  # fmt: skip
    def post(self, request: HttpRequest) -> Response:
        """Ask somebody for an amount; nothing moves until they pay."""
        asked, requester = read_body(AskSerializer, request), asking(request)
        board, now = live.current(), clock.now()

        def ask() -> Response:
            made = requests.ask(
                requester=requester,
                payer=customer_by_tag(asked["of"]),
                what=sum_of(**asked["amount"], board=board, now=now),
                note=asked["note"],
                board=board,
                now=now,
            )
            return Response(_shown(made, request), status=201)

        return once(request, owner=requester.id, effect=ask, required=True)


class OneRequest(APIView):
    """GET /v1/payment-requests/{id}"""

    @extend_schema(
        operation_id="payment_request", tags=["transfers"], responses=RequestSerializer,
        examples=[_example("request")],
    )  # fmt: skip
    def get(self, request: HttpRequest, shown_id: str) -> Response:
        """Return a request that you made or were sent."""
        row = queries.request_of(
            request_id=id_of(Request.PREFIX, shown_id, RequestNotFound),
            customer_id=asking(request).id,
        )
        return Response(_shown(row, request))


class PreviewRequest(APIView):
    """POST /v1/payment-requests/{id}/quote"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="quote_payment_request",
        tags=["transfers"],
        request=PayWithSerializer,
        responses={201: TransferQuoteSerializer},
        parameters=[key_parameter(required=False)],
        examples=[
            OpenApiExample("with bitcoin", request_only=True, value={"from": "BTC"}), PREVIEW,
        ],
    )  # fmt: skip
    def post(self, request: HttpRequest, shown_id: str) -> Response:
        """Say what paying the request would cost, fee first."""
        asked, payer = read_body(PayWithSerializer, request), asking(request)
        wanted, seen = id_of(Request.PREFIX, shown_id, RequestNotFound), moment(payer)

        def preview() -> Response:
            row = requests.payable(request_id=wanted, payer=payer, now=seen["now"])
            made = quoting.preview(
                sender=payer,
                recipient=row.customer,
                what=sum_in(row.units, row.currency, board=seen["board"]),
                pay_with=asked.get("from"),
                board=seen["board"],
                now=seen["now"],
            )
            return Response(TransferQuoteSerializer(made, context=seen).data, status=201)

        return once(request, owner=payer.id, effect=preview)


class PayRequest(APIView):
    """POST /v1/payment-requests/{id}/pay"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="pay_payment_request",
        tags=["transfers"],
        request=PaySerializer,
        responses={201: TransferSerializer},
        parameters=[key_parameter(required=True), STEP_UP_PARAMETER],
        examples=[OpenApiExample("as it is", request_only=True, value={}), EXAMPLE],
    )
    def post(self, request: HttpRequest, shown_id: str) -> Response:
        """Pay exactly what was asked for, once; it cannot be taken back."""
        asked, payer = read_body(PaySerializer, request), asking(request)
        wanted = id_of(Request.PREFIX, shown_id, RequestNotFound)
        board, now = live.current(), clock.now()

        def pay() -> Response:
            row = requests.payable(request_id=wanted, payer=payer, now=now)
            what = sum_in(row.units, row.currency, board=board)
            payee = row.requester_tag or row.customer.shown_id
            require_proof(request, payer, row.customer, what, payee=payee)
            transfer = requests.pay(
                request_id=wanted, payer=payer, quote_id=asked.get("quote"), board=board, now=now
            )
            return Response(shown_transfer(transfer, request), status=201)

        return once(request, owner=payer.id, effect=pay, required=True)


class DeclineRequest(APIView):
    """POST /v1/payment-requests/{id}/decline"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="decline_payment_request",
        tags=["transfers"],
        request=None,
        responses=RequestSerializer,
        parameters=[key_parameter(required=False)],
        examples=[_example("declined", state="declined", direction="in")],
    )
    def post(self, request: HttpRequest, shown_id: str) -> Response:
        """Say no to who asks; again changes nothing."""
        payer, wanted = asking(request), id_of(Request.PREFIX, shown_id, RequestNotFound)

        def decline() -> Response:
            row = requests.decline(
                request_id=wanted, payer=payer, board=live.current(), now=clock.now()
            )
            return Response(_shown(row, request))

        return once(request, owner=payer.id, effect=decline)


class CancelRequest(APIView):
    """POST /v1/payment-requests/{id}/cancel"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="cancel_payment_request",
        tags=["transfers"],
        request=None,
        responses=RequestSerializer,
        parameters=[key_parameter(required=False)],
        examples=[_example("canceled", state="canceled")],
    )
    def post(self, request: HttpRequest, shown_id: str) -> Response:
        """Take your request back; again changes nothing."""
        requester, wanted = asking(request), id_of(Request.PREFIX, shown_id, RequestNotFound)

        def cancel() -> Response:
            row = requests.cancel(request_id=wanted, requester=requester, now=clock.now())
            return Response(_shown(row, request))

        return once(request, owner=requester.id, effect=cancel)
