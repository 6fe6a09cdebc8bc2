"""Cards: order, look at, freeze, replace, end, and say what they may do."""

from collections.abc import Callable
from decimal import Decimal
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

from cards.issuing import queries, services
from cards.issuing.api.cardholders import AddressSerializer
from cards.issuing.api.controls import LIMITS, CardControlsSerializer, WantedControlsSerializer
from cards.issuing.models import Card, CardStatus, CardType, EndReason, WalletToken
from cards.issuing.queries import controls_of
from cards.issuing.rules import Category, Controls, categories, raises_a_limit
from krak.api.idempotency import key_parameter, once
from krak.api.limits import throttle
from krak.api.paging import CursorPages, OwnRows
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import ConstantField, IdField, StateField
from krak.core import clock
from krak.core.limits.rules import Limit
from krak.core.money import plain
from krak.customers.authentication import asking
from krak.customers.models import Act
from krak.customers.queries import permitted
from krak.identity.guard import STEP_UP_PARAMETER, requires_step_up

NEW_CARDS: Final = throttle("new cards", Limit(30, 60), Limit(200, 86_400))
"""Each is made at Stripe, and a physical one is posted."""


class ShippingSerializer(StrictSerializer):
    """Where a card is posted to."""

    name = serializers.CharField(max_length=60)
    address = AddressSerializer()


class CardSerializer(serializers.Serializer[Card]):
    """A payment card."""

    object = ConstantField("card")
    id = IdField(Card.PREFIX)
    type = StateField(CardType)
    status = StateField(CardStatus)
    currency = serializers.CharField()
    last4 = serializers.CharField(help_text="empty while the card is being made")
    expires_on = serializers.DateField(allow_null=True)
    replaces = IdField(Card.PREFIX, source="replaces_id", allow_null=True)
    end_reason = serializers.SerializerMethodField(help_text="why it ended or is replaced")
    shipping_status = serializers.CharField(
        help_text="as the card network says; empty if not posted"
    )
    pin_set = serializers.SerializerMethodField()
    controls = CardControlsSerializer(source="*")
    settled = serializers.SerializerMethodField(
        help_text="the card network knows all of this; until then our own decisions go by it"
    )
    created_at = serializers.DateTimeField()
    livemode = serializers.BooleanField()

    @extend_schema_field(StateField(EndReason, allow_null=True))
    def get_end_reason(self, card: Card) -> str | None:
        """Return the reason, or null."""
        return card.end_reason.lower() or None

    def get_pin_set(self, card: Card) -> bool:
        """Tell whether a PIN was set through us."""
        return card.pin_set_at is not None

    def get_settled(self, card: Card) -> bool:
        """Tell whether Stripe was told."""
        return card.revision == card.told_revision


class OrderSerializer(StrictSerializer):
    """A card to be made; a physical one is posted."""

    type = serializers.ChoiceField(choices=["virtual", "physical"], default="virtual")
    currency = serializers.CharField(
        max_length=3, required=False, help_text="home currency if left out"
    )
    shipping = ShippingSerializer(required=False, help_text="the cardholder's address if left out")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to post what is virtual."""
        if attrs["type"] == "virtual" and "shipping" in attrs:
            raise serializers.ValidationError(
                {"shipping": ["A virtual card is not posted."]}, code="not_posted"
            )
        return attrs


class ReasonField(serializers.ChoiceField):
    """Why a card ends or is replaced."""

    def to_internal_value(self, data: Any) -> EndReason:
        """Return the reason in our words."""
        return EndReason(super().to_internal_value(data).upper())


class ReasonSerializer(StrictSerializer):
    """Why a card ends."""

    reason = ReasonField(choices=["lost", "stolen", "not_needed"], default=EndReason.NOT_NEEDED)


class ReplacementSerializer(StrictSerializer):
    """Why a card is replaced, and where its successor is posted to."""

    reason = ReasonField(choices=["lost", "stolen", "damaged", "expired"])
    shipping = ShippingSerializer(required=False, help_text="where the old one went if left out")


@extend_schema_view(get=extend_schema(operation_id="cards", tags=["cards"]))
class Cards(ListAPIView[Card]):
    """/v1/cards"""

    throttle_classes = (NEW_CARDS,)
    serializer_class = CardSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> Any:
        """Return the cards of the customer who is asking."""
        return OwnRows(queries.cards, asking(self.request).id)

    @extend_schema(
        operation_id="order_card",
        tags=["cards"],
        request=OrderSerializer,
        responses={201: CardSerializer},
        parameters=[key_parameter(required=True)],
        examples=[OpenApiExample("virtual", {"type": "virtual"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Order a card. It is `pending` for the seconds until the card network has made it."""
        asked, customer = read_body(OrderSerializer, request), asking(request)

        def effect() -> Response:
            permitted(customer, Act.CARD, now=clock.now())
            card = services.order(
                customer_id=customer.id,
                currency=asked.get("currency", customer.home_currency),
                type=CardType(asked["type"].upper()),
                shipping=asked.get("shipping"),
            )
            return Response(CardSerializer(card).data, status=201)

        return once(request, owner=customer.id, effect=effect, required=True)


