"""The sandbox's doors for customers: made, funded, frozen and read from outside."""

from decimal import Decimal

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.issuing import queries as issuing_reads
from cards.issuing import services as issuing
from cards.issuing.models import Card, CardStatus
from holdings.statements import services as statements
from krak.api.idempotency import key_parameter, once
from krak.core import clock
from krak.core.errors import DomainError, Kind
from krak.core.ids import show, uuid7
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.sandbox import serializers, services
from krak.sandbox.views.base import SandboxView, require_places


class CardCurrencyUnavailable(DomainError):
    """Cards are issued in USD, EUR and GBP."""

    code = "sandbox.card_currency_unavailable"
    title = "Cards are issued in USD, EUR or GBP."
    kind = Kind.INVALID


def _card_json(card: Card) -> dict[str, str]:
    return {
        "id": card.shown_id,
        "stripe_id": card.stripe_id,
        "cardholder_stripe_id": card.cardholder.stripe_id,
    }


class Customers(SandboxView):
    """POST /v1/sandbox/customers"""

    @extend_schema(request=serializers.CustomerSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Make a customer with a card, cash and holdings."""
        body = self.read(serializers.CustomerSerializer, request)
        if body["card_currency"] not in {"USD", "EUR", "GBP"}:
            raise CardCurrencyUnavailable(asked=body["card_currency"])
        require_places(body["cash"], body["card_currency"])
        for holding in body["holdings"]:
            require_places(holding["quantity"], holding["asset"])
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
        require_places(amount, found.home_currency)

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


class Statements(SandboxView):
    """POST …/statements"""

    @extend_schema(request=None, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, shown_id: str) -> Response:
        """Issue this month's statement now; what moves later this month is in the next one."""
        found = self.customer(shown_id)
        issued = statements.close_early(customer_id=found.id, now=clock.now())
        return Response({"statement": issued.shown_id, "month": str(issued.month)}, status=201)
