"""Split a bill between people."""

from datetime import datetime
from decimal import Decimal
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

from fx.assets import queries as assets
from fx.prices import live
from fx.prices.rules import Board
from fx.quotes.queries import AmountTooFine
from fx.quotes.shapes import UnitsField
from holdings.ledger.shapes import MultiplierField, amount_in
from holdings.transfers import queries
from holdings.transfers.api.fields import (
    AMOUNT,
    AskedAmountSerializer,
    NoteField,
    TagField,
    moment,
)
from holdings.transfers.models import Request, RequestState, SplitBill, SplitShare
from holdings.transfers.queries import SplitNotFound
from holdings.transfers.rules import MOST_PEOPLE, adds_up, equal_shares
from holdings.transfers.services import splits
from holdings.transfers.services.permission import sum_of
from krak.api.idempotency import key_parameter, once
from krak.api.limits import MONEY
from krak.api.paging import CursorPages
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import AmountSerializer, ConstantField, IdField, LivemodeField
from krak.core import clock
from krak.core.ids import id_of
from krak.core.money import is_exact
from krak.customers.authentication import asking

FAILED: Final = "failed"
STATES: Final = [*(state.lower() for state in RequestState.values), FAILED]
SHOWN: Final = {
    "object": "split_bill",
    "id": "spl_01m87shhwde8b9zv9bfvka3t68",
    "amount": {"amount": "50.00", "currency": "EUR"},
    "own": AMOUNT,
    "paid": {"amount": "0.00", "currency": "EUR"},
    "multiplier": None,
    "shares": [
        {
            "tag": "ada", "amount": AMOUNT, "state": "open",
            "request": "req_01m87shhwde8b9zv9bfvka3t68", "failure": None,
        }
    ],
    "shares_paid": 0,
    "people": 2,
    "note": "Dinner 🍜",
    "created_at": "2026-11-24T22:06:44Z",
    "livemode": False,
}  # fmt: skip
EXAMPLE: Final = OpenApiExample("split bill", response_only=True, value=SHOWN)


class AskedShareSerializer(StrictSerializer):
    """Somebody's share; without amounts all pay the same."""

    tag = TagField()
    amount = UnitsField(zero=False, required=False, help_text="in the currency of the bill")


class SplitRequestSerializer(StrictSerializer):
    """A bill and who shares it. All shares have an amount and sum to the bill, or none has one."""

    amount = AskedAmountSerializer()
    shares = AskedShareSerializer(many=True, allow_empty=False)
    own = UnitsField(required=False, help_text="your own share, where amounts are given")
    include_me = serializers.BooleanField(
        default=True, help_text="where none are: whether you pay a share as well"
    )
    note = NoteField()

    def validate_shares(self, shares: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Refuse too many people, and one named twice."""
        if len(shares) > MOST_PEOPLE:
            raise serializers.ValidationError(
                f"At most {MOST_PEOPLE} people share a bill.", code="too_many"
            )
        if len({share["tag"] for share in shares}) < len(shares):
            raise serializers.ValidationError("Somebody is named twice.", code="twice")
        return shares

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Work out what everybody pays: `amounts` of the others, and `own`."""
        given = [share["amount"] for share in attrs["shares"] if "amount" in share]
        if not given and "own" not in attrs:
            own, amounts = _equally(attrs)
        else:
            own, amounts = attrs.get("own", Decimal(0)), given
            everybody = [*given, own] if own else given
            if len(given) < len(attrs["shares"]) or not adds_up(
                attrs["amount"]["amount"], everybody
            ):
                raise serializers.ValidationError(
                    {"shares": ["Every share has an amount, and they sum to the bill."]},
                    code="sum",
                )
        if len(amounts) + bool(own) > MOST_PEOPLE:
            raise serializers.ValidationError(
                {"shares": [f"At most {MOST_PEOPLE} people share a bill, you included."]},
                code="too_many",
            )
        return attrs | {"own": own, "amounts": amounts}


def _equally(asked: dict[str, Any]) -> tuple[Decimal, list[Decimal]]:
    """Return what who asks and what the others pay, in equal shares."""
    total, code = asked["amount"]["amount"], asked["amount"]["currency"]
    places = assets.facts(code).decimals
    if not is_exact(total, places):
        raise AmountTooFine(asset=code, decimals=places)
    people = len(asked["shares"]) + asked["include_me"]
    parts = equal_shares(total, people=people, places=places)
    if not adds_up(total, parts):
        raise serializers.ValidationError(
            {"amount": ["This is too little for so many people."]}, code="too_little"
        )
    own = parts.pop(0) if asked["include_me"] else Decimal(0)
    return own, parts


class ShareSerializer(serializers.Serializer[Any]):
    """What became of somebody's share, by the `multiplier` of the bill."""

    tag = serializers.CharField()
    amount = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    request = IdField(Request.PREFIX, source="request_id", allow_null=True)
    failure = serializers.SerializerMethodField(help_text="code of why they could not be asked")

    @extend_schema_field(AmountSerializer)
    def get_amount(self, row: SplitShare) -> Any:
        """Return how much, in shown units."""
        return amount_in(self.context, row.units, self.context["currency"])

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, row: SplitShare) -> str:
        """Return what became of the request, or that there is none."""
        return FAILED if row.request is None else row.request.state.lower()

    def get_failure(self, row: SplitShare) -> str | None:
        """Return the code of the refusal."""
        return row.failure or None


