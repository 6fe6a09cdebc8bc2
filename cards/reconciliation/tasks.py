"""The clock's doors: fetch what did not arrive; compare the last hour often, all every night."""

from datetime import timedelta
from typing import Final

from celery import shared_task

from cards.reconciliation import services
from krak.core import clock
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once
from krak.stripe import client as stripe

WINDOWS: Final = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1, hours=1),
    "all": timedelta(days=40),
}
"""An authorization lives a month at most."""
DISPUTES_LAST: Final = timedelta(days=250)
"""Made within four months of the purchase, decided within some four more; a night looks at all."""
EVERY: Final = {
    "hour": timedelta(minutes=4),
    "day": timedelta(hours=1),
    "all": timedelta(days=1),
}
"""What a lost webhook left out is found within a quarter of an hour: ten minutes are left for it to
come after all."""
FETCHED_EVERY: Final = timedelta(minutes=10)
KEPT_AT_STRIPE: Final = timedelta(days=30)
"""Source: Stripe's Events API."""
LASTS: Final = timedelta(hours=1)


@shared_task(name="reconciliation.compare")
def compare(*, window: str = "day", **_newer: object) -> None:
    """Compare Stripe's records with ours, if a Stripe is connected."""
    if not stripe.is_connected():
        return
    now = clock.now()
    since = (now - WINDOWS[window]).replace(minute=0, second=0, microsecond=0)
    run_once(
        lambda: services.reconcile(
            since=since,
            now=now,
            disputes_since=now - DISPUTES_LAST if window == "all" else since,
        ),
        job=f"reconciliation.compare.{window}",
        slot=slot_of(now, EVERY[window]),
        now=now,
        lasts=LASTS,
    )


@shared_task(name="reconciliation.fetch_undelivered")
def fetch_undelivered(**_newer: object) -> None:
    """Fetch the events that Stripe could not deliver, if a Stripe is connected."""
    if not stripe.is_connected():
        return
    now = clock.now()
    run_once(
        lambda: services.fetch_undelivered(since=now - KEPT_AT_STRIPE, now=now),
        job="reconciliation.fetch_undelivered",
        slot=slot_of(now, FETCHED_EVERY),
        now=now,
        lasts=LASTS,
    )
