"""Rows 26 and 32: what is done to a database while it works."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from krak.runtime.postgres import Postgres
from tests.faults import programs
from tests.faults.invariants import broken
from tests.faults.stage import Outcome, Stage
from tests.faults.whole import Whole

HOT = "ledger_journalentry"
TRIES = 40
LOCK_TIMEOUT = "200ms"
READER_SECONDS = 3.0
MOST_SECONDS = 1.5
"""Longer than a request may wait behind a migration that waits for somebody who reads."""


def schema_is_expanded(stage: Stage) -> Outcome:
    """Row 26: a column and an index are added to a hot table while the code that runs ignores them.

    Then they are taken away again, so that the next row finds the schema as it was.
    """
    waited: list[int] = []

    def fault() -> None:
        with stage.whole.database() as database:
            database.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
            try:
                with _somebody_reads(stage.whole):
                    waited.append(_insist(database, f"ALTER TABLE {HOT} ADD COLUMN later text"))
                database.execute("SET lock_timeout = 0")
                database.execute(
                    f"CREATE INDEX CONCURRENTLY later_by_kind ON {HOT} (kind)".encode()
                )
            finally:
                database.execute("SET lock_timeout = 0")
                database.execute("DROP INDEX CONCURRENTLY IF EXISTS later_by_kind")
                database.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
                _insist(database, f"ALTER TABLE {HOT} DROP COLUMN IF EXISTS later")

    outcome, driver = stage.under_load(fault, pause_seconds=0.05)
    slowest = driver.slowest()
    outcome.figures["times the lock was not to be had"] = waited[0]
    outcome.require(that=waited[0] > 0, otherwise="nobody was in the way")
    outcome.require(that=slowest < MOST_SECONDS, otherwise=f"a request waited {slowest:.1f} s")
    outcome.require(that=driver.refused() == 0, otherwise=f"{driver.refused()} were refused")
    return outcome


def a_backup_is_restored(stage: Stage) -> Outcome:
    """Row 32: a dump taken under load is restored in another cluster and proved by itself."""
    whole, dump = stage.whole, stage.whole.state / "backup.dump"
    counted: list[int] = []

    def fault() -> None:
        counted.append(_entries(whole.database_url))
        programs.run(
            "pg_dump",
            "--format=custom",
            f"--file={dump}",
            state=whole.state,
            url=whole.database_url,
        )
        counted.append(_entries(whole.database_url))

    outcome, _driver = stage.under_load(fault, pause_seconds=0.05)
    with _restored(whole, dump) as url, psycopg.connect(url, autocommit=True) as copy:
        found = [line for line in broken(copy) if not line.startswith("I6")]
        kept = _entries(url)
    least, most = counted
    outcome.judgement.wrong += [f"the copy: {line}" for line in found]
    outcome.figures |= {
        "entries when the dump began, in the copy, when it ended": (least, kept, most),
        "MB of the dump": round(dump.stat().st_size / 1e6, 1),
    }
    outcome.require(that=least <= kept <= most, otherwise=f"{kept} entries of {least} to {most}")
    outcome.require(that=most > least, otherwise="nobody wrote while it was dumped")
    dump.unlink()
    return outcome


@contextmanager
def _somebody_reads(whole: Whole) -> Iterator[None]:
    """Read the hot table in one transaction for a while, on whatever is done meanwhile."""
    with psycopg.connect(whole.database_url) as reader:
        reader.execute(f"SELECT count(*) FROM {HOT}".encode())
        ending = threading.Timer(READER_SECONDS, reader.rollback)
        ending.start()
        try:
            yield
        finally:
            ending.join()


def _insist(database: "psycopg.Connection[Any]", statement: str) -> int:
    """Run a statement whose lock may not be waited for; return how often it had to be left."""
    for left in range(TRIES):
        try:
            database.execute(statement.encode())
        except psycopg.errors.LockNotAvailable:
            # Who stood in line behind us goes first.
            time.sleep(0.1)
            continue
        return left
    raise RuntimeError(f"no lock in {TRIES} tries: {statement}")


def _entries(url: str) -> int:
    with psycopg.connect(url) as database:
        row = database.execute("SELECT count(*) FROM ledger_journalentry").fetchone()
        return int(row[0]) if row else 0


@contextmanager
def _restored(whole: Whole, dump: Path) -> Iterator[str]:
    """Restore a dump into a cluster of its own; its address is the value."""
    state = whole.state / "second"
    second = Postgres(state)
    second.start()
    try:
        programs.run(
            "pg_restore",
            "--exit-on-error",
            "--dbname=krak",
            str(dump),
            state=whole.state,
            url=second.url,
        )
        yield second.url
    finally:
        second.stop()
        shutil.rmtree(state)
