"""Payment links: money for whoever has the token."""

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
from holdings.transfers import queries
from holdings.transfers.api.fields import (
    ADA,
    AMOUNT,
    AskedAmountSerializer,
    NoteField,
    PersonSerializer,
    QuoteIdField,
    moment,
    person,
    require_proof,
)
from holdings.transfers.api.transfers import EXAMPLE, TransferSerializer, shown_transfer
from holdings.transfers.models import PaymentLink, Transfer, TransferState
from holdings.transfers.queries import LinkNotFound
from holdings.transfers.services import links, payments
from holdings.transfers.services.permission import sum_of
from krak.api.idempotency import key_parameter, once
from krak.api.limits import MONEY
from krak.api.paging import CursorPages
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import AmountSerializer, ConstantField, IdField, LivemodeField, StateField
from krak.core import clock
from krak.core.ids import id_of, read
from krak.customers.authentication import asking
from krak.identity.guard import STEP_UP_PARAMETER

NO_STORE: Final = {"Cache-Control": "no-store"}
TOKEN: Final = "b0Qh5nT2cXoQb4m0V5kq8YJr1o0Yl7w3uE6tZ9sPqAc"  # noqa: S105 - an example
SHOWN: Final = {
    "object": "payment_link",
    "id": "lnk_01m87shhwde8b9zv9bfvka3t68",
    "state": "pending",
    "amount": AMOUNT,
    "multiplier": None,
    "claimed_by": None,
    "note": "Happy birthday",
    "transfer": "trf_01m87shhwde8b9zv9bfvka3t68",
    "created_at": "2026-11-24T22:06:44Z",
    "expires_at": "2026-12-08T22:06:44Z",
    "ended_at": None,
    "livemode": False,
}


def _example(name: str, **changed: Any) -> OpenApiExample:
    return OpenApiExample(name, response_only=True, value=SHOWN | changed)


class LinkRequestSerializer(StrictSerializer):
    """How much to set aside; `quote` is of a conversion that comes first: POST /v1/quotes."""

    amount = AskedAmountSerializer()
    note = NoteField()
    quote = QuoteIdField(required=False)


class TokenSerializer(StrictSerializer):
    """What opens a link. It is sent in the body, so that it stands in no log."""

    token = serializers.RegexField(r"^[A-Za-z0-9_-]{43}\Z")


class LinkSerializer(serializers.Serializer[PaymentLink]):
    """Money that you set aside for whoever has the link."""

    object = ConstantField("payment_link")
    id = IdField(PaymentLink.PREFIX)
    state = StateField(TransferState, source="transfer.state")
    amount = serializers.SerializerMethodField()
    multiplier = MultiplierField("transfer.currency")
    claimed_by = serializers.SerializerMethodField()
    note = serializers.CharField(source="transfer.note")
    transfer = IdField(Transfer.PREFIX, source="transfer_id")
    created_at = serializers.DateTimeField(source="transfer.created_at")
    expires_at = serializers.DateTimeField(source="transfer.expires_at")
    ended_at = serializers.DateTimeField(source="transfer.ended_at", allow_null=True)
    livemode = LivemodeField()

    @extend_schema_field(AmountSerializer)
    def get_amount(self, row: PaymentLink) -> Any:
        """Return how much, in shown units."""
        return amount_in(self.context, row.transfer.units, row.transfer.currency)

    @extend_schema_field(PersonSerializer(allow_null=True))
    def get_claimed_by(self, row: PaymentLink) -> Any:
        """Return who has the money now."""
        return person(row.transfer.recipient, row.transfer.recipient_tag)


class NewLinkSerializer(LinkSerializer):
    """A new link, with its token: it is shown in this answer and its repeats, and never again."""

    token = serializers.CharField(read_only=True, allow_null=True)


class SeenLinkSerializer(serializers.Serializer[PaymentLink]):
    """A link as whoever has its token sees it."""

    object = ConstantField("payment_link")
    state = StateField(TransferState, source="transfer.state")
    amount = serializers.SerializerMethodField()
    multiplier = MultiplierField("transfer.currency")
    sender = serializers.SerializerMethodField()
    note = serializers.CharField(source="transfer.note")
    expires_at = serializers.DateTimeField(source="transfer.expires_at")

    @extend_schema_field(AmountSerializer)
    def get_amount(self, row: PaymentLink) -> Any:
        """Return how much, in shown units."""
        return amount_in(self.context, row.transfer.units, row.transfer.currency)

    @extend_schema_field(PersonSerializer)
    def get_sender(self, row: PaymentLink) -> Any:
        """Return whose money it is."""
        return person(row.transfer.customer, row.transfer.sender_tag)


def _shown(link: PaymentLink, request: Request) -> dict[str, Any]:
    return dict(LinkSerializer(link, context=moment(asking(request))).data)


