"""The synchronous door: Stripe asks, and waits for the answer."""

import time
from typing import Final

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from cards.authorizations import metrics
from cards.authorizations.rules.decision import AuthorizationRequest
from cards.authorizations.services import authorize
from cards.issuing.events import (
    UNREADABLE,
    identifier,
    listing,
    mapping,
    signed,
    text,
    whole,
)
from krak.api.problems import refuses_plainly
from krak.core import clock
from krak.core.minor_units import is_known
from krak.stripe.events import (
    API_VERSION,
    ASKED,
    MalformedEvent,
    StripeEvent,
    event_in,
    read_amount,
)

MOST_STEPS: Final = 1000


@csrf_exempt
@require_POST
@refuses_plainly
def authorizations(request: HttpRequest) -> HttpResponse:
    """Answer `issuing_authorization.request`; anything else is 400 and leaves nothing behind."""
    now, began = clock.now(), time.perf_counter()
    event = event_in(request, secrets=settings.STRIPE_AUTHORIZATION_SECRETS, now=now)
    asked = translate(event)
    if not is_known(asked.merchant_currency):
        metrics.unknown_currency()
    answer = authorize(asked, now=now)
    metrics.answered(answer, seconds=time.perf_counter() - began)
    return HttpResponse(
        orjson.dumps(answer),
        content_type="application/json",
        headers={"Stripe-Version": API_VERSION},
    )


def translate(event: StripeEvent) -> AuthorizationRequest:
    """Return the request in an event, in our words and whole units of the card's currency.

    Raises:
        MalformedEvent: another type, or a field that is missing, negative or absurd.
    """
    if event.type != ASKED:
        raise MalformedEvent(f"{event.type} does not belong here")
    try:
        return _translated(event)
    except UNREADABLE as error:
        raise MalformedEvent(f"{type(error).__name__}: {error}") from None


def _translated(event: StripeEvent) -> AuthorizationRequest:
    asked = mapping(event.object)
    pending, merchant = mapping(asked["pending_request"]), mapping(asked["merchant_data"])
    details = mapping(pending.get("amount_details"))
    currency = pending["currency"]
    amount = whole(pending["amount"])
    cashback, fee = (whole(details.get(name) or 0) for name in ("cashback_amount", "atm_fee"))
    if cashback > amount or fee > amount:
        raise ValueError("a part is larger than the whole")
    step = len(listing(asked["request_history"]))
    if step > MOST_STEPS:
        raise ValueError(f"{step} requests are no purchase")
    return AuthorizationRequest(
        stripe_id=identifier(asked["id"]),
        step=step,
        card_stripe_id=identifier(asked["card"]),
        livemode=event.livemode,
        amount=read_amount(amount, currency),
        currency=currency.upper(),
        cashback_amount=read_amount(cashback, currency),
        atm_fee=read_amount(fee, currency),
        is_amount_controllable=pending["is_amount_controllable"] is True,
        mcc=text(merchant.get("category_code"), 4),
        merchant_name=text(merchant.get("name"), 120),
        merchant_network_id=text(merchant.get("network_id"), 64),
        merchant_country=text(merchant.get("country"), 2),
        merchant_currency=text(pending.get("merchant_currency"), 10).upper(),
        merchant_amount_minor=signed(pending.get("merchant_amount") or 0),
        method=text(asked.get("authorization_method"), 40),
        event_id=text(event.id, 120),
    )
