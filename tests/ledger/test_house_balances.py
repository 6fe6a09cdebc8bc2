"""Balances of the house's accounts: exact at any moment, whoever commits when."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection, connections
from django.db import transaction as django_transaction
from django.test import Client
from django.urls import reverse
from psycopg.types.json import Jsonb

from holdings.ledger import queries, tasks
from holdings.ledger import services as ledger
from holdings.ledger.models import HouseBalance, UnrolledEntry
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.customers.models import User


def _new_customer() -> UUID:
    with transaction():
        customer = customers.register(
            email=f"{uuid7()}@krak.test", name="A. House", country="US", home_currency="USD"
        )
        ledger.open_book(customer_id=customer.id)
    return customer.id


def _entry(customer_id: UUID, currency: str, amount: str, house: str = "INVENTORY") -> Entry:
    now = clock.now()
    account = ledger.account_of(customer_id=customer_id, currency=currency)
    return Entry(
        id=uuid7(), customer_id=customer_id, cause=str(uuid7()), kind="TEST",
        event_at=now, created_at=now, details={},
        legs=(
            Leg(DEBIT, currency, Decimal(amount), account=account.id, forced=True),
            Leg(CREDIT, currency, Decimal(amount), house=house),
        ),
    )  # fmt: skip


def _post(customer_id: UUID, currency: str, amount: str, house: str = "INVENTORY") -> UUID:
    with transaction():
        entry = _entry(customer_id, currency, amount, house)
        ledger.post(entry)
    return entry.id


def _balance(currency: str, house: str = "INVENTORY") -> Decimal:
    found = [b for b in queries.house_balances(house=house) if b.currency == currency]
    return found[0].balance if found else Decimal(0)


def _waits(entry_id: UUID) -> bool:
    return UnrolledEntry.objects.filter(entry_id=entry_id).exists()


@pytest.mark.django_db
class TestRollingUp:
    def test_a_balance_is_the_same_before_and_after_it_is_rolled_up(self) -> None:
        customer = _new_customer()
        before = _balance("SOL")
        first, second = _post(customer, "SOL", "2"), _post(customer, "SOL", "0.5")

        assert _balance("SOL") == before + Decimal("2.5")
        assert _waits(first)
        assert _waits(second)
        tasks.roll_up_house(trace="of a newer release")

        assert not UnrolledEntry.objects.exists()
        assert _balance("SOL") == before + Decimal("2.5")
        assert HouseBalance.objects.get(house="INVENTORY", currency="SOL").balance == _balance(
            "SOL"
        )

    def test_a_second_roll_up_adds_nothing(self) -> None:
        _post(_new_customer(), "SOL", "2")
        ledger.roll_up_house()
        balance = _balance("SOL")

        assert ledger.roll_up_house() == 0
        assert _balance("SOL") == balance

    def test_a_roll_up_in_small_batches_takes_everything(self) -> None:
        ledger.roll_up_house()
        customer = _new_customer()
        before = _balance("ETH")
        for _ in range(5):
            _post(customer, "ETH", "1")

        assert ledger.roll_up_house(most=2) == 5
        assert _balance("ETH") == before + 5
        assert queries.breaks() == []

    def test_only_accounts_of_the_asked_kind_are_returned(self) -> None:
        _post(_new_customer(), "SOL", "2", "FEES")

        assert {b.house for b in queries.house_balances(house="FEES")} == {"FEES"}
        assert {"FEES"} <= {b.house for b in queries.house_balances()}


@pytest.mark.django_db
class TestTheDatabaseRefuses:
    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO ledger_housebalance (house, currency, balance) VALUES ('DUST', 'XRP', 1)",
            "UPDATE ledger_housebalance SET balance = balance + 1",
            "DELETE FROM ledger_housebalance",
            "TRUNCATE ledger_housebalance",
            "INSERT INTO ledger_unrolledentry SELECT customer_id, id FROM ledger_journalentry",
            "UPDATE ledger_unrolledentry SET entry_id = gen_random_uuid()",
            "TRUNCATE ledger_unrolledentry",
        ],
    )
    def test_a_house_balance_that_anybody_moves(self, statement: str) -> None:
        customer = _new_customer()
        _post(customer, "SOL", "2")
        ledger.roll_up_house()
        _post(customer, "SOL", "2")
        with (
            pytest.raises(DatabaseError, match="only postings and their roll-up move"),
            django_transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def test_taking_an_entry_out_by_hand_is_rolling_it_up(self) -> None:
        before = _balance("SOL")
        entry = _post(_new_customer(), "SOL", "2")

        UnrolledEntry.objects.filter(entry_id=entry).delete()

        assert _balance("SOL") == before + 2
        assert queries.breaks() == []


@pytest.mark.django_db
def test_a_balance_that_was_tampered_with_is_a_break() -> None:
    _post(_new_customer(), "SOL", "2")
    ledger.roll_up_house()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ledger_housebalance SET balance = balance + 1 WHERE currency='SOL'")
        cursor.execute("SET LOCAL session_replication_role = origin")

    assert [b.subject for b in queries.breaks() if b.kind == "house"] == ["INVENTORY SOL"]


@pytest.mark.django_db
@pytest.mark.filterwarnings("ignore:Overriding get_action_choices")
def test_staff_see_every_account_and_what_it_is_worth(pinned: Any) -> None:
    pinned({"SOL": "100"})
    ledger.roll_up_house()
    _post(_new_customer(), "SOL", "2", "DUST")
    _post(_new_customer(), "PAXG", "3", "DUST")
    browser = Client()
    browser.force_login(User.objects.create_superuser("boss@krak.example", "sandbox-staff"))
    dust = {a.account.currency: a.usd for a in queries.house_worths(board=pinned({"SOL": "100"}))
            if a.account.house == "DUST"}  # fmt: skip

    page = browser.get(reverse("admin:ledger_housebalance_changelist")).content.decode()

    assert dust["PAXG"] is None
    assert f"{_balance('SOL', 'DUST') * 100:,.2f} USD" in page
    assert "no price" in page
    assert Client().get(reverse("admin:ledger_housebalance_changelist")).status_code == 302


@pytest.fixture
def other_session(committed: None) -> Iterator[psycopg.Connection[Any]]:
    """Return a second session of the same database, in a transaction of its own."""
    connection.ensure_connection()
    parameters = connection.get_connection_params()
    wanted = ("host", "port", "dbname", "user", "password")
    with psycopg.connect(**{name: parameters[name] for name in wanted if name in parameters}) as db:
        yield db


def _post_in(db: psycopg.Connection[Any], customer_id: UUID, amount: str) -> None:
    # The account is opened first, in a transaction that is over.
    with transaction():
        entry = _entry(customer_id, "SOL", amount)
    db.execute("SELECT ledger_post(%s::jsonb)", [Jsonb(entry.as_json())])


def test_an_entry_that_commits_after_younger_ones_were_rolled_up_is_not_missed(
    other_session: psycopg.Connection[Any],
) -> None:
    early, late = _new_customer(), _new_customer()
    before = _balance("SOL")
    _post_in(other_session, early, "1")
    younger = _post(late, "SOL", "10")

    ledger.roll_up_house()
    assert not _waits(younger)
    assert _balance("SOL") == before + 10
    other_session.commit()

    assert _balance("SOL") == before + 11
    ledger.roll_up_house()
    assert _balance("SOL") == before + 11
    assert queries.breaks() == []


def test_an_entry_that_is_rolled_back_never_counts(
    other_session: psycopg.Connection[Any],
) -> None:
    before = _balance("SOL")
    _post_in(other_session, _new_customer(), "1")

    ledger.roll_up_house()
    other_session.rollback()
    ledger.roll_up_house()

    assert _balance("SOL") == before


def test_a_roll_up_passes_over_what_another_one_is_at(
    other_session: psycopg.Connection[Any],
) -> None:
    ledger.roll_up_house()
    before = _balance("ETH")
    first = _post(_new_customer(), "ETH", "1")
    other_session.execute("SELECT ledger_roll_up(10)")
    # In another currency, so that its balance is not the row the first one has locked.
    second = _post(_new_customer(), "AAPLx", "1")

    assert ledger.roll_up_house() == 1
    assert (_waits(first), _waits(second)) == (True, False)
    assert _balance("ETH") == before + 1
    other_session.commit()
    assert (_waits(first), _balance("ETH")) == (False, before + 1)


def test_balances_are_exact_at_every_moment_while_all_post_and_roll_up(committed: None) -> None:
    posters = [_new_customer() for _ in range(3)]
    before = _balance("USDC")
    done = threading.Event()
    wrong: list[Any] = []

    def post(customer_id: UUID) -> None:
        try:
            for n in range(40):
                _post(customer_id, "USDC", str(n + 1))
        finally:
            connections.close_all()

    def roll_up() -> None:
        try:
            while not done.is_set():
                ledger.roll_up_house(most=7)
        finally:
            connections.close_all()

    def compare() -> None:
        try:
            while not done.is_set():
                # One statement compares every balance with the plain sum of its postings.
                with connection.cursor() as cursor:
                    cursor.execute("SELECT * FROM ledger_house_breaks()")
                    wrong.extend(cursor.fetchall())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        background = [pool.submit(roll_up), pool.submit(roll_up), pool.submit(compare)]
        for posted in [pool.submit(post, customer) for customer in posters]:
            posted.result(60)
        done.set()
        for each in background:
            each.result(60)

    assert wrong == []
    assert _balance("USDC") == before + 3 * sum(range(1, 41))
    ledger.roll_up_house()
    assert _balance("USDC") == before + 3 * sum(range(1, 41))
