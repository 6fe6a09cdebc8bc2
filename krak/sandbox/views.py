"""The sandbox's doors: how the product is tried from outside. Open: nothing here is real."""

import time
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers as serializers_of_rest
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cards.issuing import queries as issuing_reads
from cards.issuing import services as issuing
from cards.issuing.models import Card, CardStatus
from fx.prices import services as prices
from krak.api.idempotency import key_parameter, once
from krak.api.parsing import StrictSerializer
from krak.core import clock
from krak.core.errors import DomainError, Kind
from krak.core.ids import MalformedId, read, show, uuid7
from krak.core.money import is_exact, places_of
from krak.core.outbox import queries as outbox
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.customers.models import Customer
from krak.customers.queries import CustomerNotFound, customer
from krak.sandbox import purchases, serializers, services
from krak.sandbox.issuer.client import deliveries_of
from krak.sandbox.issuer.shapes import merchant
from krak.sandbox.models import SandboxMail, SandboxPush

SETTLE_SECONDS: Final = 30
MOST_KEPT: Final = 100


class AmountTooFine(DomainError):
    """An amount has more decimals than its currency."""

    code = "sandbox.amount_too_fine"
    title = "The amount has more decimals than its currency."
    kind = Kind.INVALID


class CardCurrencyUnavailable(DomainError):
    """Cards are issued in USD, EUR and GBP."""

    code = "sandbox.card_currency_unavailable"
    title = "Cards are issued in USD, EUR or GBP."
    kind = Kind.INVALID


class SandboxView(APIView):
    """A view without sign-in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def customer(self, shown_id: str) -> Customer:
        """Return the customer of the path, or answer 404."""
        try:
            return customer(read(Customer.PREFIX, shown_id))
        except MalformedId:
            raise CustomerNotFound(customer=shown_id) from None

    def read(self, serializer: type[StrictSerializer], request: Request) -> Any:
        """Return the checked body."""
        taken = serializer(data=request.data)
        taken.is_valid(raise_exception=True)
        return taken.validated_data


def _card_json(card: Card) -> dict[str, str]:
    return {
        "id": card.shown_id,
        "stripe_id": card.stripe_id,
        "cardholder_stripe_id": card.cardholder.stripe_id,
    }


def _require_places(amount: Any, code: str) -> None:
    if not is_exact(amount, places_of(code)):
        raise AmountTooFine(f"{amount} {code}", currency=code)


class Customers(SandboxView):
    """POST /v1/sandbox/customers"""

    @extend_schema(request=serializers.CustomerSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Make a customer with a card, cash and holdings."""
        body = self.read(serializers.CustomerSerializer, request)
        if body["card_currency"] not in {"USD", "EUR", "GBP"}:
            raise CardCurrencyUnavailable(asked=body["card_currency"])
        _require_places(body["cash"], body["card_currency"])
        for holding in body["holdings"]:
            _require_places(holding["quantity"], holding["asset"])
        with transaction():
            made, token, card = services.create_customer(
                services.NewCustomer(
                    country=body["country"],
                    card_currency=body["card_currency"],
                    cash=body["cash"],
                    holdings=[
                        services.Holding(h["asset"], h["quantity"], h.get("cost_basis", Decimal(0)))
                        for h in body["holdings"]
                    ],
                    spend_order=body["spend_order"],
                    excluded=body["excluded"],
                    cashback_asset=body.get("cashback_asset"),
                    policy=body.get("policy", {}),
                ),
                now=clock.now(),
            )
        return Response(
            {"customer": made.shown_id, "access_token": token, "card": _card_json(card)},
            status=201,
        )


class MailSerializer(serializers_of_rest.Serializer[SandboxMail]):
    """A mail that would have gone out."""

    to = serializers_of_rest.ListField(child=serializers_of_rest.EmailField())
    subject = serializers_of_rest.CharField()
    text = serializers_of_rest.CharField()
    sent_at = serializers_of_rest.DateTimeField()


class MailsSerializer(serializers_of_rest.Serializer[Any]):
    """The newest mails first, at most 100."""

    results = MailSerializer(many=True)


