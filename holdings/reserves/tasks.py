"""What the clock asks of reserves."""

from datetime import timedelta
from functools import partial
from typing import Final

from celery import shared_task

from holdings.reserves import services
from krak.core import clock
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once

ASKED_EVERY: Final = timedelta(minutes=10)
PROVED_EVERY: Final = timedelta(hours=6)
LASTS: Final = timedelta(hours=1)


@shared_task(name="reserves.prove")
def prove(**_newer: object) -> None:
    """Ask custodians what they hold, and four times a day prove what is owed."""
    now = clock.now()
    run_once(
        partial(services.ask_custodians, now=now),
        job="reserves.ask",
        slot=slot_of(now, ASKED_EVERY),
        now=now,
    )
    run_once(
        partial(services.prove, now=now),
        job="reserves.prove",
        slot=slot_of(now, PROVED_EVERY),
        now=now,
        lasts=LASTS,
    )
