"""Disputes of the customer who is asking: list, read, open, submit, withdraw."""

from collections.abc import Callable
from typing import Any, Final

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cards.disputes import queries, services
from cards.disputes.models import Dispute, Reason, Status
from cards.disputes.rules import EVIDENCE_OF
from krak.api.idempotency import key_parameter, once
from krak.api.limits import MONEY
from krak.api.paging import CursorPages
from krak.api.parsing import AmountField, StrictSerializer, read_body
from krak.api.shapes import (
    AmountSerializer,
    ConstantField,
    IdField,
    LivemodeField,
    StateField,
)
from krak.core import clock
from krak.core.money import amount_object, money
from krak.customers.authentication import asking

MOST_WORDS: Final = 2500
LONGEST_ID: Final = 40
EXAMPLES: Final = [
    OpenApiExample(
        "A parcel that never came",
        request_only=True,
        value={
            "transaction": "ctx_01m8hw7k1yf1p8m4dq0x2n5v3d",
            "reason": "not_received",
            "explanation": "The parcel never came, and the shop does not answer.",
            "evidence": {"expected_at": "2026-11-10", "product_type": "merchandise"},
        },
    ),
    OpenApiExample(
        "Submitted and credited for now",
        response_only=True,
        value={
            "object": "dispute", "id": "dsp_01m8kq3v5nf2tbx7d9r6h4s8jw", "status": "submitted",
            "transaction": "ctx_01m8hw7k1yf1p8m4dq0x2n5v3d", "merchant": "RAMEN TOKYO",
            "amount": {"amount": "120.00", "currency": "USD"},
            "credited": {"amount": "120.00", "currency": "USD"}, "provisional": True,
            "reason": "not_received",
            "explanation": "The parcel never came, and the shop does not answer.",
            "evidence": {"expected_at": "2026-11-10", "product_type": "merchandise"},
            "submit_by": "2027-03-10T19:30:00Z",
            "timeline": [
                {"event": "opened", "at": "2026-11-24T09:00:00Z"},
                {"event": "sent", "at": "2026-11-24T09:01:00Z"},
                {"event": "submitted", "at": "2026-11-24T09:01:02Z"},
            ],
            "created_at": "2026-11-24T09:00:00Z", "livemode": False,
        },
    ),
]  # fmt: skip
TIMELINE: Final = {
    "opened": "opened_at",
    "sent": "sent_at",
    "submitted": "submitted_at",
    "won": "reinstated_at",
    "lost": "lost_at",
    "taken_back": "rescinded_at",
    "withdrawn": "withdrawn_at",
    "expired": "expired_at",
}
"""What can happen, by the column that keeps when."""


class WordsField(serializers.CharField):
    """Some sentences."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST_WORDS, **options)


class EvidenceSerializer(StrictSerializer):
    """What a reason asks for beside the explanation; days are ISO dates."""

    canceled_at = serializers.DateField(required=False)
    cancellation_policy_provided = serializers.BooleanField(required=False)
    cancellation_reason = WordsField(required=False)
    expected_at = serializers.DateField(required=False, help_text="when it was to come")
    product_description = WordsField(required=False)
    product_type = serializers.ChoiceField(["merchandise", "service"], required=False)
    received_at = serializers.DateField(required=False)
    return_description = WordsField(required=False)
    return_status = serializers.ChoiceField(["merchant_rejected", "successful"], required=False)
    returned_at = serializers.DateField(required=False)


class ClaimSerializer(StrictSerializer):
    """What is wrong with a purchase."""

    transaction = serializers.CharField(
        max_length=LONGEST_ID, help_text="`links.transaction` of the purchase in /v1/activity"
    )
    reason = serializers.ChoiceField(choices=[each.lower() for each in Reason.values])
    explanation = WordsField()
    amount = AmountField(
        zero=False, required=False, help_text="in the card's currency; all that is left if left out"
    )
    evidence = EvidenceSerializer(
        required=False, help_text="which fields a reason takes is in docs/cards.md"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse evidence that its reason does not ask for."""
        odd = set(attrs.get("evidence", {})) - EVIDENCE_OF[attrs["reason"].upper()]
        if odd:
            raise serializers.ValidationError(
                {"evidence": {each: ["This reason does not take it."] for each in sorted(odd)}},
                code="not_of_reason",
            )
        return attrs


class TimelineSerializer(serializers.Serializer[Any]):
    """Something that happened to a dispute; more may be added."""

    event = serializers.ChoiceField(choices=list(TIMELINE))
    at = serializers.DateTimeField()


