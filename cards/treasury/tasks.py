"""The worker's doors: watch the float, send top-ups, hear what became of them."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from celery import shared_task

from cards.issuing.events import Told, applies_event
from cards.treasury import services
from krak.core import clock
from krak.core.outbox.registry import calls_out
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once
from krak.stripe import client as stripe

WATCHED_EVERY: Final = timedelta(minutes=1)


@shared_task(name="treasury.watch")
def watch(**_newer: object) -> None:
    """Look at the float once a minute, if a Stripe is connected."""
    if not stripe.is_connected():
        return
    now = clock.now()
    run_once(
        lambda: services.watch(now=now),
        job="treasury.watch",
        slot=slot_of(now, WATCHED_EVERY),
        now=now,
    )


@calls_out("treasury.send_top_up")
def send_top_up(*, payload: dict[str, Any], now: datetime) -> None:
    """Send a top-up that was meant."""
    services.send(UUID(payload["top_up"]), now=now)


@calls_out("treasury.float_empty")
def float_is_empty(*, payload: dict[str, Any], now: datetime) -> None:
    """Raise the alarm about an empty float, and fill it up at once."""
    services.float_is_empty(
        currency=payload["currency"], authorization=payload["authorization"], now=now
    )
    if stripe.is_connected():
        services.watch(now=now)


def read_top_up(told: Told) -> services.TopUpSaid:
    """Return a `topup` in our words."""
    return services.read_said(told.object)


@applies_event(
    "topup.succeeded", "topup.failed", "topup.canceled", "topup.reversed", read=read_top_up
)
def hear_of_top_up(said: services.TopUpSaid, *, now: datetime) -> None:
    """Keep where a top-up stands."""
    services.hear_of_top_up(said, now=now)
