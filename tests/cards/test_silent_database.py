"""A database that is paused, unplugged or by another clock: the till gets its answer in time."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from cards.authorizations.models import Decision
from cards.authorizations.rules.replay import request_of
from cards.authorizations.services import decisions
from holdings.ledger import queries as ledger
from holdings.ledger.models import Hold
from krak.core import clock
from tests.cards.scenarios import Play, scenario
from tests.stripe_door import answer_of

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def play(pinned: Any) -> Play:
    """Return a committed customer with 100 dollars."""
    return Play(scenario("A01"), Client(), pinned)


@pytest.fixture
def paused_session() -> Iterator[int]:
    """Stop the server's process of our own session, which is idle and holds nothing."""
    connection.ensure_connection()
    assert connection.connection is not None
    pid: int = connection.connection.info.backend_pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        _go_on(pid)


def _go_on(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def test_a_paused_database_is_a_decline_in_time_and_leaves_no_hold(
    play: Play, paused_session: int
) -> None:
    began = time.monotonic()
    answer = answer_of(play.door.request(100))
    took = time.monotonic() - began

    assert answer["metadata"]["decline_reason"] == "system_busy"
    assert took < 1.5
    _go_on(paused_session)
    # On a new connection; what the old one was asked came to nothing.
    assert answer_of(play.door.request(100, authorization="a2"))["approved"] is True
    assert ledger.balances(customer_id=play.customer.id)["USD"].held == Decimal(1)


def test_what_a_paused_database_reads_late_is_not_posted(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, stopped = decisions.read_snapshot, []

    def snapshot_then_pause(*asked: Any, **about: Any) -> Any:
        found = real(*asked, **about)
        assert connection.connection is not None
        stopped.append(connection.connection.info.backend_pid)
        os.kill(stopped[0], signal.SIGSTOP)
        return found

    monkeypatch.setattr(decisions, "read_snapshot", snapshot_then_pause)
    try:
        answer = answer_of(play.door.request(100))
    finally:
        _go_on(stopped[0])

    assert answer["approved"] is False
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", stopped)
            if cursor.fetchone() == (0,):
                break
            time.sleep(0.01)
    assert not Hold.objects.filter(customer=play.customer).exists()


def test_a_database_that_takes_connections_and_says_nothing_is_given_up(play: Play) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    usual = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": listening.getsockname()[1]}
    try:
        began = time.monotonic()
        answer = answer_of(play.door.request(100))
        took = time.monotonic() - began
    finally:
        connection.close()
        connection.settings_dict |= {name: usual[name] for name in ("HOST", "PORT")}
        listening.close()

    assert answer["metadata"]["decline_reason"] == "system_error"
    # psycopg gives a connection two seconds, however few are asked for.
    assert took < 2.5
    assert answer_of(play.door.request(100))["approved"] is True


@pytest.mark.parametrize("hours", [-5, 5])
def test_the_clock_of_another_host_does_not_move_the_deadline(play: Play, hours: int) -> None:
    assert answer_of(play.door.request(100))["approved"] is True
    asked = request_of(Decision.objects.get(customer=play.customer).request)

    answer = decisions.authorize(
        replace(asked, stripe_id=play.door.id("a2")), now=clock.now() + timedelta(hours=hours)
    )

    assert answer["approved"] is True
