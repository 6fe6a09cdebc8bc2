"""Two requests at one moment, a parked lock, a book that moves: made, not hoped for."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cards.authorizations.models import Authorization, Decision
from cards.authorizations.services import decisions
from holdings.ledger import queries as ledger
from holdings.ledger.models import Book, Hold
from krak.core import clock
from krak.core.outbox import services as outbox
from krak.notifications.models import Notification
from tests.cards.scenarios import Play, scenario
from tests.people import new_customer
from tests.races import in_a_thread, other_session, wait_for_blocked
from tests.stripe_door import StripeDoor, answer_of

__all__ = ["other_session"]

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture(autouse=True)
def unhurried() -> None:
    """Keep the deadline of production."""


@pytest.fixture
def play(pinned: Any) -> Play:
    """Return a committed customer with 100 dollars."""
    return Play(scenario("A01"), Client(), pinned)


def test_of_two_requests_for_the_same_cash_one_wins(
    play: Play, other_session: psycopg.Connection[Any]
) -> None:
    other_session.execute(
        "SELECT 1 FROM ledger_book WHERE customer_id = %s FOR NO KEY UPDATE", [play.customer.id]
    )
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(
                in_a_thread,
                lambda name=name: answer_of(play.door.request(6000, authorization=name)),
            )
            for name in ("a1", "a2")
        ]
        wait_for_blocked(other_session, 2)
        other_session.rollback()
        answers = [future.result() for future in asked]

    assert sorted(answer["approved"] for answer in answers) == [False, True]
    assert ledger.balances(customer_id=play.customer.id)["USD"].held == Decimal(60)
    assert ledger.breaks(customer_id=play.customer.id) == []


def test_a_parked_lock_ends_in_system_busy_within_the_deadline(
    play: Play, other_session: psycopg.Connection[Any]
) -> None:
    other_session.execute(
        "SELECT 1 FROM ledger_book WHERE customer_id = %s FOR NO KEY UPDATE", [play.customer.id]
    )
    began = time.monotonic()
    answer = answer_of(play.door.request(100))
    took = time.monotonic() - began
    other_session.rollback()

    assert answer["metadata"]["decline_reason"] == "system_busy"
    assert took < 1.2
    assert answer_of(play.door.request(100)) == answer
    assert not Hold.objects.filter(customer=play.customer).exists()
    assert not Decision.objects.filter(customer=play.customer).exists()


def test_a_tap_waits_for_nobody_elses_notice(
    play: Play, other_session: psycopg.Connection[Any]
) -> None:
    play.door.request(100, authorization="a1")
    other_session.execute(
        "UPDATE notifications_feed SET last = last + 1 WHERE customer_id = %s", [play.customer.id]
    )

    answer = answer_of(play.door.request(100, authorization="a2"))
    other_session.rollback()

    assert answer["approved"] is True
    assert _told(play) == [1]
    outbox.drain(now=clock.now())
    assert _told(play) == [1, 2]


def _told(play: Play) -> list[int]:
    """Return the numbers of the customer's notices, which are of taps."""
    told = Notification.objects.filter(customer=play.customer, kind="authorization.approved")
    return list(told.order_by("sequence").values_list("sequence", flat=True))


def test_a_book_that_keeps_moving_is_locked_first_in_the_end(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = decisions.read_snapshot
    moves: list[int] = []

    def snapshot_then_move(*asked: Any, **about: Any) -> Any:
        found = real(*asked, **about)
        if len(moves) < 2:
            moves.append(1)
            mover = threading.Thread(target=in_a_thread, args=(lambda: _move(play),))
            mover.start()
            mover.join()
        return found

    monkeypatch.setattr(decisions, "read_snapshot", snapshot_then_move)

    with CaptureQueriesContext(connection) as queries:
        answer = answer_of(play.door.request(100))

    assert answer["approved"] is True
    assert len(moves) == 2
    # Twice snapshot and refusal; then BEGIN, lock and snapshot, post, COMMIT.
    assert len(queries) == 2 + 2 + 4, [query["sql"][:60] for query in queries]
    assert Decision.objects.filter(customer=play.customer).count() == 1


def _move(play: Play) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_book SET version = version + 1 WHERE customer_id = %s",
            [play.customer.id],
        )


def test_the_same_request_twenty_times_at_once_is_one_decision(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each connects anew, which on a slow machine takes longer than a tap may.
    for name in ("DEADLINE_SECONDS", "PATIENCE_SECONDS", "KEEPING_SECONDS"):
        monkeypatch.setattr(decisions, name, 20)
    with ThreadPoolExecutor(8) as pool:
        bodies = list(
            pool.map(lambda _n: in_a_thread(lambda: play.door.request(600).content), range(20))
        )

    approved = {body for body in bodies if b"system_busy" not in body}
    assert len(approved) == 1
    assert Decision.objects.filter(customer=play.customer).count() == 1
    assert ledger.balances(customer_id=play.customer.id)["USD"].held == Decimal(6)


def test_of_twenty_requests_for_3_of_10_dollars_three_win(pinned: Any) -> None:
    pinned()
    known = new_customer(cash="10")
    door = StripeDoor(Client(), known.card.stripe_id)

    def ask(number: int) -> dict[str, Any]:
        return answer_of(door.request(300, authorization=f"a{number}"))

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: in_a_thread(lambda: ask(n)), range(20)))
    # Who found no room in time was told so, and may ask again as another request.
    busy = [each for each in answers if each["metadata"].get("decline_reason") == "system_busy"]
    answers += [ask(20 + number) for number in range(len(busy))]

    assert sum(each["approved"] for each in answers) == 3
    found = ledger.balances(customer_id=known.customer.id)["USD"]
    assert (found.posted, found.held, found.available) == (10, 9, 1)
    assert ledger.breaks(customer_id=known.customer.id) == []


def test_freezing_the_card_between_snapshot_and_posting_is_seen(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = decisions.read_snapshot
    frozen: list[int] = []

    def snapshot_then_freeze(*asked: Any, **about: Any) -> Any:
        found = real(*asked, **about)
        if not frozen:
            frozen.append(1)
            play.card_status("inactive")
        return found

    monkeypatch.setattr(decisions, "read_snapshot", snapshot_then_freeze)

    answer = answer_of(play.door.request(100))

    assert answer["metadata"]["decline_reason"] == "card_inactive"
    assert Authorization.objects.get(customer=play.customer).approved is False
    assert Book.objects.get(customer=play.customer).version > 0
