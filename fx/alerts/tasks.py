"""What the clock asks of price alerts."""

from datetime import timedelta
from typing import Final

from celery import shared_task

from fx.alerts import services
from fx.prices import live
from krak.core import clock
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once

ROUND: Final = timedelta(seconds=10)
ROUND_LASTS: Final = timedelta(minutes=1)


@shared_task(name="alerts.fire")
def fire(**_newer: object) -> None:
    """Fire the alerts that the newest board has crossed."""
    now = clock.now()
    run_once(
        lambda: services.fire_crossed(board=live.current(), now=now),
        job="alerts.fire",
        slot=slot_of(now, ROUND),
        now=now,
        lasts=ROUND_LASTS,
    )
