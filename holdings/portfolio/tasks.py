"""What the clock asks of portfolios."""

from datetime import timedelta
from functools import partial
from typing import Final

from celery import shared_task

from holdings.portfolio import services
from krak.core import clock
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once

DAY: Final = timedelta(days=1)
SETTLED: Final = timedelta(minutes=5)
"""How long after midnight the last candle of the day is surely written."""
DAYS_BACK: Final = 7
LASTS: Final = timedelta(hours=1)


@shared_task(name="portfolio.write_days")
def write_days(**_newer: object) -> None:
    """Write down the day that ended, and the days before it on which nothing ran."""
    now = clock.now()
    today = slot_of(now - SETTLED, DAY)
    for days in range(DAYS_BACK, 0, -1):
        slot = today - days * DAY
        run_once(
            partial(services.write_day, on=slot.date(), now=now),
            job="portfolio.write_day",
            slot=slot,
            now=now,
            lasts=LASTS,
        )
