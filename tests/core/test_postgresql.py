"""A connection on which the server has hung up is noticed before it is used."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, close_old_connections, connection, transaction

from tests.races import in_a_thread, other_session

__all__ = ["other_session"]

pytestmark = [
    pytest.mark.usefixtures("committed"),
    pytest.mark.skipif(settings.PGBOUNCER, reason="a session is not ours to end behind PgBouncer"),
]


def _pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        row: tuple[int] = cursor.fetchone()
    return row[0]


def _end(other: psycopg.Connection[Any], pid: int) -> None:
    other.execute("SELECT pg_terminate_backend(%s::int, 5000::bigint)", [pid])
    other.commit()


def _apart[T](call: Callable[[], T]) -> T:
    """Call in a thread, whose connection nobody else has."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(in_a_thread, call).result()


def test_between_requests_an_ended_session_is_let_go(
    other_session: psycopg.Connection[Any],
) -> None:
    def ask() -> tuple[int, int]:
        first = _pid()
        _end(other_session, first)
        close_old_connections()
        return first, _pid()

    first, second = _apart(ask)
    assert first != second


def test_one_that_works_is_kept(other_session: psycopg.Connection[Any]) -> None:
    def ask() -> set[int]:
        pids = set()
        for _ in range(3):
            pids.add(_pid())
            close_old_connections()
        return pids

    assert len(_apart(ask)) == 1


def test_control_without_a_look_the_next_statement_fails(
    other_session: psycopg.Connection[Any],
) -> None:
    def ask() -> None:
        _end(other_session, _pid())
        _pid()

    with pytest.raises(OperationalError):
        _apart(ask)


def test_a_transaction_is_not_taken_for_anothers(other_session: psycopg.Connection[Any]) -> None:
    def ask() -> None:
        with transaction.atomic():
            _end(other_session, _pid())
            connection.close_if_unusable_or_obsolete()
            _pid()

    with pytest.raises(OperationalError):
        _apart(ask)
