"""Races are made: a lock is parked, and released when Postgres shows who waits for it."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final, LiteralString

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections

from tests import citus

_PATIENCE: Final = "20s"
_WAITING: LiteralString = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND cardinality(pg_blocking_pids(pid)) > 0"
)
if settings.DISTRIBUTED:
    # The lock is on another node.
    _WAITING = "SELECT count(DISTINCT waiting_gpid) FROM citus_lock_waits"


@pytest.fixture
def other_session() -> Iterator[psycopg.Connection[Any]]:
    """Return a second session of the same database."""
    connection.ensure_connection()
    parameters = connection.get_connection_params()
    wanted = ("host", "port", "dbname", "user", "password")
    chosen = {name: parameters[name] for name in wanted if name in parameters}
    # Prepared are statements of a session, which behind PgBouncer nobody has.
    with psycopg.connect(**chosen, prepare_threshold=None) as db:
        yield db


@pytest.fixture
def patient(committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let whoever waits for a lock do so until all the others are there, on a slow machine too."""
    options = connection.settings_dict["OPTIONS"]
    if "options" in options:
        longer = f"{options['options']} -c lock_timeout={_PATIENCE}"
        monkeypatch.setitem(options, "options", longer)
    if settings.DISTRIBUTED:
        citus.limit_nodes("lock_timeout", _PATIENCE)
    yield
    if settings.DISTRIBUTED:
        citus.limit_nodes("lock_timeout", settings.DATABASE_LIMITS["lock_timeout"])
    # What was opened with so much patience is not for other tests.
    connection.close()


def in_a_thread[T](call: Callable[[], T]) -> T:
    """Call with connections of its own, closed in the end."""
    try:
        return call()
    finally:
        connections.close_all()


def wait_for_blocked(db: psycopg.Connection[Any], count: int = 1) -> None:
    """Wait until Postgres shows that so many sessions wait for a lock."""
    with psycopg.connect(
        db.info.dsn, password=db.info.password, autocommit=True, prepare_threshold=None
    ) as watching:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            row = watching.execute(_WAITING).fetchone()
            if row and row[0] >= count:
                return
            time.sleep(0.01)
    raise AssertionError("nobody was blocked")
