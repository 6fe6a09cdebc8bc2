"""What the clock asks of statements."""

from datetime import timedelta
from functools import partial
from typing import Final

from celery import shared_task

from holdings.statements import services
from holdings.statements.rules import Month
from krak.core import clock
from krak.core.schedule.services import run_once

LASTS: Final = timedelta(hours=6)


@shared_task(name="statements.issue")
def issue(**_newer: object) -> None:
    """Issue the statements of the month that ended, once it has settled."""
    now = clock.now()
    month = Month.of(now - services.SETTLED).previous
    run_once(
        partial(services.issue_all, month, now=now),
        job="statements.issue",
        slot=month.ends_at,
        now=now,
        lasts=LASTS,
    )
