"""A job whose clock ticks every second, for slots that last five."""

from datetime import timedelta
from typing import Final

from celery import shared_task

from krak.core import clock
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once

SLOT: Final = timedelta(seconds=5)


@shared_task(name="faults.slot")
def slot() -> None:
    """Do nothing, once a slot."""
    now = clock.now()
    run_once(lambda: None, job="faults.slot", slot=slot_of(now, SLOT), now=now)
