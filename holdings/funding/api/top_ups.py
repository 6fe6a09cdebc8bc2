"""Pay money in by card or bank debit."""

from typing import Any, Final, cast

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
from holdings.funding.api.shared import LineField
from holdings.funding.models import Deposit, DepositKind, DepositState, TopUp
from holdings.funding.queries import TopUpNotFound
from holdings.funding.services import top_ups
from krak.api.idempotency import key_parameter, once
from krak.api.limits import MONEY
from krak.api.paging import CursorPages
from krak.api.parsing import AmountField, StrictSerializer, read_body
from krak.api.shapes import AmountSerializer, ConstantField, IdField, LivemodeField
from krak.core import clock
from krak.core.ids import id_of
from krak.core.money import amount_object, money
from krak.customers.authentication import asking

METHODS: Final = {"card": DepositKind.CARD, "bank_debit": DepositKind.BANK_DEBIT}
STATES: Final = ("created", "processing", "succeeded", "failed", "canceled")
EXAMPLES: Final = [
    OpenApiExample(
        "pay in",
        request_only=True,
        value={"method": "card", "amount": "50.00", "currency": "EUR"},
    ),
    OpenApiExample(
        "top-up",
        response_only=True,
        value={
            "object": "top_up",
            "id": "tup_01m87shhwde8b9zv9bfvka3t68",
            "deposit": "dep_01m87shhwde8b9zv9bfvka3t67",
            "state": "created",
            "method": "card",
            "amount": {"amount": "50.00", "currency": "EUR"},
            "failure": "",
            "client_secret": "pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_YrKJUKribcBjcG8HVhfZluoGH",
            "created_at": "2026-11-25T01:06:44Z",
            "livemode": False,
        },
    ),
]


class TopUpRequestSerializer(StrictSerializer):
    """What to pay in, and how."""

    method = serializers.ChoiceField(choices=list(METHODS))
    amount = AmountField(zero=False)
    currency = LineField(max_length=16, help_text="money, such as EUR")


class TopUpSerializer(serializers.Serializer[TopUp]):
    """Money paid in through Stripe; the app pays with the client secret."""

    object = ConstantField("top_up")
    id = IdField(TopUp.PREFIX)
    deposit = IdField(Deposit.PREFIX, source="deposit_id")
    state = serializers.SerializerMethodField()
    method = serializers.SerializerMethodField()
    amount = serializers.SerializerMethodField()
    failure = serializers.CharField(source="deposit.failure", help_text="why it failed")
    client_secret = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, top_up: TopUp) -> str:
        """Return how far it has come; what failed may be paid again with the same secret."""
        if top_up.processing and top_up.deposit.state == DepositState.PENDING:
            return "processing"
        return {
            DepositState.CREDITED: "succeeded",
            DepositState.FAILED: "failed",
            DepositState.CANCELED: "canceled",
        }.get(DepositState(top_up.deposit.state), "created")

    @extend_schema_field(serializers.ChoiceField(choices=list(METHODS)))
    def get_method(self, top_up: TopUp) -> str:
        """Return how it is paid."""
        return top_up.deposit.kind.lower()

    @extend_schema_field(AmountSerializer)
    def get_amount(self, top_up: TopUp) -> Any:
        """Return what is to be paid, and once it is there, what came."""
        return amount_object(money(top_up.deposit.amount, top_up.deposit.currency))

    @extend_schema_field(
        {"type": ["string", "null"], "description": "only in the answer to the POST"}
    )
    def get_client_secret(self, top_up: TopUp) -> str | None:
        """Return with what the app pays."""
        return cast("str | None", self.context.get("client_secret"))


@extend_schema_view(get=extend_schema(operation_id="top_ups", tags=["funding"], examples=EXAMPLES))
class TopUps(generics.ListAPIView[TopUp]):
    """GET and POST /v1/top-ups"""

    serializer_class = TopUpSerializer
    pagination_class = CursorPages
    throttle_classes = (MONEY,)

    def get_queryset(self) -> QuerySet[TopUp]:
        """Return the top-ups of the customer who is asking."""
        return queries.top_ups(customer_id=asking(self.request).id)

    @extend_schema(
        operation_id="begin_top_up",
        tags=["funding"],
        request=TopUpRequestSerializer,
        responses={201: TopUpSerializer},
        parameters=[key_parameter(required=True)],
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Begin a top-up and return the secret with which the app pays it.

        503 `processor.unavailable`: nothing is lost; the same key again goes on from there.
        """
        asked, customer = read_body(TopUpRequestSerializer, request), asking(request)

        def begin() -> Response:
            made = top_ups.begin(
                customer=customer,
                kind=METHODS[asked["method"]],
                amount=asked["amount"],
                currency=asked["currency"],
                board=live.current(),
                now=clock.now(),
            )
            return Response(TopUpSerializer(made).data, status=201)

        # What is kept under the key has no secret; that is asked of Stripe each time.
        kept = once(request, owner=customer.id, effect=begin, required=True)
        wanted = id_of(TopUp.PREFIX, kept.data["id"], TopUpNotFound)
        secret = top_ups.ask_stripe(queries.top_up_of(top_up_id=wanted, customer_id=customer.id))
        top_up = queries.top_up_of(top_up_id=wanted, customer_id=customer.id)
        kept.data = TopUpSerializer(top_up, context={"client_secret": secret}).data
        kept["Cache-Control"] = "no-store"
        return kept


class OneTopUp(APIView):
    """GET /v1/top-ups/{id}"""

    @extend_schema(
        operation_id="top_up", tags=["funding"], responses=TopUpSerializer, examples=EXAMPLES
    )
    def get(self, request: Request, shown_id: str) -> Response:
        """Return one top-up."""
        found = queries.top_up_of(
            top_up_id=id_of(TopUp.PREFIX, shown_id, TopUpNotFound), customer_id=asking(request).id
        )
        return Response(TopUpSerializer(found).data)