@extend_schema_view(
    get=extend_schema(operation_id="payment_links", tags=["transfers"], examples=[_example("link")])
)
class Links(generics.ListAPIView[PaymentLink]):
    """GET and POST /v1/payment-links"""

    throttle_classes = (MONEY,)
    serializer_class = LinkSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[PaymentLink]:
        """Return the links of the customer who is asking."""
        return queries.links(customer_id=asking(self.request).id)

    def get_serializer_context(self) -> dict[str, Any]:
        """Let amounts be shown by the multipliers in force."""
        return {**super().get_serializer_context(), **moment(asking(self.request))}

    @extend_schema(
        operation_id="create_payment_link",
        tags=["transfers"],
        request=LinkRequestSerializer,
        responses={201: NewLinkSerializer},
        parameters=[key_parameter(required=True), STEP_UP_PARAMETER],
        examples=[
            OpenApiExample("birthday", request_only=True, value={
                "amount": AMOUNT, "note": "Happy birthday",
            }),
            _example("new link", token=TOKEN),
        ],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Set money aside for whoever has the token; it comes back when nobody claims it."""
        asked, sender = read_body(LinkRequestSerializer, request), asking(request)
        board, now = live.current(), clock.now()

        def create() -> Response:
            what = sum_of(**asked["amount"], board=board, now=now)
            require_proof(request, sender, None, what, payee="link")
            link = links.create(
                sender=sender,
                what=what,
                note=asked["note"],
                quote_id=asked.get("quote"),
                board=board,
                now=now,
            )
            return Response(_shown(link, request), status=201)

        made = once(request, owner=sender.id, effect=create, required=True)
        # Only now: the kept answer must not have it.
        link = queries.link_of(
            link_id=read(PaymentLink.PREFIX, made.data["id"]), customer_id=sender.id
        )
        made.data = {**made.data, "token": links.token_of(link)}
        made["Cache-Control"] = NO_STORE["Cache-Control"]
        return made


class OneLink(APIView):
    """GET /v1/payment-links/{id}"""

    @extend_schema(
        operation_id="payment_link", tags=["transfers"], responses=LinkSerializer,
        examples=[_example("link")],
    )  # fmt: skip
    def get(self, request: Request, shown_id: str) -> Response:
        """Return a link that you made, and whether it was claimed."""
        link = queries.link_of(
            link_id=id_of(PaymentLink.PREFIX, shown_id, LinkNotFound),
            customer_id=asking(request).id,
        )
        return Response(_shown(link, request))


class CancelLink(APIView):
    """POST /v1/payment-links/{id}/cancel"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="cancel_payment_link",
        tags=["transfers"],
        request=None,
        responses=LinkSerializer,
        parameters=[key_parameter(required=True)],
        examples=[_example("canceled", state="canceled", ended_at="2026-11-25T09:00:00Z")],
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """Have the money back that nobody claimed; again changes nothing."""
        sender, wanted = asking(request), id_of(PaymentLink.PREFIX, shown_id, LinkNotFound)

        def cancel() -> Response:
            link = queries.link_of(link_id=wanted, customer_id=sender.id)
            link.transfer = payments.cancel(
                transfer_id=link.transfer_id, sender=sender, board=live.current(), now=clock.now()
            )
            return Response(_shown(link, request))

        return once(request, owner=sender.id, effect=cancel, required=True)


class LookAtLink(APIView):
    """POST /v1/payment-links/look"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="look_at_payment_link",
        tags=["transfers"],
        request=TokenSerializer,
        responses=SeenLinkSerializer,
        examples=[
            OpenApiExample("token", request_only=True, value={"token": TOKEN}),
            OpenApiExample("link", response_only=True, value={
                "object": "payment_link", "state": "pending", "amount": AMOUNT,
                "multiplier": None, "sender": ADA, "note": "Happy birthday",
                "expires_at": "2026-12-08T22:06:44Z",
            }),
        ],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Return what a link is worth and who sent it, before claiming it."""
        asked = read_body(TokenSerializer, request)
        link = queries.link_by_token(asked["token"])
        seen = SeenLinkSerializer(link, context=moment(asking(request)))
        return Response(seen.data, headers=NO_STORE)


class ClaimLink(APIView):
    """POST /v1/payment-links/claim"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="claim_payment_link",
        tags=["transfers"],
        request=TokenSerializer,
        responses={201: TransferSerializer},
        parameters=[key_parameter(required=True)],
        examples=[OpenApiExample("token", request_only=True, value={"token": TOKEN}), EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Take the money of a link; the first one who may take it has it."""
        asked, claimant = read_body(TokenSerializer, request), asking(request)

        def claim() -> Response:
            link = links.claim(
                token=asked["token"], claimant=claimant, board=live.current(), now=clock.now()
            )
            return Response(shown_transfer(link.transfer, request), status=201)

        return once(request, owner=claimant.id, effect=claim, required=True)
