"""A purchase that dies before any of its statements, and is asked again, ends the same."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from cards.authorizations.models import Decision
from holdings.ledger import queries as ledger
from holdings.lots.models import Disposal
from krak.core import clock
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.sandbox import services as sandbox
from tests.cards.scenarios import Play, scenario
from tests.statements.books import sell

pytestmark = pytest.mark.usefixtures("committed")

MOST_STATEMENTS = 400
CASE = "A06"
AMOUNT = 6000


class Killed(BaseException):
    """The process is gone: nothing catches it, and what is not committed is lost."""


@contextmanager
def _dying_before(statement: int) -> Iterator[None]:
    """Let the process die instead of its n-th statement to the database, counted from 1.

    Other threads, such as the reader of the price board, have statements of their own.
    """
    real, count, ours = psycopg.Cursor.execute, itertools.count(1), threading.get_ident()

    def execute(cursor: Any, *words: Any, **named: Any) -> Any:
        if threading.get_ident() == ours and next(count) == statement:
            # What a killed process leaves to Postgres: a closed socket.
            cursor.connection.close()
            raise Killed
        return real(cursor, *words, **named)

    with patch.object(psycopg.Cursor, "execute", execute):
        yield


def _live(play: Play) -> None:
    """Tap, capture, and let the worker do all that follows; anything may have been done before."""
    assert play.door.request(AMOUNT).status_code == 200
    assert play.door.transaction(AMOUNT, transaction="t1", kind="capture").status_code == 200
    outbox.drain(now=clock.now())


def _end(play: Play) -> dict[str, Any]:
    assert ledger.breaks(customer_id=play.customer.id) == []
    balances = ledger.balances(customer_id=play.customer.id).values()
    assert not [each for each in balances if each.available < 0]
    return sandbox.position(customer=play.customer)


def _bought(pinned: Any) -> Play:
    play = Play(scenario(CASE), Client(), pinned)
    outbox.drain(now=clock.now())
    return play


def test_a_purchase_that_dies_at_any_step_is_resumed(pinned: Any) -> None:
    whole = _bought(pinned)
    _live(whole)
    expected, sales = _end(whole), Disposal.objects.filter(customer=whole.customer).count()
    assert sales > 0

    died = 0
    for statement in range(1, MOST_STATEMENTS):
        play = _bought(pinned)
        try:
            with _dying_before(statement):
                _live(play)
        except Killed:
            died += 1
            connection.close()
        else:
            break
        assert ledger.breaks(customer_id=play.customer.id) == []
        # Half a minute later: what the dead worker had claimed is due again.
        OutboxMessage.objects.filter(done_at=None, dead_at=None, attempts=0).update(due_at=Now())
        _live(play)

        assert _end(play) == expected, statement
        assert Decision.objects.filter(customer=play.customer).count() == 1
        assert Disposal.objects.filter(customer=play.customer).count() == sales
    assert 10 < died < MOST_STATEMENTS - 1


def test_control_a_sale_that_is_committed_without_its_hold_shows_in_the_end(pinned: Any) -> None:
    """Were sale and hold two transactions, a crash between them would leave this."""
    whole, half = _bought(pinned), _bought(pinned)
    _live(whole)
    sell(half.customer, "1", "EUR", proceeds="1", at=clock.now())
    _live(half)

    assert _end(half) != _end(whole)
