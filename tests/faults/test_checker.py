"""The checker notices what it looks for: the negative control of every row that it judges."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
from django.db import connection

from holdings.ledger import services as ledger
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.inbox import services as inbox
from krak.core.outbox import services as outbox
from krak.core.transactions import transaction
from krak.sandbox import services as sandbox
from tests import schema
from tests.faults.commands import (
    Capture,
    Deposit,
    Dispute,
    Person,
    Tap,
    Trade,
    Transfer,
    Win,
    Withdrawal,
)
from tests.faults.invariants import broken, judge
from tests.faults.trials.processes import overtaken
from tests.people import Known, new_customer
from tests.stripe_door import StripeDoor

pytestmark = pytest.mark.django_db
BOOKS = ("I1", "I2", "I3", "I4", "I7")


@pytest.fixture
def known() -> Known:
    return new_customer(cash="50")


@pytest.fixture
def person(known: Known) -> Person:
    return _person(known)


def _person(known: Known) -> Person:
    return Person(known.customer.shown_id, known.token, known.card.stripe_id)


def _database() -> Any:
    connection.ensure_connection()
    return connection.connection


def _tamper(*statements: str) -> None:
    schema.change("SET LOCAL session_replication_role = replica", *statements)


def _breaks(beginning: str) -> list[str]:
    return [found for found in broken(_database()) if found.startswith(beginning)]


def _credit(known: Known, cents: int, *causes: str) -> None:
    for cause in causes:
        with transaction():
            ledger.lock_books([known.customer.id])
            sandbox.credit_cash(
                customer_id=known.customer.id,
                currency="USD",
                amount=Decimal(cents) / 100,
                cause=f"sandbox:deposit:{cause}",
                now=clock.now(),
            )


def _post_to_the_house(known: Known, *, credit: str, debit: str) -> None:
    """Post a balanced entry of a franc that no feature knows of."""
    with transaction():
        ledger.lock_books([known.customer.id])
        ledger.post(
            Entry(
                id=uuid7(),
                customer_id=known.customer.id,
                cause=f"faults:{credit}",
                kind="ADJUSTMENT",
                event_at=clock.now(),
                created_at=clock.now(),
                legs=(
                    Leg(CREDIT, "CHF", Decimal(1), house=credit),
                    Leg(DEBIT, "CHF", Decimal(1), house=debit),
                ),
                details={},
            )
        )


# --- Promises ------------------------------------------------------------------------------------
def test_a_deposit_that_was_made_once_is_kept(known: Known, person: Person) -> None:
    _credit(known, 123, "a")

    judgement = judge(_database(), [Deposit(person, cents=123, accepted=True)])

    assert (judgement.kept, judgement.lost, judgement.doubled) == (1, [], [])


def test_a_deposit_that_is_not_there_is_lost(person: Person) -> None:
    deposit = Deposit(person, cents=123, accepted=True)

    judgement = judge(_database(), [deposit])

    assert judgement.lost == [f"deposit {deposit.name} was acknowledged and is not there"]


@pytest.mark.parametrize("accepted", [True, None])
def test_a_deposit_that_was_made_under_two_keys_is_doubled(
    known: Known, person: Person, accepted: bool | None
) -> None:
    _credit(known, 123, "a", "b")
    deposit = Deposit(person, cents=123, accepted=accepted)

    judgement = judge(_database(), [deposit])

    assert judgement.doubled == [f"deposit {deposit.name} has 2 effects"]


def test_a_deposit_that_was_refused_and_made_is_wrong(known: Known, person: Person) -> None:
    _credit(known, 123, "a")
    deposit = Deposit(person, cents=123, accepted=False)

    judgement = judge(_database(), [deposit])

    assert f"deposit {deposit.name} was refused and has an effect" in judgement.wrong


def test_what_nobody_knows_of_may_be_there_or_not(known: Known, person: Person) -> None:
    _credit(known, 123, "a")

    judgement = judge(_database(), [Deposit(person, cents=cents) for cents in (123, 124)])

    assert (judgement.lost, judgement.doubled) == ([], [])


def test_what_was_acknowledged_and_is_not_there_is_lost(person: Person) -> None:
    tap = Tap(person, cents=100, accepted=True)
    capture = Capture(person, tap=tap, cents=100, accepted=True)
    commands = [
        tap,
        capture,
        Trade(person, quote="quo_01m87shhwde8b9zv9bfvka3t67", accepted=True),
        Transfer(person, to="nobody", coins=3, accepted=True),
        Withdrawal(person, cents=100, accepted=True),
        Dispute(person, capture=capture, cents=100, accepted=True),
        Win(person, capture=capture, cents=100, accepted=True),
    ]

    judgement = judge(_database(), commands)

    assert [line.partition(" ")[0] for line in judgement.lost] == [each.kind for each in commands]


@pytest.mark.parametrize("times", [1, 2])
def test_a_transfer_is_told_by_its_note(pinned: Any, times: int) -> None:
    pinned({"USDC": "1"})
    sender, recipient = new_customer(holdings={"USDC": "50"}), new_customer()
    tag = recipient.send("/v1/me/tag", {"tag": f"p{uuid7().hex[-12:]}"}, method="put").json()["tag"]
    transfer = Transfer(_person(sender), to=tag, coins=3, accepted=True)
    for _ in range(times):
        made = sender.send(transfer.request().path, json.loads(transfer.request().body))
        assert made.status_code == HTTPStatus.CREATED

    judgement = judge(_database(), [transfer])

    assert judgement.kept == 1
    doubled = [f"transfer {transfer.name} has 2 effects"]
    assert judgement.doubled == ([] if times == 1 else doubled)


def test_a_dispute_is_told_by_what_it_credited(client: Any, known: Known) -> None:
    door, person = StripeDoor(client, known.card.stripe_id), _person(known)
    assert door.request(1000).json()["approved"] is True
    door.transaction(1000, kind="capture", transaction="ipi")
    capture = Capture(person, name=door.run, cents=1000)
    dispute = Dispute(person, capture=capture, cents=100, accepted=True)
    win = dispute.next()
    assert isinstance(win, Win)
    for each in (dispute, win):
        asked = each.request()
        client.post(asked.path, asked.body, content_type="application/json", headers=asked.headers)
    outbox.drain(now=clock.now())
    win.accepted = True

    right = judge(_database(), [dispute, win])
    half = judge(_database(), [replace(win, cents=50)])
    more = judge(_database(), [replace(win, cents=101)])

    assert (right.kept, right.lost, right.doubled) == (2, [], [])
    assert half.doubled == [f"win {win.name} has 2 effects"]
    assert more.lost == [f"win {win.name} was acknowledged and is not there"]


def test_a_capture_of_another_amount_is_lost(client: Any, known: Known, person: Person) -> None:
    door = StripeDoor(client, known.card.stripe_id)
    assert door.request(1000).json()["approved"] is True
    door.transaction(1000, kind="capture", transaction="ipi")
    outbox.drain(now=clock.now())
    tap = Tap(person, name=door.id("a1"), cents=1000, accepted=True)
    _tamper(
        "UPDATE inbox_inboxevent SET event_id = 'evt_' || "
        f"'{door.run}' WHERE body LIKE '%{door.id('ipi')}%'"
    )

    right = judge(_database(), [Capture(person, name=door.run, tap=tap, cents=1000, accepted=True)])
    other = judge(_database(), [Capture(person, name=door.run, tap=tap, cents=999, accepted=True)])

    assert (right.kept, right.lost) == (1, [])
    assert len(other.lost) == 1


# --- Invariants ----------------------------------------------------------------------------------
def test_books_that_hold_break_nothing() -> None:
    # Tests that commit what no feature posts have left it here.
    before = broken(_database(), of=BOOKS)

    new_customer(cash="50", holdings={"USDC": "3"})

    assert broken(_database(), of=BOOKS) == before
    assert [line for line in before if not line.startswith("I7")] == []
    assert _breaks("I7 what customers have is not what the house owes") == []


def test_a_leg_more_is_noticed(known: Known) -> None:
    _tamper(
        "INSERT INTO ledger_posting (customer_id, entry_id, leg, account_id, house, side, currency,"
        " amount, forced) SELECT customer_id, entry_id, 9, account_id, house, side, currency,"
        f" amount, forced FROM ledger_posting WHERE customer_id = '{known.customer.id}' LIMIT 1"
    )

    assert _breaks("I1 an entry does not sum to zero")
    assert _breaks("I1 an entry has not the legs it announced")


def test_a_balance_that_was_set_is_noticed(known: Known) -> None:
    _tamper(
        "UPDATE ledger_ledgeraccount SET posted = posted + 1"
        f" WHERE customer_id = '{known.customer.id}'"
    )

    assert _breaks("I2 the books disagree: posted USD")
    assert _breaks("I7 what customers have is not what the house owes: USD")


@pytest.mark.parametrize(
    ("house", "beginning"),
    [
        ("CUSTODY", "I7 custody is not what came in and was sent: CHF 1"),
        ("IN_TRANSIT", "I7 what is on its way is not what waits: CHF 1"),
        ("CARD_SETTLEMENT", "I7 what the card network is owed is not what it told: CHF 1"),
        ("SUSPENSE", "I7 what is credited ahead is not what is disputed: CHF 1"),
    ],
)
def test_an_account_of_the_house_is_what_its_feature_has_written_down(
    known: Known, house: str, beginning: str
) -> None:
    assert [line for line in _breaks("I7") if "CHF" in line] == []

    _post_to_the_house(known, credit=house, debit="FEES")

    assert _breaks("I1") == []
    assert [line[: len(beginning)] for line in _breaks("I7") if "CHF" in line] == [beginning]


def test_somebody_overdrawn_is_noticed(known: Known) -> None:
    _tamper(
        "UPDATE ledger_ledgeraccount SET posted = -1, overdraft = 1"
        f" WHERE customer_id = '{known.customer.id}'"
    )

    assert _breaks("I3 somebody is overdrawn")


def test_an_event_a_cause_and_a_slot_that_are_there_twice_are_noticed(known: Known) -> None:
    inbox.receive(provider="stripe", event_id="evt_twice", kind="x", body="{}")
    _tamper(
        "SET CONSTRAINTS ALL IMMEDIATE",
        "ALTER TABLE inbox_inboxevent DROP CONSTRAINT an_event_of_a_provider_is_kept_once",
        "ALTER TABLE ledger_journalentry DROP CONSTRAINT a_cause_has_one_entry_per_customer",
        "INSERT INTO inbox_inboxevent (id, provider, event_id, type, body)"
        f" VALUES ('{uuid7()}', 'stripe', 'evt_twice', 'x', '{{}}')",
        "INSERT INTO ledger_journalentry (id, customer_id, sequence, cause, kind, legs, details,"
        f" event_at, created_at, previous_hash, hash) SELECT '{uuid7()}', customer_id, 99, cause,"
        " kind, legs, details, event_at, created_at, previous_hash, hash FROM ledger_journalentry"
        f" WHERE customer_id = '{known.customer.id}'",
    )

    assert _breaks("I4 an event is kept twice") == ["I4 an event is kept twice: evt_twice"]
    assert _breaks("I4 a cause has two entries") == ["I4 a cause has two entries: sandbox:opening"]


@pytest.mark.parametrize("state", ["done_at = NULL", "dead_at = now()"])
def test_a_promise_that_was_not_kept_is_noticed(state: str) -> None:
    with transaction():
        outbox.promise("faults.never", {})
    _tamper(f"UPDATE outbox_outboxmessage SET {state} WHERE topic = 'faults.never'")

    assert _breaks("I6 a message is not done: faults.never")


@pytest.mark.parametrize(("first", "second", "found"), [(1, 7, (2, 0, 0)), (7, 1, (2, 1, 6))])
def test_an_event_that_is_done_after_a_later_one_of_its_card_is_noticed(
    person: Person, first: int, second: int, found: tuple[int, int, float]
) -> None:
    events = [Capture(person), Capture(person)]
    for event, seconds in zip(events, (first, second), strict=True):
        row = inbox.receive(provider="stripe", event_id=f"evt_{event.name}", kind="x", body="{}")
        _tamper(
            f"UPDATE outbox_outboxmessage SET done_at = created_at + interval '{seconds} s'"
            f" WHERE payload ->> 'inbox_event' = '{row}'"
        )

    since = clock.now() - timedelta(hours=1)

    assert overtaken(_database(), events, since=since) == pytest.approx(found, abs=0.5)
