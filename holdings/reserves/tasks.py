"""What the clock asks of reserves."""

from datetime import timedelta
from functools import partial
from typing import Final

from celery import shared_task

from holdings.reserves.services import backing, custody, proofs
from krak.core import clock
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once

ASKED_EVERY: Final = timedelta(minutes=10)
PROVED_EVERY: Final = timedelta(hours=6)
LASTS: Final = timedelta(hours=1)


@shared_task(name="reserves.prove")
def prove(**_newer: object) -> None:
    """Ask custodians what they hold and attesters what backs it; four times a day prove."""
    now = clock.now()
    run_once(
        partial(custody.ask_custodians, now=now),
        job="reserves.ask",
        slot=slot_of(now, ASKED_EVERY),
        now=now,
    )
    run_once(
        partial(backing.ask_attesters, now=now),
        job="reserves.attest",
        slot=slot_of(now, ASKED_EVERY),
        now=now,
    )
    run_once(
        partial(proofs.prove, now=now),
        job="reserves.prove",
        slot=slot_of(now, PROVED_EVERY),
        now=now,
        lasts=LASTS,
    )
