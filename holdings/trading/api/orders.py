"""Place, read and cancel limit orders."""

from decimal import Decimal
from typing import Any

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
from holdings.ledger.shapes import ShownAmountSerializer, seen, shown_in
from holdings.trading import queries
from holdings.trading.api.fees import fee_in, fees_in, pair_in
from holdings.trading.models import Order, OrderState, Trade
from holdings.trading.queries import OrderNotFound
from holdings.trading.rules.orders import OrderSide
from holdings.trading.services import orders
from krak.api.idempotency import key_parameter, once
from krak.api.limits import MONEY
from krak.api.paging import CursorPages
from krak.api.parsing import AmountField, StrictSerializer, read_body
from krak.api.shapes import (
    ConstantField,
    DecimalText,
    IdField,
    LivemodeField,
    StateField,
)
from krak.core import clock
from krak.core.ids import id_of
from krak.customers.authentication import asking
from krak.customers.models import Act
from krak.customers.queries import permitted

EXAMPLES = [
    OpenApiExample(
        "sell",
        request_only=True,
        value={
            "side": "sell", "asset": "BTC", "against": "EUR", "quantity": "0.01",
            "limit_price": "60000",
        },
    ),
    OpenApiExample(
        "order",
        response_only=True,
        value={
            "object": "order",
            "id": "ord_01m87shhwde8b9zv9bfvka3t68",
            "state": "open",
            "side": "sell",
            "quantity": {"amount": "0.01", "currency": "BTC", "multiplier": None},
            "limit_price": "60000",
            "limit": {"amount": "600.00", "currency": "EUR", "multiplier": None},
            "fee": {"amount": "0.0001", "currency": "BTC", "multiplier": None},
            "fee_percent": "1",
            "trade": None,
            "cancel_reason": "",
            "canceled_at": None,
            "created_at": "2026-11-24T22:06:44Z",
            "livemode": False,
        },
    ),
]  # fmt: skip


class OrderRequestSerializer(StrictSerializer):
    """An order that stays until it is filled whole, or canceled."""

    side = serializers.ChoiceField(choices=["sell", "buy"])
    asset = serializers.CharField(max_length=16, help_text="what is sold or bought")
    against = serializers.CharField(max_length=16, help_text="what it is exchanged for")
    quantity = UnitsField(zero=False, help_text="in shown units of `asset`")
    limit_price = AmountField(
        zero=False, help_text="`against` for one of `asset`, fee and spread included"
    )


class OrderSerializer(serializers.Serializer[Order]):
    """A limit order: filled at its limit or better, whole or not at all."""

    object = ConstantField("order")
    id = IdField(Order.PREFIX)
    state = StateField(OrderState)
    side = serializers.SerializerMethodField()
    quantity = serializers.SerializerMethodField()
    limit_price = serializers.SerializerMethodField()
    limit = serializers.SerializerMethodField()
    fee = serializers.SerializerMethodField(
        help_text="what filling it at its limit would be charged by the fees and prices of now,"
        " within the limit; null while there is no price, and once it has ended: its trade says"
    )
    fee_percent = serializers.SerializerMethodField(
        help_text="of what is given, where that is more than the minimum; null once it has ended"
    )
    trade = IdField(Trade.PREFIX, source="trade_id", allow_null=True)
    cancel_reason = serializers.CharField(help_text="`customer`, or the code of a refusal")
    canceled_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    @extend_schema_field(serializers.ChoiceField(choices=["sell", "buy"]))
    def get_side(self, order: Order) -> str:
        """Return what the order does with its asset."""
        return order.side.lower()

    @extend_schema_field(ShownAmountSerializer)
    def get_quantity(self, order: Order) -> Any:
        """Return how much of the asset, in shown units of today."""
        return shown_in(self.context, order.units, order.asset)

    @extend_schema_field(ShownAmountSerializer)
    def get_limit(self, order: Order) -> Any:
        """Return what a sale brings at least, or a purchase costs at most."""
        return shown_in(self.context, order.limit_units, order.against)

    @extend_schema_field(ShownAmountSerializer(allow_null=True))
    def get_fee(self, order: Order) -> Any:
        """Return what it will be charged at most, if prices stay."""
        if order.state is not OrderState.OPEN:
            return None
        pair = pair_in(self.context, sell=order.gives, buy=order.gets)
        if pair is None:
            return None
        fee = fee_in(self.context, order.gives_units, pair=pair)
        return shown_in(self.context, fee, order.gives)

    @extend_schema_field(DecimalText(allow_null=True))
    def get_fee_percent(self, order: Order) -> str | None:
        """Return the rate of the fee."""
        if order.state is not OrderState.OPEN:
            return None
        fees = fees_in(self.context, sell=order.gives, buy=order.gets)
        return DecimalText().to_representation(fees.percent)

    @extend_schema_field(DecimalText)
    def get_limit_price(self, order: Order) -> str:
        """Return the limit as it was asked for, put in today's shown units after a split."""
        asset, against = (self._multiplier(code) for code in (order.asset, order.against))
        price = order.limit_price * order.asset_multiplier * against
        return DecimalText().to_representation(price / (asset * order.against_multiplier))

    def _multiplier(self, code: str) -> Decimal:
        moment = seen(self.context)
        return moment["board"].multiplier(code, moment["now"])


@extend_schema_view(get=extend_schema(operation_id="orders", tags=["trading"]))
class Orders(generics.ListAPIView[Order]):
    """GET and POST /v1/orders"""

    throttle_classes = (MONEY,)

    serializer_class = OrderSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[Order]:
        """Return the orders of the customer who is asking."""
        return queries.orders(customer_id=asking(self.request).id)

    @extend_schema(
        operation_id="place_order",
        tags=["trading"],
        request=OrderRequestSerializer,
        responses={201: OrderSerializer},
        parameters=[key_parameter(required=True)],
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Place an order; what it may have to give is set aside until it ends."""
        asked, customer = read_body(OrderRequestSerializer, request), asking(request)

        def place() -> Response:
            permitted(customer, Act.TRADE, now=clock.now())
            order = orders.place(
                customer=customer,
                side=OrderSide(asked["side"].upper()),
                asset=asked["asset"],
                against=asked["against"],
                quantity=asked["quantity"],
                limit_price=asked["limit_price"],
                board=live.current(),
                now=clock.now(),
            )
            return Response(OrderSerializer(order).data, status=201)

        return once(request, owner=customer.id, effect=place, required=True)


class OneOrder(APIView):
    """GET /v1/orders/{id}"""

    @extend_schema(operation_id="order", tags=["trading"], responses=OrderSerializer)
    def get(self, request: Request, shown_id: str) -> Response:
        """Return one order."""
        order = queries.order_of(
            order_id=id_of(Order.PREFIX, shown_id, OrderNotFound), customer_id=asking(request).id
        )
        return Response(OrderSerializer(order).data)


class CancelOrder(APIView):
    """POST /v1/orders/{id}/cancel"""

    @extend_schema(
        operation_id="cancel_order",
        tags=["trading"],
        request=None,
        responses=OrderSerializer,
        parameters=[key_parameter(required=False)],
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """End an open order and free what it had set aside; again is harmless."""
        customer_id = asking(request).id
        wanted = id_of(Order.PREFIX, shown_id, OrderNotFound)

        def cancel() -> Response:
            order = orders.cancel(order_id=wanted, customer_id=customer_id, now=clock.now())
            return Response(OrderSerializer(order).data)

        return once(request, owner=customer_id, effect=cancel)
