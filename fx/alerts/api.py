"""Price alerts of the customer who is asking: set, list, read, drop."""

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

from fx.alerts import queries, services
from fx.alerts.models import CODE_LENGTH, AlertDirection, AlertState, PriceAlert
from fx.alerts.rules import Direction, per_shown_unit
from fx.assets.directory import named
from fx.prices import live
from krak.api.idempotency import key_parameter, once
from krak.api.paging import CursorPages
from krak.api.parsing import AmountField, StrictSerializer, read_body
from krak.api.shapes import AmountSerializer, ConstantField, IdField, LivemodeField, StateField
from krak.core import clock
from krak.core.money import amount_object, money
from krak.core.transactions import transaction
from krak.customers.authentication import asking

LONGEST_PAUSE_HOURS: Final = 30 * 24
EXAMPLES: Final = [
    OpenApiExample(
        "Bitcoin at 100,000 or above, at most once a day",
        request_only=True,
        value={
            "asset": "BTC", "direction": "above", "price": "100000", "currency": "USD",
            "pause_hours": 24,
        },
    ),
    OpenApiExample(
        "Waiting for it",
        response_only=True,
        value={
            "object": "price_alert", "id": "pal_01m8kq3v5nf2tbx7d9r6h4s8jw", "state": "active",
            "asset": "BTC", "direction": "above",
            "price": {"amount": "100000.00", "currency": "USD"}, "pause_hours": 24, "fires": 0,
            "fired_at": None, "rests_until": None, "created_at": "2026-11-25T09:30:00Z",
            "livemode": False,
        },
    ),
]  # fmt: skip


class AlertRequestSerializer(StrictSerializer):
    """Of which price to tell."""

    asset = serializers.CharField(max_length=CODE_LENGTH)
    direction = serializers.ChoiceField(choices=["above", "below"], help_text="at the price too")
    price = AmountField(zero=False, help_text="of one shown unit: the middle of bid and ask")
    currency = serializers.CharField(max_length=CODE_LENGTH, help_text="a currency, not a coin")
    pause_hours = serializers.IntegerField(
        min_value=1,
        max_value=LONGEST_PAUSE_HOURS,
        required=False,
        help_text="fire again when so long has passed and the price is there; once if left out",
    )


class AlertSerializer(serializers.Serializer[PriceAlert]):
    """A price alert."""

    object = ConstantField("price_alert")
    id = IdField(PriceAlert.PREFIX)
    state = StateField(AlertState, help_text="`resting` until its pause is over")
    asset = serializers.CharField()
    direction = StateField(AlertDirection)
    price = serializers.SerializerMethodField()
    pause_hours = serializers.IntegerField(allow_null=True)
    fires = serializers.IntegerField(help_text="how often it has fired")
    fired_at = serializers.DateTimeField(allow_null=True, help_text="the last time")
    rests_until = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    @extend_schema_field(AmountSerializer)
    def get_price(self, alert: PriceAlert) -> Any:
        """Return the price of one shown unit of today: a split changes it and fires nothing."""
        multiplier = live.current().multiplier(alert.asset, clock.now())
        price = per_shown_unit(alert.base_price, multiplier=multiplier)
        return amount_object(money(price, alert.currency))


@extend_schema_view(
    get=extend_schema(operation_id="price_alerts", tags=["prices"], examples=EXAMPLES[1:])
)
class PriceAlerts(generics.ListAPIView[PriceAlert]):
    """GET and POST /v1/price-alerts"""

    serializer_class = AlertSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[PriceAlert]:
        """Return the alerts of the customer who is asking."""
        if getattr(self, "swagger_fake_view", False):
            return PriceAlert.objects.none()
        return queries.alerts(customer_id=asking(self.request).id)

    @extend_schema(
        operation_id="set_price_alert",
        tags=["prices"],
        request=AlertRequestSerializer,
        responses={201: AlertSerializer},
        parameters=[key_parameter(required=True)],
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Be told when a price is reached: a notice `price.alert`."""
        asked, customer = read_body(AlertRequestSerializer, request), asking(request)

        def effect() -> Response:
            alert = services.set_alert(
                customer_id=customer.id,
                asset=named(asked["asset"]),
                currency=named(asked["currency"]),
                direction=Direction(asked["direction"].upper()),
                price=asked["price"],
                pause_hours=asked.get("pause_hours"),
                board=live.current(),
                now=clock.now(),
            )
            return Response(AlertSerializer(alert).data, status=201)

        return once(request, owner=customer.id, effect=effect, required=True)


class OnePriceAlert(APIView):
    """GET and DELETE /v1/price-alerts/{id}"""

    @extend_schema(
        operation_id="price_alert",
        tags=["prices"],
        responses=AlertSerializer,
        examples=EXAMPLES[1:],
    )
    def get(self, request: Request, shown_id: str) -> Response:
        """Return one alert."""
        return Response(AlertSerializer(_alert(request, shown_id)).data)

    @extend_schema(operation_id="drop_price_alert", tags=["prices"], responses={204: None})
    def delete(self, request: Request, shown_id: str) -> Response:
        """Forget an alert."""
        with transaction():
            services.drop(alert=_alert(request, shown_id))
        return Response(status=204)


def _alert(request: Request, shown_id: str) -> PriceAlert:
    return queries.alert_of(customer_id=asking(request).id, shown_id=shown_id)
