"""A request and what else happens at its moment; an event in two workers: one after the other.

Who waits first is served first, so each race has one outcome.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.test import Client

from cards.authorizations.models import Decision, StrayRequest
from cards.authorizations.rules.decision import Decline
from cards.authorizations.services import decisions
from cards.authorizations.services.strays import stray
from cards.clearing.models import CardTransaction
from cards.disputes.models import Dispute
from cards.issuing import services as issuing
from holdings.ledger import queries as ledger
from holdings.ledger.models import Hold
from krak.cases.models import Case
from krak.core import clock
from krak.core.inbox.models import InboxEvent
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from tests.cards.scenarios import Play, scenario
from tests.races import in_a_thread, other_session, patient, wait_for_blocked
from tests.stripe_door import answer_of

__all__ = ["other_session", "patient"]

type Session = psycopg.Connection[Any]

pytestmark = pytest.mark.usefixtures("committed", "patient")


@pytest.fixture
def play(pinned: Any) -> Play:
    """Return a committed customer with 100 dollars and 0.01 BTC, worth 500."""
    given = {"posted": 10_000, "lots": {"BTC": [{"quantity": "0.01", "cost": "300"}]}}
    return Play(scenario("A01") | {"given": given}, Client(), pinned)


def race(play: Play, parked: Session, *runners: Callable[[], Any]) -> list[Any]:
    """Start these one after another on the customer's parked book, release it, return results."""
    parked.execute(
        "SELECT 1 FROM ledger_book WHERE customer_id = %s FOR NO KEY UPDATE", [play.customer.id]
    )
    return _released(parked, *runners)


def _released(parked: Session, *runners: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(runners)) as pool:
        started: list[Future[Any]] = []
        for number, runner in enumerate(runners, 1):
            started.append(pool.submit(in_a_thread, runner))
            wait_for_blocked(parked, number)
        parked.rollback()
        return [future.result() for future in started]


def _asks(play: Play, amount: int) -> Callable[[], dict[str, Any]]:
    return lambda: answer_of(play.door.request(amount, authorization="raced"))


def _cash(play: Play) -> tuple[Decimal, Decimal]:
    cash = ledger.balances(customer_id=play.customer.id)["USD"]
    assert ledger.breaks(customer_id=play.customer.id) == []
    return cash.posted, cash.held


def _delivers(kind: str) -> Callable[[], object]:
    """Return what delivers the newest event of a type as a worker would."""
    event = InboxEvent.objects.filter(type=kind).latest("received_at")
    message = OutboxMessage.objects.get(payload__inbox_event=str(event.id))
    return lambda: outbox.deliver([message.id], now=clock.now())


def _captured(play: Play, amount: int, **rest: Any) -> Callable[[], object]:
    play.door.transaction(amount, kind="capture", **rest)
    return _delivers("issuing_transaction.created")


def test_a_request_after_a_capture_sees_what_it_left(play: Play, other_session: Session) -> None:
    captures = _captured(play, 60_000, transaction="t1", authorization=None)

    _done, answer = race(play, other_session, captures, _asks(play, 100))

    assert answer["metadata"]["decline_reason"] == "insufficient_funds"
    assert _cash(play) == (0, 0)


def test_a_capture_after_a_request_posts_all_the_same(play: Play, other_session: Session) -> None:
    captures = _captured(play, 60_000, transaction="t1", authorization=None)

    answer, _done = race(play, other_session, _asks(play, 10_000), captures)

    assert answer["approved"] is True
    assert _cash(play) == (0, 100)
    assert sorted(
        Case.objects.filter(customer=play.customer).values_list("kind", flat=True)
    ) == ["force_capture", "overdrawn"]  # fmt: skip


def test_a_request_after_a_deposit_spends_it(play: Play, other_session: Session) -> None:
    _done, answer = race(play, other_session, lambda: play.deposit(100_000), _asks(play, 110_000))

    assert answer["approved"] is True
    assert _cash(play) == (1100, 1100)
    assert play.customer.lot_set.get().remaining == Decimal("0.01")


def test_a_request_before_a_deposit_does_without(play: Play, other_session: Session) -> None:
    answer, _done = race(play, other_session, _asks(play, 110_000), lambda: play.deposit(100_000))

    assert answer["metadata"]["decline_reason"] == "insufficient_funds"
    assert _cash(play) == (1100, 0)


