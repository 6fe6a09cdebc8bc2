"""Send money out: look at the fee, prove that it is you, follow it to the end."""

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
from fx.quotes.shapes import UnitsField
from holdings.funding import queries
from holdings.funding.api.shared import LineField
from holdings.funding.models import UNSENT, Destination, Withdrawal, WithdrawalState
from holdings.funding.queries import DestinationNotFound, WithdrawalNotFound
from holdings.funding.services import withdrawals
from holdings.funding.services.withdrawals import Preview
from holdings.ledger.shapes import MultiplierField, amount_in
from krak.api.idempotency import key_parameter, once
from krak.api.limits import MONEY
from krak.api.paging import CursorPages
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import AmountSerializer, ConstantField, IdField, LivemodeField, StateField
from krak.core import clock
from krak.core.ids import id_of
from krak.core.money import plain
from krak.customers.authentication import asking
from krak.identity.guard import STEP_UP_PARAMETER, requires_step_up

ACTION: Final = "withdraw"
_DESTINATION: Final = "dst_01m87shhwde8b9zv9bfvka3t67"
PREVIEW_EXAMPLES: Final = [
    OpenApiExample(
        "look first",
        request_only=True,
        value={"destination": _DESTINATION, "amount": "0.05", "currency": "BTC"},
    ),
    OpenApiExample(
        "preview",
        response_only=True,
        value={
            "object": "withdrawal_preview",
            "destination": _DESTINATION,
            "amount": {"amount": "0.05", "currency": "BTC"},
            "fee": {"amount": "0.00005", "currency": "BTC"},
            "total": {"amount": "0.05005", "currency": "BTC"},
            "minimum": {"amount": "0.0002", "currency": "BTC"},
            "multiplier": None,
            "needs_approval": False,
            "usable_at": "2026-11-26T01:06:44Z",
        },
    ),
]
EXAMPLES: Final = [
    OpenApiExample(
        "send",
        request_only=True,
        value={
            "destination": _DESTINATION, "amount": "0.05", "currency": "BTC", "fee": "0.00005",
        },
    ),
    OpenApiExample(
        "withdrawal",
        response_only=True,
        value={
            "object": "withdrawal",
            "id": "wdr_01m87shhwde8b9zv9bfvka3t68",
            "destination": _DESTINATION,
            "rail": "bitcoin",
            "state": "ready",
            "cancelable": True,
            "amount": {"amount": "0.05", "currency": "BTC"},
            "fee": {"amount": "0.00005", "currency": "BTC"},
            "total": {"amount": "0.05005", "currency": "BTC"},
            "multiplier": None,
            "provider_reference": "",
            "failure": "",
            "sent_at": None,
            "ended_at": None,
            "created_at": "2026-11-25T01:06:44Z",
            "livemode": False,
        },
    ),
]  # fmt: skip


class WithdrawalPreviewRequestSerializer(StrictSerializer):
    """What to send where; `amount`, in shown units, arrives, the fee comes on top."""

    destination = LineField(max_length=40)
    amount = UnitsField(zero=False)
    currency = LineField(max_length=16)


class WithdrawalRequestSerializer(WithdrawalPreviewRequestSerializer):
    """What to send where, at the fee that the preview showed."""

    fee = UnitsField(help_text="as the preview showed it; a higher one is refused")


class WithdrawalPreviewSerializer(serializers.Serializer[Preview]):
    """What a withdrawal would cost now."""

    object = ConstantField("withdrawal_preview")
    destination = IdField(Destination.PREFIX, source="destination.id")
    amount = serializers.SerializerMethodField()
    fee = serializers.SerializerMethodField()
    total = serializers.SerializerMethodField()
    minimum = serializers.SerializerMethodField()
    multiplier = MultiplierField()
    needs_approval = serializers.BooleanField(help_text="our staff look at it before it is sent")
    usable_at = serializers.DateTimeField(
        source="destination.usable_at", help_text="until then only little is sent there"
    )

    @extend_schema_field(AmountSerializer)
    def get_amount(self, found: Preview) -> Any:
        """Return what arrives."""
        return amount_in(self.context, found.amount, found.currency)

    @extend_schema_field(AmountSerializer)
    def get_fee(self, found: Preview) -> Any:
        """Return the fee on top."""
        return amount_in(self.context, found.fee, found.currency)

    @extend_schema_field(AmountSerializer)
    def get_total(self, found: Preview) -> Any:
        """Return what leaves."""
        return amount_in(self.context, found.total, found.currency)

    @extend_schema_field(AmountSerializer)
    def get_minimum(self, found: Preview) -> Any:
        """Return the least that can be sent."""
        return amount_in(self.context, found.minimum, found.currency)


