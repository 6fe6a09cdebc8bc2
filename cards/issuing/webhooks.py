"""The ordinary door: Stripe tells, we keep it and answer; the work is done by a task."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from krak.api.problems import refuses_plainly
from krak.core import clock
from krak.core.inbox import services as inbox
from krak.stripe.events import ASKED, MalformedEvent, event_in


@csrf_exempt
@require_POST
@refuses_plainly
def events(request: HttpRequest) -> HttpResponse:
    """Keep an event and answer 200; an unknown type is kept too, a repeat changes nothing."""
    event = event_in(request, secrets=settings.STRIPE_EVENTS_SECRETS, now=clock.now())
    if event.type == ASKED:
        raise MalformedEvent("requests are answered at /webhooks/stripe/authorizations")
    inbox.receive(provider="stripe", event_id=event.id, kind=event.type, body=event.body)
    return JsonResponse({"received": True})