def test_a_request_after_a_freeze_is_refused(play: Play, other_session: Session) -> None:
    _done, answer = race(play, other_session, play.freeze_account, _asks(play, 100))

    assert answer["metadata"]["decline_reason"] == "account_frozen"
    assert not Hold.objects.filter(customer=play.customer).exists()


def test_a_request_is_judged_by_the_policy_that_came_before_it(
    play: Play, other_session: Session
) -> None:
    moment = clock.now()

    def stricter() -> None:
        with transaction():
            issuing.set_policy(
                customer_id=play.customer.id, effective_at=moment, daily_limit=Decimal(1)
            )

    _done, answer = race(play, other_session, stricter, _asks(play, 101))

    assert answer["metadata"]["decline_reason"] == "velocity_limit"


def test_a_request_after_an_exclusion_sells_nothing_of_it(
    play: Play, other_session: Session
) -> None:
    _done, answer = race(
        play, other_session, lambda: play.exclude_asset("BTC"), _asks(play, 20_000)
    )

    assert answer["metadata"]["decline_reason"] == "insufficient_funds"
    assert play.customer.lot_set.get().remaining == Decimal("0.01")


def test_one_event_in_two_workers_is_applied_by_one(play: Play, other_session: Session) -> None:
    captures = _captured(play, 1000, transaction="t1", authorization=None)

    other_session.execute(
        "SELECT 1 FROM ledger_book WHERE customer_id = %s FOR NO KEY UPDATE", [play.customer.id]
    )
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(in_a_thread, captures)
        wait_for_blocked(other_session)
        # The second finds the message taken and does not even wait.
        captures()
        other_session.rollback()
        first.result()

    assert _cash(play) == (90, 0)
    assert CardTransaction.objects.filter(customer=play.customer).count() == 1


def test_a_transaction_told_of_in_two_events_is_posted_by_one(
    play: Play, other_session: Session
) -> None:
    one = _captured(play, 1000, transaction="t1", authorization=None)
    two = _captured(play, 1000, transaction="t1", authorization=None)

    race(play, other_session, one, two)

    assert _cash(play) == (90, 0)
    assert CardTransaction.objects.filter(customer=play.customer).count() == 1
    assert not OutboxMessage.objects.filter(dead_at__isnull=False).exists()


@pytest.mark.parametrize("first", ["capture", "dispute"])
def test_a_dispute_and_its_capture_at_one_moment_find_each_other(
    play: Play, other_session: Session, first: str
) -> None:
    captures = _captured(play, 2000, transaction="t1", authorization=None)
    play.door.dispute("d1", "submitted", transaction="t1", amount=1500)
    disputes = _delivers("issuing_dispute.submitted")
    other_session.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"stripe {play.door.id('t1')}"]
    )

    _released(
        other_session, *((captures, disputes) if first == "capture" else (disputes, captures))
    )
    # Not `drain`: what other tests have left is not ours to do.
    waiting = OutboxMessage.objects.filter(topic="inbox.process", done_at=None, dead_at=None)
    outbox.deliver(list(waiting.values_list("id", flat=True)), now=clock.now())

    assert Dispute.objects.get(customer=play.customer).credited == 15
    assert _cash(play) == (95, 0)


def _then(monkeypatch: pytest.MonkeyPatch, between: Callable[[], Any]) -> None:
    real = decisions.read_snapshot
    done: list[int] = []

    def snapshot_then(*asked: Any, **about: Any) -> Any:
        found = real(*asked, **about)
        if not done:
            done.append(1)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(in_a_thread, between).result()
        return found

    monkeypatch.setattr(decisions, "read_snapshot", snapshot_then)


def _later() -> float:
    return time.monotonic() + 20


def test_a_request_answered_busy_elsewhere_is_not_approved_here(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    real = decisions.authorize

    def authorize_and_tell(request: Any, *, now: Any) -> Any:
        seen.append(request)
        return real(request, now=now)

    monkeypatch.setattr("cards.authorizations.webhooks.authorize", authorize_and_tell)
    _then(monkeypatch, lambda: stray(seen[0], Decline.SYSTEM_BUSY, by=_later()))

    answer = answer_of(play.door.request(100))

    assert answer["metadata"]["decline_reason"] == "system_busy"
    assert answer == StrayRequest.objects.get(stripe_id=play.door.id("a1")).answer
    assert not Decision.objects.filter(customer=play.customer).exists()
    assert _cash(play) == (100, 0)
    # The other way round: what was decided is what the late one answers.
    first = answer_of(play.door.request(100, authorization="a2"))
    assert stray(seen[-1], Decline.SYSTEM_BUSY, by=_later()) == first
