"""A schema changed under a test, in its own transaction."""

from django.db import connection


def change(*statements: str) -> None:
    """Run statements that lock a whole table.

    An autovacuum at that table makes way, but only after `deadlock_timeout`, and under load later
    than a request would wait.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        for statement in statements:
            cursor.execute(statement)
