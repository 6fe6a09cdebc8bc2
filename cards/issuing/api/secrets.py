"""Keys to a card's secrets, and its PIN. What opens passes between the app and Stripe."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cards.issuing import queries, services
from cards.issuing.models import Card, Purpose
from krak.api.parsing import StrictSerializer, read_body
from krak.core import clock
from krak.customers.authentication import asking
from krak.identity.guard import STEP_UP_PARAMETER, requires_step_up

NO_STORE = {"Cache-Control": "no-store"}


class NonceSerializer(StrictSerializer):
    """The nonce that Stripe's SDK made in the app."""

    nonce = serializers.RegexField(r"^[\x21-\x7e]{1,255}$")


class SdkSerializer(StrictSerializer):
    """The API version that the wallet's SDK asks for."""

    stripe_version = serializers.CharField(max_length=40)


class PinSerializer(StrictSerializer):
    """A PIN, encrypted in the app with Stripe's key."""

    encrypted_number = serializers.RegexField(r"^[\x21-\x7e]{16,4000}$")


def _card(request: Request, shown_id: str) -> Card:
    return queries.card_of(customer_id=asking(request).id, shown_id=shown_id)


def _require_step_up(request: Request, card: Card, action: str) -> None:
    requires_step_up(request, action=action, subject={"card": card.shown_id})


class DetailsKey(APIView):
    """POST /v1/cards/{id}/details-key"""

    @extend_schema(
        operation_id="card_details_key",
        tags=["cards"],
        request=NonceSerializer,
        responses={201: OpenApiTypes.OBJECT},
        parameters=[STEP_UP_PARAMETER],
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """Return Stripe's ephemeral key, with which this app shows the number and CVC."""
        card, asked = _card(request, shown_id), read_body(NonceSerializer, request)
        _require_step_up(request, card, "card.details")
        key = services.key_to_secrets(
            card,
            purpose=Purpose.DETAILS,
            nonce=asked["nonce"],
            now=clock.now(),
        )
        return Response(key, status=201, headers=NO_STORE)


class WalletKey(APIView):
    """POST /v1/cards/{id}/wallet-key"""

    @extend_schema(
        operation_id="card_wallet_key",
        tags=["cards"],
        request=SdkSerializer,
        responses={201: OpenApiTypes.OBJECT},
        parameters=[STEP_UP_PARAMETER],
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """Return Stripe's ephemeral key, with which the phone adds the card to its wallet."""
        card, asked = _card(request, shown_id), read_body(SdkSerializer, request)
        _require_step_up(request, card, "card.wallet")
        key = services.key_to_secrets(
            card,
            purpose=Purpose.WALLET,
            stripe_version=asked["stripe_version"],
            now=clock.now(),
        )
        return Response(key, status=201, headers=NO_STORE)


class Pin(APIView):
    """PUT /v1/cards/{id}/pin"""

    @extend_schema(
        operation_id="set_card_pin",
        tags=["cards"],
        request=PinSerializer,
        responses={204: None},
        parameters=[STEP_UP_PARAMETER],
    )
    def put(self, request: Request, shown_id: str) -> Response:
        """Set the PIN; it is encrypted for Stripe and cannot be read here."""
        card, asked = _card(request, shown_id), read_body(PinSerializer, request)
        _require_step_up(request, card, "card.pin")
        services.set_pin(card, encrypted_number=asked["encrypted_number"], now=clock.now())
        return Response(status=204)