class SplitSerializer(serializers.Serializer[SplitBill]):
    """A bill that you split, and how far it is paid."""

    object = ConstantField("split_bill")
    id = IdField(SplitBill.PREFIX)
    amount = serializers.SerializerMethodField()
    own = serializers.SerializerMethodField(help_text="your own share")
    paid = serializers.SerializerMethodField(help_text="what the others have paid so far")
    multiplier = MultiplierField()
    shares = serializers.SerializerMethodField()
    shares_paid = serializers.SerializerMethodField()
    people = serializers.IntegerField()
    note = serializers.CharField()
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    @extend_schema_field(AmountSerializer)
    def get_amount(self, row: SplitBill) -> Any:
        """Return the whole bill."""
        return amount_in(self.context, row.units, row.currency)

    @extend_schema_field(AmountSerializer)
    def get_own(self, row: SplitBill) -> Any:
        """Return the share of who made it."""
        return amount_in(self.context, row.own_units, row.currency)

    @extend_schema_field(AmountSerializer)
    def get_paid(self, row: SplitBill) -> Any:
        """Return what came in."""
        units = sum((share.units for share in _paid(row)), Decimal(0))
        return amount_in(self.context, units, row.currency)

    @extend_schema_field(ShareSerializer(many=True))
    def get_shares(self, row: SplitBill) -> Any:
        """Return everybody's share in the order they were named."""
        ordered = sorted(row.shares.all(), key=lambda share: share.position)
        context = {**self.context, "currency": row.currency}
        return ShareSerializer(ordered, many=True, context=context).data

    def get_shares_paid(self, row: SplitBill) -> int:
        """Return how many have paid."""
        return len(_paid(row))


def _paid(bill: SplitBill) -> list[SplitShare]:
    return [
        share
        for share in bill.shares.all()
        if share.request is not None and share.request.state == RequestState.PAID
    ]


def _shown(bill: SplitBill, request: HttpRequest) -> dict[str, Any]:
    return dict(SplitSerializer(bill, context=moment(asking(request))).data)


def _shares(asked: dict[str, Any], *, board: Board, now: datetime) -> list[splits.Share]:
    currency = asked["amount"]["currency"]
    return [
        splits.Share(tag=share["tag"], what=sum_of(amount, currency, board=board, now=now))
        for share, amount in zip(asked["shares"], asked["amounts"], strict=True)
    ]


@extend_schema_view(
    get=extend_schema(operation_id="split_bills", tags=["transfers"], examples=[EXAMPLE])
)
class Splits(generics.ListAPIView[SplitBill]):
    """GET and POST /v1/split-bills"""

    throttle_classes = (MONEY,)
    serializer_class = SplitSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[SplitBill]:
        """Return the bills that the customer who is asking split."""
        return queries.splits(customer_id=asking(self.request).id)

    def get_serializer_context(self) -> dict[str, Any]:
        """Let amounts be shown by the multipliers in force."""
        return {**super().get_serializer_context(), **moment(asking(self.request))}

    @extend_schema(
        operation_id="split_bill",
        tags=["transfers"],
        request=SplitRequestSerializer,
        responses={201: SplitSerializer},
        parameters=[key_parameter(required=True)],
        examples=[
            OpenApiExample("equally", request_only=True, value={
                "amount": {"amount": "50.00", "currency": "EUR"}, "shares": [{"tag": "ada"}],
                "note": "Dinner 🍜",
            }),
            EXAMPLE,
        ],
    )  # fmt: skip
    def post(self, request: HttpRequest) -> Response:
        """Ask each of the others for their share; who cannot be asked does not stop the rest."""
        asked, owner = read_body(SplitRequestSerializer, request), asking(request)
        board, now = live.current(), clock.now()

        def split() -> Response:
            own, currency = asked["own"], asked["amount"]["currency"]
            mine = sum_of(own, currency, board=board, now=now).units if own else Decimal(0)
            bill = splits.split(
                owner=owner,
                shares=_shares(asked, board=board, now=now),
                own_units=mine,
                note=asked["note"],
                board=board,
                now=now,
            )
            bill = queries.split_of(split_id=bill.id, customer_id=owner.id)
            return Response(_shown(bill, request), status=201)

        return once(request, owner=owner.id, effect=split, required=True)


class OneSplit(APIView):
    """GET /v1/split-bills/{id}"""

    @extend_schema(
        operation_id="get_split_bill", tags=["transfers"], responses=SplitSerializer,
        examples=[EXAMPLE],
    )  # fmt: skip
    def get(self, request: HttpRequest, shown_id: str) -> Response:
        """Return a bill that you split, and who has paid."""
        bill = queries.split_of(
            split_id=id_of(SplitBill.PREFIX, shown_id, SplitNotFound),
            customer_id=asking(request).id,
        )
        return Response(_shown(bill, request))
