"""Ask the database on a hot path: one round trip, prepared once a connection.

Django sends its statements with the values written into them, so that the server parses and
plans each anew, inlining whatever function it calls: more than twice the work of the call itself.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections


def call(statement: str, values: Sequence[Any]) -> Any:
    """Return the one value that `SELECT function(%s, …)` gives; each value needs its cast.

    It takes part in Django's transaction and raises Django's database errors. Where the setting
    `PREPARED_STATEMENTS` is off nothing is prepared.
    """
    found = rows(statement, values)
    return found[0][0] if found else None


def rows(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return all rows that a statement gives; prepared as `call` does."""
    with _prepared() as (cursor, watched):
        if watched:
            watched.execute(statement, values)
        else:
            cursor.execute(statement, values, prepare=True)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def call_each(statement: str, rows: Sequence[Sequence[Any]]) -> int:
    """Send one statement for each of these rows of values, together; return how many rows it met.

    Prepared as `call` does.
    """
    with _prepared() as (cursor, watched):
        (watched or cursor).executemany(statement, rows)
        return int(cursor.rowcount)


@contextmanager
def _prepared() -> Iterator[tuple[Any, Any]]:
    """Yield a cursor that leaves values apart, and what logs its queries if somebody looks."""
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    with connection.wrap_database_errors:
        session: Any = connection.connection
        cursor: Any = psycopg.Cursor(session)
        yield cursor, connection.make_debug_cursor(cursor) if connection.queries_logged else None
