"""Call the database's own functions on a hot path: one round trip, prepared once a connection.

Django sends its statements with the values written into them, so that the server parses and
plans each anew, inlining whatever function it calls: more than twice the work of the call itself.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections


def call(statement: str, values: Sequence[Any]) -> Any:
    """Return the one value that `SELECT function(%s, …)` gives; each value needs its cast.

    It takes part in Django's transaction and raises Django's database errors. Where the setting
    `PREPARED_STATEMENTS` is off nothing is prepared.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    with connection.wrap_database_errors:
        session: Any = connection.connection
        cursor: Any = psycopg.Cursor(session)
        if connection.queries_logged:
            connection.make_debug_cursor(cursor).execute(statement, values)
        else:
            cursor.execute(statement, values, prepare=True)
        row = cursor.fetchone()
    return row[0] if row else None
