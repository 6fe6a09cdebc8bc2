"""Reads of one moment that block no writer."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from krak.core.transactions import transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Open a transaction that reads everything as of one moment and can write nothing."""
    with transaction():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield
