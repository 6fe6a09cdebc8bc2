"""The doors of banks and custodians: they tell, we keep it and answer; a task does the work."""

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from holdings.funding.signing import HEADER, require_signed
from krak.api.parsing import read_json
from krak.api.problems import refuses_plainly
from krak.core import clock
from krak.core.inbox import services as inbox
from krak.stripe.events import LONGEST_NAME, MOST_BYTES, EventTooLarge, MalformedEvent


@csrf_exempt
@require_POST
@refuses_plainly
def bank(request: HttpRequest) -> HttpResponse:
    """POST /webhooks/bank/events"""
    return _keep(request, provider="bank", secrets=settings.BANK_SECRETS)


@csrf_exempt
@require_POST
@refuses_plainly
def chain(request: HttpRequest) -> HttpResponse:
    """POST /webhooks/chain/events"""
    return _keep(request, provider="chain", secrets=settings.CHAIN_SECRETS)


def _keep(request: HttpRequest, *, provider: str, secrets: Sequence[str]) -> HttpResponse:
    """Keep an event and answer 200; an unknown type is kept too, a repeat changes nothing."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        raise EventTooLarge
    body = request.body
    given = request.headers.get(HEADER, "")
    require_signed(body, given=given, secrets=secrets, now=clock.now())
    try:
        event = read_json(body)
        event_id, kind = _name(event["id"]), _name(event["type"])
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedEvent(str(error)) from None
    text = body.decode()
    if "\x00" in text:
        raise MalformedEvent("NUL characters are not taken")
    inbox.receive(provider=provider, event_id=event_id, kind=kind, body=text)
    return JsonResponse({"received": True})


def _name(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise ValueError("an id or type is no short text")
    return value
