"""The sandbox's doors for cards: what a till and the card network would do."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.disputes.models import Dispute
from cards.disputes.queries import DisputeNotFound
from cards.issuing import queries as issuing
from krak.core import clock
from krak.customers.queries import CustomerNotFound
from krak.sandbox import disputes, purchases, serializers
from krak.sandbox.issuer.shapes import merchant
from krak.sandbox.views.base import SandboxView, named, require_places


class Purchases(SandboxView):
    """POST /v1/sandbox/purchases"""

    @extend_schema(request=serializers.PurchaseSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Play a purchase through the real webhook doors."""
        body = self.read(serializers.PurchaseSerializer, request)
        found = self.customer(body["customer"])
        card = issuing.newest_card(customer_id=found.id)
        if card is None:
            raise CustomerNotFound(customer=body["customer"])
        require_places(body["amount"], card.currency)
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


class DecideDispute(SandboxView):
    """POST /v1/sandbox/disputes/{id}"""

    @extend_schema(request=serializers.DecisionSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, shown_id: str) -> Response:
        """Decide a submitted dispute as the card network would, at the fake of Stripe."""
        outcome = self.read(serializers.DecisionSerializer, request)["outcome"]
        disputes.decide(named(Dispute, shown_id, DisputeNotFound), outcome)
        return Response({"outcome": outcome})
