"""The ordinary door: Stripe tells, we keep it and answer; the work is done by a task."""

import logging
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from cards.issuing.gateway import MalformedEvent, read_event
from krak.core import clock
from krak.core.errors import DomainError
from krak.core.inbox import services as inbox

logger = logging.getLogger(__name__)

MOST_BYTES: Final = 256 * 1024


@csrf_exempt
@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """Keep an event and answer 200; an unknown type is kept too, a repeat changes nothing."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        logger.warning("webhook refused: too large")
        return JsonResponse({"code": "webhooks.too_large"}, status=413)
    try:
        event = read_event(
            request.body,
            signature=request.headers.get("Stripe-Signature", ""),
            secrets=settings.STRIPE_EVENTS_SECRETS,
            now=clock.now(),
        )
        if event.type == "issuing_authorization.request":
            raise MalformedEvent("requests are answered at /webhooks/stripe/authorizations")
    except DomainError as refusal:
        logger.warning("webhook refused: %s: %s", refusal.code, refusal.detail)
        return JsonResponse({"code": refusal.code, "detail": refusal.detail}, status=400)
    inbox.receive(provider="stripe", event_id=event.id, kind=event.type, body=event.body)
    return JsonResponse({"received": True})
