"""Play a whole purchase through the real webhook doors: request, created, capture, closed.

One that is declined is created closed, as Stripe has it.
"""

import json
import secrets
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.test import Client

from cards.issuing.models import Card
from fx.prices import live
from krak.core.minor_units import to_minor
from krak.core.money import ceil_to, money, places_of
from krak.core.outbox import services as outbox
from krak.core.transactions import transaction
from krak.sandbox.issuer import shapes as stripe_shapes


def play(
    *,
    card: Card,
    amount: Decimal,
    merchant: dict[str, Any],
    merchant_currency: str,
    now: datetime,
) -> dict[str, Any]:
    """Ask, tell what came of it, and capture; return the answer and the ids that were used."""
    currency, created = card.currency.lower(), int(now.timestamp())
    minor = to_minor(money(amount, card.currency))
    merchant_minor = _merchant_minor(amount, card.currency, merchant_currency.upper())
    merchant_currency = merchant_currency.lower()
    stripe_id = f"iauth_{secrets.token_hex(12)}"
    card_object = {
        "id": card.stripe_id,
        "object": "issuing.card",
        "cardholder": card.cardholder.stripe_id,
        "currency": currency,
        "last4": card.last4,
        "livemode": False,
        "status": card.status.lower(),
    }
    shared: dict[str, Any] = {
        "stripe_id": stripe_id,
        "card": card_object,
        "currency": currency,
        "merchant_data": merchant,
        "merchant_currency": merchant_currency,
        "created": created,
    }
    asked = stripe_shapes.authorization(
        **shared,
        pending_request=stripe_shapes.pending_request(
            amount=minor,
            currency=currency,
            merchant_amount=merchant_minor,
            merchant_currency=merchant_currency,
        ),
    )
    answer = _post("authorizations", "issuing_authorization.request", asked, now=now)
    played: dict[str, Any] = {"authorization": stripe_id, "answer": answer, "transaction": None}
    approved = bool(answer["approved"])
    known: dict[str, Any] = {
        **shared,
        "amount": minor,
        "merchant_amount": merchant_minor,
        "approved": approved,
        "request_history": [
            stripe_shapes.history_entry(
                amount=minor,
                currency=currency,
                merchant_amount=merchant_minor,
                merchant_currency=merchant_currency,
                approved=approved,
                reason="webhook_approved" if approved else "webhook_declined",
                created=created,
            )
        ],
    }
    closed = stripe_shapes.authorization(**known, status="closed")
    if not approved:
        _post("events", "issuing_authorization.created", closed, now=now)
        _let_the_fake_know(closed, None)
        return played
    played["transaction"] = f"ipi_{secrets.token_hex(12)}"
    capture = stripe_shapes.transaction(
        stripe_id=played["transaction"],
        kind="capture",
        amount=-minor,
        currency=currency,
        card=card.stripe_id,
        cardholder=card.cardholder.stripe_id,
        authorization_id=stripe_id,
        merchant_data=merchant,
        merchant_amount=-merchant_minor,
        merchant_currency=merchant_currency,
        created=created,
    )
    for kind, stripe_object in (
        ("issuing_authorization.created", stripe_shapes.authorization(**known)),
        ("issuing_transaction.created", capture),
        ("issuing_authorization.updated", closed),
    ):
        _post("events", kind, stripe_object, now=now)
    _let_the_fake_know(closed, capture)
    return played


def _let_the_fake_know(authorization: dict[str, Any], capture: dict[str, Any] | None) -> None:
    """Promise that the fake keeps what it did not play itself, so that its records are ours."""
    if settings.STRIPE_API_BASE:
        with transaction():
            outbox.promise(
                "sandbox.introduce_purchase", {"authorization": authorization, "capture": capture}
            )


def _merchant_minor(amount: Decimal, card_currency: str, merchant_currency: str) -> int:
    """Return the price at the merchant: the card amount at the board's rate."""
    rate = live.current().mid_in(card_currency, merchant_currency)
    merchant_amount = ceil_to(amount * rate, places_of(merchant_currency))
    return to_minor(money(merchant_amount, merchant_currency))


def _post(door: str, kind: str, stripe_object: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    secret = {
        "authorizations": settings.STRIPE_AUTHORIZATION_SECRETS,
        "events": settings.STRIPE_EVENTS_SECRETS,
    }[door][0]
    body = stripe_shapes.event(kind, stripe_object, created=int(now.timestamp()))
    text, signature = stripe_shapes.signed(body, secret=secret, now=now)
    response = Client(SERVER_NAME="127.0.0.1").post(
        f"/webhooks/stripe/{door}",
        data=text,
        content_type="application/json",
        headers={"Stripe-Signature": signature},
    )
    answer: dict[str, Any] = json.loads(response.content)
    return answer
