"""What the clock asks of candles."""

from datetime import timedelta
from typing import Final

from celery import shared_task

from fx.candles import services
from krak.core import clock
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once

ROLL_UP_EVERY: Final = timedelta(minutes=5)
PARTITIONS_EVERY: Final = timedelta(hours=1)


@shared_task(name="candles.roll_up")
def roll_up(**_newer: object) -> None:
    """Bring the candles of hours and days up to date, every five minutes."""
    now = clock.now()
    run_once(
        lambda: services.roll_up(now=now),
        job="candles.roll_up",
        slot=slot_of(now, ROLL_UP_EVERY),
        now=now,
    )


@shared_task(name="candles.partitions")
def partitions(**_newer: object) -> None:
    """Make tables ahead and drop those that have had their time, every hour."""
    now = clock.now()

    def make_and_drop() -> None:
        services.make_partitions(now=now)
        services.drop_partitions(now=now)

    run_once(make_and_drop, job="candles.partitions", slot=slot_of(now, PARTITIONS_EVERY), now=now)
