"""A database that is paused, unplugged or by another clock: the till gets its answer in time."""

import os
import signal
import socket
import threading
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


@pytest.fixture(autouse=True)
def unhurried() -> None:
    """Keep the deadline of production."""


@pytest.fixture
def play(pinned: Any) -> Play:
    """Return a committed customer with 100 dollars, in a process that has loaded its doors."""
    Client().get("/healthz/live")
    return Play(scenario("A01"), Client(), pinned)


@pytest.fixture
def paused() -> Iterator[list[int]]:
    """Stop the server's processes of all sessions of our database, which hold nothing."""
    stopped = _stop()
    try:
        yield stopped
    finally:
        _go_on(stopped)


def _stop() -> list[int]:
    # All of them: behind PgBouncer nobody knows which will be asked next.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        pids = [pid for (pid,) in cursor.fetchall()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    return pids


def _go_on(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def test_a_paused_database_is_a_decline_in_time_and_leaves_no_hold(
    play: Play, paused: list[int]
) -> None:
    began = time.monotonic()
    answer = answer_of(play.door.request(100))
    took = time.monotonic() - began

    assert answer["metadata"]["decline_reason"] == "system_busy"
    assert took < 1.5
    _go_on(paused)
    # On a new connection; what the old one was asked came to nothing.
    assert answer_of(play.door.request(100, authorization="a2"))["approved"] is True
    assert ledger.balances(customer_id=play.customer.id)["USD"].held == Decimal(1)


def test_what_a_paused_database_reads_late_is_not_posted(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, stopped = decisions.read_snapshot, list[int]()

    def snapshot_then_pause(*asked: Any, **about: Any) -> Any:
        found = real(*asked, **about)
        stopped.extend(_stop())
        return found

    monkeypatch.setattr(decisions, "read_snapshot", snapshot_then_pause)
    try:
        answer = answer_of(play.door.request(100))
    finally:
        _go_on(stopped)

    assert answer["approved"] is False
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)"
                " AND pid <> pg_backend_pid()",
                [stopped],
            )
            if cursor.fetchone() == (0,):
                break
            time.sleep(0.01)
    assert not Hold.objects.filter(customer=play.customer).exists()


def test_a_decline_that_a_paused_database_does_not_keep_goes_out_in_time(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = list[int]()

    def late(*_asked: Any, **_about: Any) -> Any:
        stopped.extend(_stop())
        raise decisions._Late

    monkeypatch.setattr(decisions, "read_snapshot", late)
    # Without a moment by which it is kept, the answer would wait for this.
    waking = threading.Timer(5, lambda: _go_on(stopped))
    waking.start()
    try:
        began = time.monotonic()
        answer = answer_of(play.door.request(100))
        took = time.monotonic() - began
    finally:
        waking.cancel()
        _go_on(stopped)

    assert answer["metadata"]["decline_reason"] == "system_busy"
    assert took < 1.5


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
    # psycopg alone would give a connection two seconds, however few are asked for.
    assert took < 1.4
    assert answer_of(play.door.request(100))["approved"] is True


@pytest.mark.parametrize("hours", [-5, 5])
def test_the_clock_of_another_host_does_not_move_the_deadline(play: Play, hours: int) -> None:
    assert answer_of(play.door.request(100))["approved"] is True
    asked = request_of(Decision.objects.get(customer=play.customer).request)

    answer = decisions.authorize(
        replace(asked, stripe_id=play.door.id("a2")), now=clock.now() + timedelta(hours=hours)
    )

    assert answer["approved"] is True
