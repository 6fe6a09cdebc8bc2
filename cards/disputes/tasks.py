"""The worker's doors: tell Stripe of disputes, hear what it says of them, let open ones run out."""

from datetime import datetime
from typing import Any
from uuid import UUID

from celery import shared_task

from cards.disputes import services
from cards.disputes.rules import COLUMN_OF
from cards.issuing.events import Told, applies_event, identifier, text, whole
from krak.core import clock
from krak.core.outbox.registry import calls_out
from krak.core.transactions import transaction
from krak.stripe.client import own_id_of
from krak.stripe.events import read_amount


@calls_out("disputes.tell")
def tell_dispute(*, payload: dict[str, Any], now: datetime) -> None:
    """Make and submit a dispute at Stripe."""
    services.tell_dispute(UUID(payload["dispute"]), now=now)


@shared_task(name="disputes.expire")
def expire(**_newer: object) -> None:
    """End open disputes whose time is over."""
    services.expire(now=clock.now())


@shared_task(name="disputes.tell_again")
def tell_again(**_newer: object) -> None:
    """Promise anew what Stripe should long know."""
    with transaction():
        services.tell_again(now=clock.now())


def read_dispute(told: Told) -> services.DisputeEvent:
    """Return an `issuing.dispute` in our words."""
    found = told.object
    currency = found["currency"]
    return services.DisputeEvent(
        type=told.type,
        stripe_id=identifier(found["id"]),
        transaction_stripe_id=identifier(found["transaction"]),
        amount=read_amount(whole(found["amount"], least=1), currency),
        currency=currency.upper(),
        status=text(found["status"]),
        own_id=own_id_of(found),
        event_at=told.event_at,
    )


@applies_event(*COLUMN_OF, read=read_dispute)
def apply_event(event: services.DisputeEvent, *, now: datetime) -> None:
    """Note what was said of a dispute and move what follows."""
    services.apply_event(event, now=now)
