"""What the database refuses, tried around the services."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client

from holdings.ledger import queries
from holdings.ledger.models import Hold, JournalEntry, LedgerAccount, Posting
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg, Unbalanced
from holdings.lots.models import Disposal, Lot
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.money import InexactAmount
from tests import schema
from tests.cards.scenarios import Play, scenario

pytestmark = pytest.mark.django_db


@pytest.fixture
def play(client: Client, pinned: Any) -> Play:
    """Return a customer whose purchase sold something."""
    played = Play(scenario("A04"), client, pinned)
    played.run()
    return played


def _sql(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # What the test case holds back until its end would hide what is refused now.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(statement, values)


@pytest.mark.parametrize(
    "table", ["ledger_journalentry", "ledger_posting", "lots_disposal", "authorizations_decision"]
)
@pytest.mark.parametrize("verb", ["UPDATE {} SET customer_id = customer_id", "DELETE FROM {}",
                                  "TRUNCATE {} CASCADE"])  # fmt: skip
def test_what_happened_cannot_be_changed(play: Play, table: str, verb: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"):
        _sql(verb.format(table))


def test_bulk_updates_through_the_orm_are_refused_too(play: Play) -> None:
    for rows in (JournalEntry.objects.all(), Posting.objects.all(), Disposal.objects.all()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.update(customer_id=play.customer.id)


@pytest.mark.parametrize("column", ["posted", "held", "overdraft"])
def test_a_balance_cannot_be_set(play: Play, column: str) -> None:
    with pytest.raises(DatabaseError, match="only postings and holds move an account"):
        _sql(f"UPDATE ledger_ledgeraccount SET {column} = {column} + 1")


def test_an_account_cannot_begin_with_money(play: Play) -> None:
    with pytest.raises(DatabaseError, match="starts empty"), transaction.atomic():
        LedgerAccount.objects.create(customer=play.customer, currency="ETH", posted=Decimal(5))


def _entry(play: Play, legs: list[dict[str, Any]], cause: str = "test") -> dict[str, Any]:
    now = clock.now().isoformat()
    return {
        "customer": str(play.customer.id), "id": str(uuid7()), "cause": cause, "kind": "TEST",
        "event_at": now, "created_at": now, "details": {}, "legs": legs,
    }  # fmt: skip


def _account(play: Play, currency: str = "USD") -> UUID:
    return LedgerAccount.objects.get(customer=play.customer, currency=currency).id


def _leg(side: str, amount: str, **rest: Any) -> dict[str, Any]:
    return {"side": side, "currency": "USD", "amount": amount, "house": "CUSTODY"} | rest


def test_an_entry_that_does_not_balance_is_refused(play: Play) -> None:
    entry = _entry(play, [_leg("CREDIT", "5"), _leg("DEBIT", "4")])

    with pytest.raises(IntegrityError, match="unbalanced"):
        _sql("SELECT ledger_post(%s)", json.dumps(entry))


def test_currencies_do_not_balance_each_other(play: Play) -> None:
    entry = _entry(play, [_leg("CREDIT", "5"), _leg("DEBIT", "5", currency="EUR")])

    with pytest.raises(IntegrityError, match="unbalanced"):
        _sql("SELECT ledger_post(%s)", json.dumps(entry))


def test_legs_cannot_be_added_to_an_entry_later(play: Play) -> None:
    entry = JournalEntry.objects.filter(customer=play.customer).first()
    assert entry is not None
    with pytest.raises(IntegrityError, match="does not announce"), transaction.atomic():
        Posting.objects.bulk_create(
            Posting(
                customer=play.customer, entry=entry, leg=entry.legs + n, house="DUST",
                side=side, currency="USD", amount=1,
            )
            for n, side in enumerate(("DEBIT", "CREDIT"))
        )  # fmt: skip


def test_a_posting_in_another_currency_than_its_account_is_refused(play: Play) -> None:
    mine = _leg("CREDIT", "5", currency="BTC", account=str(_account(play)))
    del mine["house"]
    entry = _entry(play, [mine, _leg("DEBIT", "5", currency="BTC")])

    with pytest.raises(IntegrityError, match="no BTC account"):
        _sql("SELECT ledger_post(%s)", json.dumps(entry))


def test_nobody_is_overdrawn_but_by_a_forced_event(play: Play) -> None:
    def taking(cause: str, *, forced: bool) -> str:
        mine = _leg("DEBIT", "1000", account=str(_account(play)), forced=forced)
        del mine["house"]
        return json.dumps(_entry(play, [mine, _leg("CREDIT", "1000")], cause))

    with pytest.raises(IntegrityError, match="nobody_is_overdrawn"):
        _sql("SELECT ledger_post(%s)", taking("unforced", forced=False))
    _sql("SELECT ledger_post(%s)", taking("forced", forced=True))

    account = LedgerAccount.objects.get(customer=play.customer, currency="USD")
    assert [account.posted, account.held, account.overdraft] == [-950, 50, 1000]


def test_a_hold_beyond_what_is_available_is_refused(play: Play) -> None:
    now = clock.now()
    with pytest.raises(IntegrityError, match="nobody_is_overdrawn"), transaction.atomic():
        Hold.objects.create(
            customer=play.customer, account_id=_account(play), reference="too much",
            amount=Decimal("0.01"), created_at=now, updated_at=now,
        )  # fmt: skip


def test_control_without_its_rule_the_database_lets_somebody_below_zero(play: Play) -> None:
    now = clock.now()
    schema.change(
        "SET CONSTRAINTS ALL IMMEDIATE",
        "ALTER TABLE ledger_ledgeraccount"
        " DROP CONSTRAINT nobody_is_overdrawn_but_by_a_forced_event",
    )
    Hold.objects.create(
        customer=play.customer, account_id=_account(play), reference="too much",
        amount=Decimal("0.01"), created_at=now, updated_at=now,
    )  # fmt: skip

    assert LedgerAccount.objects.get(id=_account(play)).held == Decimal("50.01")


def test_a_lot_cannot_give_more_than_it_has(play: Play) -> None:
    with pytest.raises(IntegrityError, match="a_lot_never_gives_more_than_it_has"):
        _sql("UPDATE lots_lot SET remaining = -1 WHERE customer_id = %s", play.customer.id)


def test_the_same_cause_posts_once(play: Play) -> None:
    entry = _entry(play, [_leg("CREDIT", "5"), _leg("DEBIT", "5")], "once")
    for _ in range(2):
        _sql("SELECT ledger_post(%s)", json.dumps(entry | {"id": str(uuid7())}))

    assert JournalEntry.objects.filter(customer=play.customer, cause="once").count() == 1


def test_tampering_behind_the_triggers_breaks_the_chain_visibly(play: Play) -> None:
    assert queries.breaks(customer_id=play.customer.id) == []

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE ledger_posting SET amount = amount + 1 WHERE customer_id = %s AND leg = 0",
            [play.customer.id],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")

    kinds = {found.kind for found in queries.breaks(customer_id=play.customer.id)}
    assert kinds == {"unbalanced", "posted", "hash chain"}


def test_an_entry_says_early_that_it_does_not_balance(play: Play) -> None:
    def entry(*legs: Leg) -> Entry:
        now = clock.now()
        return Entry(
            id=uuid7(), customer_id=play.customer.id, cause="x", kind="TEST", event_at=now,
            created_at=now, legs=legs, details={},
        )  # fmt: skip

    five = Leg(DEBIT, "USD", Decimal(5), house="CUSTODY")
    with pytest.raises(Unbalanced):
        entry(five, Leg(CREDIT, "USD", Decimal(4), house="DUST"))
    with pytest.raises(Unbalanced):
        entry()
    with pytest.raises(InexactAmount):
        entry(five, Leg(CREDIT, "USD", Decimal("5.00000000001"), house="DUST"))


def test_lots_give_first_in_first_out_and_their_parts_sum(client: Client, pinned: Any) -> None:
    case = scenario("A04") | {
        "given": {
            "posted": 0,
            "lots": {
                "BTC": [{"quantity": "0.001", "cost": "10"}, {"quantity": "0.003", "cost": "100"}]
            },
        },
        "steps": [{"do": "request", "authorization": "a1", "amount": 10_000}],
        "expect": {"answers": [{"approved": True}]},
    }
    play = Play(case, client, pinned)

    play.run()

    first, second = Lot.objects.filter(customer=play.customer, currency="BTC").order_by(
        "acquired_at"
    )
    assert [first.remaining, first.cost_remaining] == [0, 0]
    assert (second.remaining, second.cost_remaining) == (
        Decimal("0.002"), Decimal("66.6666666667"),
    )  # fmt: skip
    disposals = Disposal.objects.filter(customer=play.customer)
    assert sum(d.proceeds for d in disposals) == 100
    assert sum(d.cost_basis for d in disposals) == Decimal("43.3333333333")
