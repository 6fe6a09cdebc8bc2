"""The sandbox's doors to all of Krak at once: prices, promised work, the proof of the books."""

import time
from typing import Final

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from fx.prices import services as prices
from krak.core.outbox import queries as outbox
from krak.sandbox import serializers, services
from krak.sandbox.issuer.client import deliveries_of
from krak.sandbox.views.base import SandboxView

SETTLE_SECONDS: Final = 30


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
    """Return what is left to do: a job may make Stripe tell us more, and a webhook makes a job.

    One that was on its way before may have arrived since, too late to be among what is promised.
    """
    before = deliveries_of(settings.STRIPE_API_BASE)
    promised = outbox.pending()
    after = deliveries_of(settings.STRIPE_API_BASE)
    on_their_way = max(before.pending, after.pending)
    return promised + on_their_way + int(after.ever != before.ever)


class Proof(SandboxView):
    """GET /v1/sandbox/proof"""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Prove all books."""
        return Response(services.proof())
