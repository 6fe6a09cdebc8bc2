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


class DetailsKey(APIView):
    """POST /v1/cards/{id}/details-key"""

    @extend_schema(
        operation_id="card_details_key",
        tags=["cards"],
        request=NonceSerializer,
        responses={201: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """Return Stripe's ephemeral key, with which this app shows the number and CVC."""
        key = services.key_to_secrets(
            _card(request, shown_id),
            purpose=Purpose.DETAILS,
            nonce=read_body(NonceSerializer, request)["nonce"],
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
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """Return Stripe's ephemeral key, with which the phone adds the card to its wallet."""
        key = services.key_to_secrets(
            _card(request, shown_id),
            purpose=Purpose.WALLET,
            stripe_version=read_body(SdkSerializer, request)["stripe_version"],
            now=clock.now(),
        )
        return Response(key, status=201, headers=NO_STORE)


class Pin(APIView):
    """PUT /v1/cards/{id}/pin"""

    @extend_schema(
        operation_id="set_card_pin", tags=["cards"], request=PinSerializer, responses={204: None}
    )
    def put(self, request: Request, shown_id: str) -> Response:
        """Set the PIN; it is encrypted for Stripe and cannot be read here."""
        services.set_pin(
            _card(request, shown_id),
            encrypted_number=read_body(PinSerializer, request)["encrypted_number"],
            now=clock.now(),
        )
        return Response(status=204)