class WithdrawalSerializer(serializers.Serializer[Withdrawal]):
    """Money on its way out, and how far it has come."""

    object = ConstantField("withdrawal")
    id = IdField(Withdrawal.PREFIX)
    destination = IdField(Destination.PREFIX, source="destination_id")
    rail = serializers.CharField()
    state = StateField(WithdrawalState)
    cancelable = serializers.SerializerMethodField()
    amount = serializers.SerializerMethodField()
    fee = serializers.SerializerMethodField()
    total = serializers.SerializerMethodField()
    multiplier = MultiplierField()
    provider_reference = serializers.CharField(help_text="on a network, its transaction")
    failure = serializers.CharField(help_text="why it failed, came back or was canceled")
    sent_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    def get_cancelable(self, withdrawal: Withdrawal) -> bool:
        """Return whether it can still be canceled."""
        return withdrawal.state in UNSENT

    @extend_schema_field(AmountSerializer)
    def get_amount(self, withdrawal: Withdrawal) -> Any:
        """Return what arrives."""
        return amount_in(self.context, withdrawal.amount, withdrawal.currency)

    @extend_schema_field(AmountSerializer)
    def get_fee(self, withdrawal: Withdrawal) -> Any:
        """Return the fee on top."""
        return amount_in(self.context, withdrawal.fee, withdrawal.currency)

    @extend_schema_field(AmountSerializer)
    def get_total(self, withdrawal: Withdrawal) -> Any:
        """Return what leaves."""
        return amount_in(self.context, withdrawal.amount + withdrawal.fee, withdrawal.currency)


class PreviewWithdrawal(APIView):
    """POST /v1/withdrawals/preview"""

    @extend_schema(
        operation_id="preview_withdrawal",
        tags=["funding"],
        request=WithdrawalPreviewRequestSerializer,
        responses=WithdrawalPreviewSerializer,
        examples=PREVIEW_EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Show what sending would cost; nothing is kept."""
        asked = read_body(WithdrawalPreviewRequestSerializer, request)
        destination = queries.destination_of(
            destination_id=id_of(Destination.PREFIX, asked["destination"], DestinationNotFound),
            customer_id=asking(request).id,
        )
        found = withdrawals.preview(
            destination=destination,
            amount=asked["amount"],
            currency=asked["currency"],
            board=live.current(),
            now=clock.now(),
        )
        return Response(WithdrawalPreviewSerializer(found).data)


@extend_schema_view(
    get=extend_schema(operation_id="withdrawals", tags=["funding"], examples=EXAMPLES)
)
class Withdrawals(generics.ListAPIView[Withdrawal]):
    """GET and POST /v1/withdrawals"""

    serializer_class = WithdrawalSerializer
    pagination_class = CursorPages
    throttle_classes = (MONEY,)

    def get_queryset(self) -> QuerySet[Withdrawal]:
        """Return the withdrawals of the customer who is asking."""
        return queries.withdrawals(customer_id=asking(self.request).id)

    @extend_schema(
        operation_id="withdraw",
        tags=["funding"],
        request=WithdrawalRequestSerializer,
        responses={201: WithdrawalSerializer},
        parameters=[key_parameter(required=True), STEP_UP_PARAMETER],
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Send money to a saved destination. Needs a step-up for exactly this."""
        asked, customer = read_body(WithdrawalRequestSerializer, request), asking(request)

        def withdraw() -> Response:
            requires_step_up(
                request,
                action=ACTION,
                subject={
                    "destination": asked["destination"],
                    "amount": plain(asked["amount"]),
                    "currency": asked["currency"],
                    "fee": plain(asked["fee"]),
                },
            )
            made = withdrawals.request(
                customer=customer,
                destination_id=id_of(Destination.PREFIX, asked["destination"], DestinationNotFound),
                amount=asked["amount"],
                currency=asked["currency"],
                fee=asked["fee"],
                board=live.current(),
                now=clock.now(),
            )
            return Response(WithdrawalSerializer(made).data, status=201)

        return once(request, owner=customer.id, effect=withdraw, required=True)


class OneWithdrawal(APIView):
    """GET /v1/withdrawals/{id}"""

    @extend_schema(
        operation_id="withdrawal",
        tags=["funding"],
        responses=WithdrawalSerializer,
        examples=EXAMPLES,
    )
    def get(self, request: Request, shown_id: str) -> Response:
        """Return one withdrawal."""
        found = queries.withdrawal_of(
            withdrawal_id=id_of(Withdrawal.PREFIX, shown_id, WithdrawalNotFound),
            customer_id=asking(request).id,
        )
        return Response(WithdrawalSerializer(found).data)


class CancelWithdrawal(APIView):
    """POST /v1/withdrawals/{id}/cancel"""

    @extend_schema(
        operation_id="cancel_withdrawal",
        tags=["funding"],
        request=None,
        responses=WithdrawalSerializer,
        parameters=[key_parameter(required=False)],
        examples=EXAMPLES,
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """Cancel what was not sent; again is harmless."""
        customer_id = asking(request).id
        wanted = id_of(Withdrawal.PREFIX, shown_id, WithdrawalNotFound)

        def cancel() -> Response:
            found = withdrawals.cancel(
                withdrawal_id=wanted, customer_id=customer_id, now=clock.now()
            )
            return Response(WithdrawalSerializer(found).data)

        return once(request, owner=customer_id, effect=cancel)
