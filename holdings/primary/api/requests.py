"""Subscribe shares for cash, redeem them for it, and follow both to the end."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

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
from fx.quotes.shapes import UnitsField
from holdings.ledger.shapes import MultiplierField, amount_in
from holdings.primary import queries
from holdings.primary.models import Request, RequestState
from holdings.primary.queries import RequestNotFound
from holdings.primary.rules import CASH, Side
from holdings.primary.services import requests
from krak.api.idempotency import key_parameter, once
from krak.api.limits import MONEY
from krak.api.paging import CursorPages
from krak.api.parsing import AmountField, StrictSerializer, read_body
from krak.api.shapes import (
    AmountSerializer,
    ConstantField,
    DecimalText,
    IdField,
    LivemodeField,
    StateField,
)
from krak.core import clock
from krak.core.ids import id_of
from krak.core.money import amount_object, money
from krak.customers.authentication import asking

_SIDES: Final = [side.lower() for side in Side]
_ANSWER: Final = OpenApiExample(
    "request",
    response_only=True,
    value={
        "object": "primary_request",
        "id": "preq_01m87shhwde8b9zv9bfvka3t68",
        "side": "subscription",
        "asset": "AAPLx",
        "state": "settled",
        "cancelable": False,
        "cash": {"amount": "10000.00", "currency": "USD"},
        "units": {"amount": "43.2093", "currency": "AAPLx"},
        "multiplier": "1.0021",
        "price": "231.43",
        "failure": "",
        "approved_at": "2026-11-25T09:12:03Z",
        "ended_at": "2026-11-25T09:12:05Z",
        "created_at": "2026-11-25T01:06:44Z",
        "livemode": False,
    },
)
SUBSCRIBING: Final = [
    OpenApiExample("subscribe", request_only=True, value={"asset": "AAPLx", "cash": "10000.00"}),
    _ANSWER,
]
REDEEMING: Final = [
    OpenApiExample("redeem", request_only=True, value={"asset": "AAPLx", "units": "40"}),
    _ANSWER,
]


class SubscriptionRequestSerializer(StrictSerializer):
    """Dollars for shares."""

    asset = serializers.CharField(max_length=16, help_text="code of a tokenized share")
    cash = AmountField(zero=False, help_text="in dollars; all of it is subscribed for")


class RedemptionRequestSerializer(StrictSerializer):
    """Shares for dollars."""

    asset = serializers.CharField(max_length=16, help_text="code of a tokenized share")
    units = UnitsField(zero=False, help_text="in shown units")


class PrimaryRequestSerializer(serializers.Serializer[Request]):
    """A subscription or a redemption: what is given, what was got for it, and how far it is."""

    object = ConstantField("primary_request")
    id = IdField(Request.PREFIX)
    side = serializers.SerializerMethodField()
    asset = serializers.CharField()
    state = StateField(RequestState)
    cancelable = serializers.SerializerMethodField()
    cash = serializers.SerializerMethodField(
        help_text="given; of a redemption null until it is settled"
    )
    units = serializers.SerializerMethodField(
        help_text="in shown units of today; of a subscription null until it is settled"
    )
    multiplier = MultiplierField("asset")
    price = DecimalText(allow_null=True, help_text="USD for one shown unit, as it was settled")
    failure = serializers.CharField(help_text="why it was rejected, canceled or failed")
    approved_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    @extend_schema_field(serializers.ChoiceField(choices=_SIDES))
    def get_side(self, request: Request) -> str:
        """Return which way it goes."""
        return request.side.lower()

    def get_cancelable(self, request: Request) -> bool:
        """Return whether it can still be canceled."""
        return request.state == RequestState.REQUESTED

    @extend_schema_field(AmountSerializer(allow_null=True))
    def get_cash(self, request: Request) -> Any:
        """Return the dollars."""
        return None if request.cash is None else amount_object(money(request.cash, CASH))

    @extend_schema_field(AmountSerializer(allow_null=True))
    def get_units(self, request: Request) -> Any:
        """Return the shares."""
        if request.units is None:
            return None
        return amount_in(self.context, request.units, request.asset)


def _answer(made: Request, *, status: int = 200) -> Response:
    return Response(PrimaryRequestSerializer(made).data, status=status)


def _once(request: HttpRequest, make: Callable[[], Request]) -> Response:
    """Let a request be made, once per key."""
    return once(
        request,
        owner=asking(request).id,
        effect=lambda: _answer(make(), status=201),
        required=True,
    )


def _id_of(shown_id: str) -> UUID:
    return id_of(Request.PREFIX, shown_id, RequestNotFound)


class Subscriptions(APIView):
    """POST /v1/primary/subscriptions"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="subscribe",
        tags=["primary market"],
        request=SubscriptionRequestSerializer,
        responses={201: PrimaryRequestSerializer},
        parameters=[key_parameter(required=True)],
        examples=SUBSCRIBING,
    )
    def post(self, request: HttpRequest) -> Response:
        """Ask for new shares for dollars, which are set aside meanwhile."""
        asked, customer = read_body(SubscriptionRequestSerializer, request), asking(request)
        return _once(
            request,
            lambda: requests.subscribe(
                customer=customer,
                asset=asked["asset"],
                cash=asked["cash"],
                board=live.current(),
                now=clock.now(),
            ),
        )


class Redemptions(APIView):
    """POST /v1/primary/redemptions"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="redeem",
        tags=["primary market"],
        request=RedemptionRequestSerializer,
        responses={201: PrimaryRequestSerializer},
        parameters=[key_parameter(required=True)],
        examples=REDEEMING,
    )
    def post(self, request: HttpRequest) -> Response:
        """Ask the issuer for the cash value of shares, which are set aside meanwhile."""
        asked, customer = read_body(RedemptionRequestSerializer, request), asking(request)
        return _once(
            request,
            lambda: requests.redeem(
                customer=customer,
                asset=asked["asset"],
                units=asked["units"],
                board=live.current(),
                now=clock.now(),
            ),
        )


@extend_schema_view(
    get=extend_schema(operation_id="primary_requests", tags=["primary market"], examples=[_ANSWER])
)
class Requests(generics.ListAPIView[Request]):
    """GET /v1/primary/requests"""

    serializer_class = PrimaryRequestSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[Request]:
        """Return the requests of the customer who is asking."""
        return queries.requests(customer_id=asking(self.request).id)


class OneRequest(APIView):
    """GET /v1/primary/requests/{id}"""

    @extend_schema(
        operation_id="primary_request",
        tags=["primary market"],
        responses=PrimaryRequestSerializer,
        examples=[_ANSWER],
    )
    def get(self, request: HttpRequest, shown_id: str) -> Response:
        """Return one subscription or redemption."""
        return _answer(
            queries.request_of(request_id=_id_of(shown_id), customer_id=asking(request).id)
        )


class CancelRequest(APIView):
    """POST /v1/primary/requests/{id}/cancel"""

    @extend_schema(
        operation_id="cancel_primary_request",
        tags=["primary market"],
        request=None,
        responses=PrimaryRequestSerializer,
        parameters=[key_parameter(required=False)],
        examples=[_ANSWER],
    )
    def post(self, request: HttpRequest, shown_id: str) -> Response:
        """Cancel what was not accepted yet; again is harmless."""
        customer_id, wanted = asking(request).id, _id_of(shown_id)
        return once(
            request,
            owner=customer_id,
            effect=lambda: _answer(
                requests.cancel(request_id=wanted, customer_id=customer_id, now=clock.now())
            ),
        )