class DisputeSerializer(serializers.Serializer[Dispute]):
    """A dispute and how it came to stand as it does."""

    object = ConstantField("dispute")
    id = IdField(Dispute.PREFIX)
    status = StateField(Status, help_text="`sent` until the network has it")
    transaction = IdField("ctx", source="transaction_id")
    merchant = serializers.CharField(source="transaction.merchant_name")
    amount = serializers.SerializerMethodField()
    credited = serializers.SerializerMethodField(help_text="to the customer, net")
    provisional = serializers.SerializerMethodField(help_text="a loss takes the credit back")
    reason = serializers.SerializerMethodField(help_text="null if it was not opened here")
    explanation = serializers.CharField()
    evidence = EvidenceSerializer()
    submit_by = serializers.DateTimeField(source="deadline_at", allow_null=True)
    timeline = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    @extend_schema_field(AmountSerializer)
    def get_amount(self, dispute: Dispute) -> Any:
        """Return what is disputed."""
        return amount_object(money(dispute.amount, dispute.currency))

    @extend_schema_field(AmountSerializer)
    def get_credited(self, dispute: Dispute) -> Any:
        """Return what the customer has of it."""
        return amount_object(money(dispute.credited, dispute.currency))

    def get_provisional(self, dispute: Dispute) -> bool:
        """Tell whether the credit is ahead of the network's decision."""
        return bool(dispute.from_suspense > 0)

    @extend_schema_field(StateField(Reason, allow_null=True))
    def get_reason(self, dispute: Dispute) -> str | None:
        """Return the reason, or null."""
        return dispute.reason.lower() or None

    @extend_schema_field(TimelineSerializer(many=True))
    def get_timeline(self, dispute: Dispute) -> Any:
        """Return what happened, oldest first."""
        happened = [
            {"event": event, "at": at}
            for event, column in TIMELINE.items()
            if (at := getattr(dispute, column)) is not None
        ]
        # Stripe's times are whole seconds: within one, it is the order in which things can happen.
        happened.sort(key=lambda each: each["at"].replace(microsecond=0))
        return TimelineSerializer(happened, many=True).data


@extend_schema_view(
    get=extend_schema(operation_id="disputes", tags=["disputes"], examples=EXAMPLES[1:])
)
class Disputes(ListAPIView[Dispute]):
    """GET and POST /v1/disputes"""

    serializer_class = DisputeSerializer
    pagination_class = CursorPages
    throttle_classes = (MONEY,)

    def get_queryset(self) -> QuerySet[Dispute, Any]:
        """Return the disputes of the customer who is asking."""
        if getattr(self, "swagger_fake_view", False):
            return Dispute.objects.none()
        return queries.disputes(customer_id=asking(self.request).id)

    @extend_schema(
        operation_id="open_dispute",
        tags=["disputes"],
        request=ClaimSerializer,
        responses={201: DisputeSerializer},
        parameters=[key_parameter(required=True)],
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Open a dispute of a cleared purchase. It goes nowhere until it is submitted."""
        asked, customer = read_body(ClaimSerializer, request), asking(request)
        claim = services.Claim(
            reason=Reason(asked["reason"].upper()),
            explanation=asked["explanation"],
            evidence=EvidenceSerializer(asked.get("evidence", {})).data,
            amount=asked.get("amount"),
        )
        purchase = queries.transaction_of(customer_id=customer.id, shown_id=asked["transaction"])

        def effect() -> Response:
            dispute = services.open_dispute(
                customer_id=customer.id, purchase=purchase, claim=claim, now=clock.now()
            )
            return Response(DisputeSerializer(dispute).data, status=201)

        return once(request, owner=customer.id, effect=effect, required=True)


class OneDispute(APIView):
    """GET /v1/disputes/{id}"""

    @extend_schema(
        operation_id="dispute",
        tags=["disputes"],
        responses=DisputeSerializer,
        examples=EXAMPLES[1:],
    )
    def get(self, request: Request, shown_id: str) -> Response:
        """Return one dispute with what happened to it."""
        return Response(DisputeSerializer(_dispute(request, shown_id)).data)


def _dispute(request: Request, shown_id: str) -> Dispute:
    return queries.dispute_of(customer_id=asking(request).id, shown_id=shown_id)


def _act(request: Request, shown_id: str, act: Callable[..., Dispute]) -> Response:
    dispute = _dispute(request, shown_id)

    def effect() -> Response:
        return Response(DisputeSerializer(act(dispute=dispute, now=clock.now())).data)

    return once(request, owner=dispute.customer_id, effect=effect)


def _describes(operation: str) -> Callable[..., Any]:
    return extend_schema(
        operation_id=operation,
        tags=["disputes"],
        request=None,
        responses=DisputeSerializer,
        parameters=[key_parameter(required=False)],
        examples=EXAMPLES[1:],
    )


class SubmitDispute(APIView):
    """POST /v1/disputes/{id}/submit"""

    throttle_classes = (MONEY,)

    @_describes("submit_dispute")
    def post(self, request: Request, shown_id: str) -> Response:
        """Send a dispute to the card network. That is once and for good."""
        return _act(request, shown_id, services.submit)


class WithdrawDispute(APIView):
    """POST /v1/disputes/{id}/withdraw"""

    throttle_classes = (MONEY,)

    @_describes("withdraw_dispute")
    def post(self, request: Request, shown_id: str) -> Response:
        """End a dispute that the network has not got yet; the purchase may be disputed anew."""
        return _act(request, shown_id, services.withdraw)
