"""The synchronous door: Stripe asks, and waits for the answer."""

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from cards.authorizations.rules.decision import AuthorizationRequest
from cards.authorizations.services import authorize
from krak.api.problems import refuses_plainly
from krak.core import clock
from krak.core.money import UnknownCurrency
from krak.stripe.events import (
    API_VERSION,
    MalformedEvent,
    StripeEvent,
    event_in,
    id_of,
    read_amount,
)

LONGEST_ID: Final = 64
MOST_MINOR: Final = 10**15
"""A card amount beyond this is no purchase, and would not fit the ledger."""


@csrf_exempt
@require_POST
@refuses_plainly
def authorizations(request: HttpRequest) -> HttpResponse:
    """Answer `issuing_authorization.request`; anything else is 400 and leaves nothing behind."""
    now = clock.now()
    event = event_in(request, secrets=settings.STRIPE_AUTHORIZATION_SECRETS, now=now)
    answer = authorize(translate(event), now=now)
    return JsonResponse(answer, headers={"Stripe-Version": API_VERSION})


def translate(event: StripeEvent) -> AuthorizationRequest:
    """Return the request in an event, in our words and whole units of the card's currency.

    Raises:
        MalformedEvent: another type, or a field that is missing, negative or absurd.
    """
    if event.type != "issuing_authorization.request":
        raise MalformedEvent(f"{event.type} does not belong here")
    try:
        return _translated(event)
    except (KeyError, TypeError, ValueError, AttributeError, UnknownCurrency) as error:
        raise MalformedEvent(f"{type(error).__name__}: {error}") from None


def _translated(event: StripeEvent) -> AuthorizationRequest:
    stripe_object: dict[str, Any] = event.object
    pending: dict[str, Any] = stripe_object["pending_request"]
    merchant: dict[str, Any] = stripe_object["merchant_data"]
    details: dict[str, Any] = pending.get("amount_details") or {}
    currency = pending["currency"]
    amount = _minor(pending["amount"])
    cashback, fee = (_minor(details.get(name) or 0) for name in ("cashback_amount", "atm_fee"))
    if cashback > amount or fee > amount:
        raise ValueError("a part is larger than the whole")
    return AuthorizationRequest(
        stripe_id=_id(stripe_object["id"]),
        step=len(stripe_object["request_history"]),
        card_stripe_id=_id(id_of(stripe_object["card"])),
        livemode=event.livemode,
        amount=read_amount(amount, currency),
        currency=currency.upper(),
        cashback_amount=read_amount(cashback, currency),
        atm_fee=read_amount(fee, currency),
        is_amount_controllable=pending["is_amount_controllable"] is True,
        mcc=_short(merchant.get("category_code"), 4),
        merchant_name=_short(merchant.get("name"), 120),
        merchant_network_id=_short(merchant.get("network_id"), 64),
        merchant_country=_short(merchant.get("country"), 2),
        merchant_currency=_short(pending.get("merchant_currency"), 10).upper(),
        merchant_amount_minor=_minor(pending.get("merchant_amount") or 0),
        method=_short(stripe_object.get("authorization_method"), 40),
        event_id=event.id,
    )


def _minor(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is no whole amount")
    if not 0 <= value <= MOST_MINOR:
        raise ValueError(f"{value} is no amount of a purchase")
    return value


def _id(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        raise ValueError(f"{value!r} is no id")
    return value


def _short(value: object, longest: int) -> str:
    return value[:longest] if isinstance(value, str) else ""
