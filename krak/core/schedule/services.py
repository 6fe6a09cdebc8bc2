"""Periodic jobs: one run per job and slot, however many clocks ask for it.

The clock ticks more often than a job's slots change, and the row decides: a tick finds the slot
finished, under way, or its own. So a second clock does no harm, a clock that was away when a
slot began is not missed, and a run that failed or died is tried again at a later tick.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from krak.core.ids import uuid7
from krak.core.retention import drop_some
from krak.core.schedule.models import Run
from krak.core.transactions import takes_part

RUN_LASTS: Final = timedelta(minutes=10)
THE_END: Final = ""
KEPT: Final = timedelta(days=30)

_CLAIM: Final = """
INSERT INTO schedule_run AS run (id, job, slot, attempts, started_at, running_until)
VALUES (%(id)s, %(job)s, %(slot)s, 1, %(now)s,
        statement_timestamp() + %(seconds)s * interval '1 second')
ON CONFLICT (job, slot) DO UPDATE
   SET attempts = run.attempts + 1, started_at = excluded.started_at,
       running_until = excluded.running_until
 WHERE run.finished_at IS NULL
   AND (run.running_until IS NULL OR run.running_until <= statement_timestamp())
RETURNING attempts, bookmark
"""
_FINISH: Final = """
UPDATE schedule_run SET finished_at = statement_timestamp(), running_until = NULL, last_error = ''
 WHERE job = %s AND slot = %s AND finished_at IS NULL
"""


def run_once(
    work: Callable[[], object],
    *,
    job: str,
    slot: datetime,
    now: datetime,
    lasts: timedelta = RUN_LASTS,
) -> bool:
    """Do `work` if nobody has done it for `slot` or is doing it, and tell whether this one did.

    `work` opens its own transactions. It must be safe to run again: an attempt that dies, or
    takes longer than `lasts`, is followed by another. What `work` raises is recorded and raised,
    and the slot is free for the next tick.
    """

    def all_of_it(_bookmark: str) -> str:
        work()
        return THE_END

    return _run(all_of_it, job=job, slot=slot, now=now, lasts=lasts)


def go_on(work: Callable[[str], str], *, job: str, slot: datetime, now: datetime) -> bool:
    """Do the next piece of a job that takes too long for one run, and tell whether this one did.

    `work` gets the bookmark of the piece before, "" at first, and returns its own, "" at the end.
    A slot begins when the one before is finished, however late that is. A piece is as safe to do
    again as what `run_once` does.
    """
    begun = Run.objects.filter(job=job, finished_at=None).order_by("slot").first()
    return _run(work, job=job, slot=begun.slot if begun else slot, now=now, lasts=RUN_LASTS)


def _run(
    work: Callable[[str], str], *, job: str, slot: datetime, now: datetime, lasts: timedelta
) -> bool:
    claimed = _claim(job=job, slot=slot, now=now, lasts=lasts)
    if claimed is None:
        return False
    attempt, bookmark = claimed
    # Only our own attempt: one that followed ours keeps its time.
    ours = Run.objects.filter(job=job, slot=slot, attempts=attempt, finished_at=None)
    try:
        bookmark = work(bookmark)
    except Exception as error:
        ours.update(running_until=None, last_error=f"{type(error).__name__}: {error}"[:2000])
        raise
    if bookmark != THE_END:
        ours.update(running_until=None, bookmark=bookmark, last_error="")
        return True
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, [job, slot])
    return True


@takes_part
def purge(*, now: datetime) -> int:
    """Drop a batch of runs of slots that began over `KEPT` ago; return how many."""
    return drop_some(Run.objects.filter(slot__lt=now - KEPT), by="slot")


def _claim(*, job: str, slot: datetime, now: datetime, lasts: timedelta) -> tuple[int, str] | None:
    """Take the slot; return the number of this attempt and the bookmark, or None."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "id": uuid7(),
                "job": job,
                "slot": slot,
                "now": now,
                "seconds": lasts.total_seconds(),
            },
        )
        found: tuple[int, str] | None = cursor.fetchone()
    return found