class Mails(SandboxView):
    """GET /v1/sandbox/mails?to=…"""

    @extend_schema(
        operation_id="sandbox_mails",
        parameters=[OpenApiParameter("to", str, description="an address; all if left out")],
        responses=MailsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return the mails to an address, newest first."""
        found = SandboxMail.objects.order_by("-id")
        if to := request.query_params.get("to"):
            found = found.filter(to__contains=[to.lower()])
        return Response(MailsSerializer({"results": found[:MOST_KEPT]}).data)


class PushSerializer(serializers_of_rest.Serializer[SandboxPush]):
    """A push that would have gone out."""

    token = serializers_of_rest.CharField()
    title = serializers_of_rest.CharField()
    text = serializers_of_rest.CharField()
    payload = serializers_of_rest.DictField(source="data", help_text="for the app")
    sent_at = serializers_of_rest.DateTimeField()


class PushesSerializer(serializers_of_rest.Serializer[Any]):
    """The newest pushes first, at most 100."""

    results = PushSerializer(many=True)


class Pushes(SandboxView):
    """GET /v1/sandbox/pushes?customer=…"""

    @extend_schema(
        operation_id="sandbox_pushes",
        parameters=[OpenApiParameter("customer", str, description="a customer; all if left out")],
        responses=PushesSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return the pushes to a customer's phones, newest first."""
        found = SandboxPush.objects.order_by("-id")
        if shown_id := request.query_params.get("customer"):
            found = found.filter(customer_id=self.customer(shown_id).id)
        return Response(PushesSerializer({"results": found[:MOST_KEPT]}).data)


class Prices(SandboxView):
    """PUT and DELETE /v1/sandbox/prices"""

    @extend_schema(request=serializers.PinsSerializer, responses=OpenApiTypes.OBJECT)
    def put(self, request: Request) -> Response:
        """Pin prices in every process before this call returns."""
        body = self.read(serializers.PinsSerializer, request)
        version = prices.pin_prices(
            currency=body["currency"],
            bid=body["bid"],
            stale=body["stale"],
            market_closed=body["market_closed"],
        )
        return Response({"pinned": sorted(body["bid"]), "version": version})

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Let every price move again."""
        prices.unpin_prices()
        return Response(status=204)


class Deposits(SandboxView):
    """POST …/deposits"""

    @extend_schema(
        request=serializers.DepositSerializer,
        responses={201: OpenApiTypes.OBJECT},
        parameters=[key_parameter(required=False)],
    )
    def post(self, request: Request, shown_id: str) -> Response:
        """Credit cash in the card's currency, once per `Idempotency-Key`."""
        found = self.customer(shown_id)
        amount = self.read(serializers.DepositSerializer, request)["amount"]
        _require_places(amount, found.home_currency)

        def deposit() -> Response:
            services.deposit(
                customer=found,
                amount=amount,
                cause=f"sandbox:deposit:{show('dep', uuid7())}",
                now=clock.now(),
            )
            return Response(services.position_within(customer=found), status=201)

        return once(request, owner=found.id, effect=deposit)


class Freeze(SandboxView):
    """POST …/freeze"""

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, shown_id: str) -> Response:
        """Freeze the account, as compliance would."""
        found = self.customer(shown_id)
        with transaction():
            customers.freeze(customer_id=found.id, reason="sandbox", now=clock.now())
        return Response({"frozen": True})


class Unfreeze(SandboxView):
    """POST …/unfreeze"""

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, shown_id: str) -> Response:
        """Thaw the account."""
        found = self.customer(shown_id)
        with transaction():
            customers.unfreeze(customer_id=found.id, reason="sandbox")
        return Response({"frozen": False})


class Excluded(SandboxView):
    """POST …/excluded"""

    @extend_schema(request=serializers.ExclusionSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, shown_id: str) -> Response:
        """Never sell an asset for a purchase."""
        found = self.customer(shown_id)
        code = self.read(serializers.ExclusionSerializer, request)["asset"]
        with transaction():
            issuing.exclude_asset(customer_id=found.id, code=code)
        return Response({"excluded": issuing_reads.spending_profile(customer_id=found.id).excluded})


class CardDoor(SandboxView):
    """POST …/card"""

    @extend_schema(request=serializers.CardStatusSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, shown_id: str) -> Response:
        """Set the card's status; `active` after `canceled` issues the replacement."""
        found = self.customer(shown_id)
        status = self.read(serializers.CardStatusSerializer, request)["status"]
        with transaction():
            card = services.set_card(customer_id=found.id, status=CardStatus(status.upper()))
        return Response({**_card_json(card), "status": card.status.lower()})


class Position(SandboxView):
    """GET …/position"""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, shown_id: str) -> Response:
        """Return what the customer has."""
        return Response(services.position(customer=self.customer(shown_id)))


class Settle(SandboxView):
    """POST /v1/sandbox/settle"""

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        """Return once inbox, outbox, tasks and Stripe's webhooks are done, after 30 s at most."""
        give_up_at = time.monotonic() + SETTLE_SECONDS
        while (pending := _pending()) and time.monotonic() < give_up_at:
            time.sleep(0.01)
        return Response({"pending": pending})


def _pending() -> int:
    """Return what is left to do: a job may make Stripe tell us more, and a webhook makes a job."""
    before = deliveries_of(settings.STRIPE_API_BASE)
    promised = outbox.pending()
    after = deliveries_of(settings.STRIPE_API_BASE)
    return promised + after.pending + int(after.ever != before.ever)


class Proof(SandboxView):
    """GET /v1/sandbox/proof"""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Prove all books."""
        return Response(services.proof())


class Purchases(SandboxView):
    """POST /v1/sandbox/purchases"""

    @extend_schema(request=serializers.PurchaseSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Play a purchase through the real webhook doors."""
        body = self.read(serializers.PurchaseSerializer, request)
        found = self.customer(body["customer"])
        card = issuing_reads.newest_card(customer_id=found.id)
        if card is None:
            raise CustomerNotFound(customer=body["customer"])
        _require_places(body["amount"], card.currency)
        played = purchases.play(
            card=card,
            amount=body["amount"],
            merchant=merchant(
                name=body["merchant_name"], mcc=body["mcc"], country=body["merchant_country"]
            ),
            merchant_currency=body["merchant_currency"],
            now=clock.now(),
        )
        return Response(played, status=201)
