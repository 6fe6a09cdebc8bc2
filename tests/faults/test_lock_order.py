"""Row 23: whoever locks two books does so in one order, so that nobody waits in a ring."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import OperationalError, connection

from holdings.ledger import services as ledger
from krak.core.transactions import transaction
from tests.people import new_customer
from tests.races import in_a_thread

pytestmark = pytest.mark.usefixtures("committed")
ROUNDS = 25


def _race(lock: Callable[[list[UUID]], None], ids: list[UUID]) -> list[str]:
    """Let two sessions lock the same two books, each naming them in its own order."""
    start = threading.Barrier(2)

    def locked(order: list[UUID]) -> str:
        def once() -> str:
            start.wait(10)
            try:
                with transaction():
                    lock(order)
            except OperationalError as error:
                return type(error.__cause__).__name__
            return "locked"

        return in_a_thread(once)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(locked, [ids, ids[::-1]]))


def _one_by_one(order: list[UUID]) -> None:
    between = threading.Event()
    for each in order:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            cursor.execute(
                "SELECT 1 FROM ledger_book WHERE customer_id = %s FOR NO KEY UPDATE", [each]
            )
        between.wait(0.2)


def test_two_who_lock_the_same_books_in_either_order_both_get_them() -> None:
    ids = [new_customer().customer.id for _ in range(2)]

    for _ in range(ROUNDS):
        assert _race(lambda order: void(ledger.lock_books(order)), ids) == ["locked", "locked"]


def test_control_locked_one_by_one_in_the_order_they_are_named_they_deadlock() -> None:
    ids = [new_customer().customer.id for _ in range(2)]

    assert sorted(_race(_one_by_one, ids)) == ["DeadlockDetected", "locked"]


def void(_value: object) -> None:
    """Return nothing."""
