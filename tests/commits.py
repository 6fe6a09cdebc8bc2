"""What waits for a commit, in a test that never commits."""

from django.db import connection


def as_at_a_commit() -> None:
    """Let the database do now what it puts off until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
