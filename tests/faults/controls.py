"""`python -m tests.faults --controls`: with its protection taken out, a row must fail.

A row that holds all the same would prove nothing. One Krak is played whose claims and tasks are
never given back, and that does not wait for its log to be on the disk.
"""

import time
from collections.abc import Callable

from tests.faults.invariants import Judgement
from tests.faults.stage import Outcome, Stage
from tests.faults.trials import processes, servers
from tests.faults.whole import Whole

SABOTAGE = {"claim_seconds": 3600, "visibility_seconds": 3600}
CONTROLS: tuple[tuple[int, Callable[[Stage], Outcome], bool], ...] = (
    (3, processes.worker_is_killed_before_commit, False),
    (19, servers.valkey_is_flushed, False),
    (8, servers.postgres_is_killed, True),
)


def fails(stage: Stage, trial: Callable[[Stage], Outcome], *, forgetful: bool) -> Judgement | None:
    """Play a row without its protection; return what it found, None if it found nothing."""
    if forgetful:
        _forget_what_is_committed(stage.whole)
    stage.quiet_seconds = 20
    outcome = trial(stage)
    found = outcome.judgement
    return None if found.holds else found


def _forget_what_is_committed(whole: Whole) -> None:
    """Acknowledge commits before they are written down, and write them down every ten seconds."""
    with whole.database() as database:
        database.execute("ALTER SYSTEM SET synchronous_commit = off")
        database.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        database.execute("ALTER SYSTEM SET wal_writer_flush_after = '1GB'")
        database.execute("SELECT pg_reload_conf()")
    time.sleep(2)
