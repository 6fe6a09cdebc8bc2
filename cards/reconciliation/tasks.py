"""The clock's door: compare the last hour often, the last day hourly, and all every night."""

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