class OneCard(APIView):
    """GET /v1/cards/{id}"""

    @extend_schema(operation_id="card", tags=["cards"], responses=CardSerializer)
    def get(self, request: Request, shown_id: str) -> Response:
        """Return one card."""
        return Response(CardSerializer(_card(request, shown_id)).data)


def _card(request: Request, shown_id: str) -> Card:
    return queries.card_of(customer_id=asking(request).id, shown_id=shown_id)


def _act(
    request: Request,
    shown_id: str,
    act: Callable[..., Card],
    *,
    takes: type[serializers.Serializer[Any]] | None = None,
    status: int = 200,
) -> Response:
    """Let `act` do with a card what the body asks, once per `Idempotency-Key`, and show it."""
    card = _card(request, shown_id)
    asked = read_body(takes, request, currency=card.currency) if takes else {}

    def effect() -> Response:
        return Response(CardSerializer(act(card=card, **asked)).data, status=status)

    return once(request, owner=card.customer_id, effect=effect)


def _describes(operation: str, *, takes: Any = None, status: int = 200) -> Callable[..., Any]:
    return extend_schema(
        operation_id=operation,
        tags=["cards"],
        request=takes,
        responses={status: CardSerializer},
        parameters=[key_parameter(required=False)],
    )


class Freeze(APIView):
    """POST /v1/cards/{id}/freeze"""

    @_describes("freeze_card")
    def post(self, request: Request, shown_id: str) -> Response:
        """Let the card decline from this moment on."""
        return _act(request, shown_id, services.freeze)


class Unfreeze(APIView):
    """POST /v1/cards/{id}/unfreeze"""

    @_describes("unfreeze_card")
    def post(self, request: Request, shown_id: str) -> Response:
        """Let the card pay; a physical one that has just arrived too."""
        return _act(request, shown_id, services.unfreeze)


class Cancel(APIView):
    """POST /v1/cards/{id}/cancel"""

    @_describes("cancel_card", takes=ReasonSerializer)
    def post(self, request: Request, shown_id: str) -> Response:
        """End the card for good."""
        return _act(request, shown_id, services.cancel, takes=ReasonSerializer)


class Replace(APIView):
    """POST /v1/cards/{id}/replace"""

    throttle_classes = (NEW_CARDS,)

    @_describes("replace_card", takes=ReplacementSerializer, status=201)
    def post(self, request: Request, shown_id: str) -> Response:
        """Order a successor with the same controls; a lost or stolen card ends at once."""
        return _act(request, shown_id, services.replace, takes=ReplacementSerializer, status=201)


class CardControls(APIView):
    """PUT /v1/cards/{id}/controls"""

    @extend_schema(parameters=[STEP_UP_PARAMETER])
    @_describes("set_card_controls", takes=WantedControlsSerializer)
    def put(self, request: Request, shown_id: str) -> Response:
        """Say what the card may do; what is left out is allowed. A higher limit needs a step-up."""

        def set_controls(*, card: Card, **asked: Any) -> Card:
            lists = {name: tuple(asked[name]) for name in ("blocked_countries", "blocked_mccs")}
            wanted = Controls(**asked | lists)
            if raises_a_limit(controls_of(card), wanted):
                limits = {name: _said(asked[name]) for name in LIMITS}
                subject = {"card": card.shown_id, **limits}
                requires_step_up(request, action="card.limits", subject=subject)
            return services.set_controls(card=card, controls=wanted)

        return _act(request, shown_id, set_controls, takes=WantedControlsSerializer)


def _said(limit: Decimal | None) -> str:
    return "none" if limit is None else plain(limit)


class WalletTokenSerializer(serializers.Serializer[WalletToken]):
    """A card in a wallet."""

    object = ConstantField("wallet_token")
    id = IdField(WalletToken.PREFIX)
    wallet_provider = serializers.CharField()
    network = serializers.CharField()
    status = serializers.CharField()
    created_at = serializers.DateTimeField()


@extend_schema_view(get=extend_schema(operation_id="card_wallets", tags=["cards"]))
class Wallets(ListAPIView[WalletToken]):
    """GET /v1/cards/{id}/wallets"""

    serializer_class = WalletTokenSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[WalletToken, Any]:
        """Return the wallets one of the customer's cards is in."""
        if getattr(self, "swagger_fake_view", False):
            return WalletToken.objects.none()
        return queries.wallet_tokens(card=_card(self.request, self.kwargs["shown_id"]))


class CategorySerializer(serializers.Serializer[Category]):
    """A kind of merchant."""

    object = ConstantField("merchant_category")
    code = serializers.CharField(source="mcc")
    name = serializers.CharField()
    group = serializers.CharField()


class AllCategoriesSerializer(serializers.Serializer[dict[str, object]]):
    """Every kind of merchant."""

    results = CategorySerializer(many=True)


class Categories(APIView):
    """GET /v1/merchant-categories"""

    @extend_schema(
        operation_id="merchant_categories",
        tags=["cards"],
        responses=AllCategoriesSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return the kinds of merchants that a card can be kept from."""
        general: Any = [each for each in categories().values() if each.is_general]
        return Response({"results": CategorySerializer(general, many=True).data})
