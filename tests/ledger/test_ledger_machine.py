"""A ledger's life: whatever comes in whatever order, a few lines of Python know the result."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from django.db import IntegrityError
from django.db import transaction as django_transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from holdings.ledger import queries
from holdings.ledger import services as ledger
from holdings.ledger.models import Book, Hold, JournalEntry, LedgerAccount, Posting
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from holdings.lots import queries as lot_reads
from holdings.lots import services as lots
from holdings.trading.rules.waterfall import Sale, legs_of_sale
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.transactions import transaction
from krak.customers import services as customers

SMALLEST = Decimal(1).scaleb(-10)

cents = st.integers(1, 100_000).map(lambda n: Decimal(n).scaleb(-2))
coins = st.one_of(st.integers(1, 10**12), st.integers(1, 9)).map(lambda n: Decimal(n).scaleb(-10))
taps = st.sampled_from(["tap 1", "tap 2"])
# What is asked in terms of what there is, so that the edges are met all the time.
edges = st.sampled_from([Decimal(0), SMALLEST, -SMALLEST])


@dataclass
class Kept:
    """One account in the model. Beyond zero it goes by force only."""

    posted: Decimal = Decimal(0)
    held: Decimal = Decimal(0)

    @property
    def available(self) -> Decimal:
        return self.posted - self.held

    def allows(self, after: "Kept", *, forced: bool) -> bool:
        """Say whether a change is allowed: forced, or not into or deeper into the red."""
        return forced or after.available >= min(Decimal(0), self.available)


class LedgerLife(RuleBasedStateMachine):
    """One customer with dollars to hold and capture, and coins to sell."""

    CURRENCIES: ClassVar = ("USD", "BTC")

    def __init__(self) -> None:
        super().__init__()
        with transaction():
            self.customer = customers.register(
                email=f"{uuid7()}@krak.test", name="A. Model", country="US", home_currency="USD"
            )
            ledger.open_book(customer_id=self.customer.id)
            self.accounts = {
                code: ledger.account_of(customer_id=self.customer.id, currency=code).id
                for code in self.CURRENCIES
            }
        self.kept = {code: Kept() for code in self.CURRENCIES}
        self.holds: dict[str, Decimal] = {}
        self.entries: list[Entry] = []
        self.ever_forced = False

    # What happens

    @rule(amount=cents)
    def deposit(self, amount: Decimal) -> None:
        self._post(self._cash_legs(CREDIT, amount, forced=False), USD=amount)

    @rule(amount=coins, cost=cents)
    def deposit_coins(self, amount: Decimal, cost: Decimal) -> None:
        legs = (
            Leg(CREDIT, "BTC", amount, account=self.accounts["BTC"]),
            Leg(DEBIT, "BTC", amount, house="CUSTODY"),
        )

        def keep_lot(entry: Entry) -> None:
            lots.add([lots.Arrival(
                customer_id=self.customer.id, currency="BTC", units=amount, cost=cost,
                cost_currency="USD", entry_id=entry.id, acquired_at=entry.event_at,
            )])  # fmt: skip

        self._post(legs, then=keep_lot, BTC=amount)

    @rule(amount=cents)
    def withdraw(self, amount: Decimal) -> None:
        self._post(self._cash_legs(DEBIT, amount, forced=False), USD=-amount)

    @precondition(lambda self: self.kept["USD"].available > 0)
    @rule(edge=edges)
    def withdraw_about_everything(self, edge: Decimal) -> None:
        if amount := self.kept["USD"].available + edge:
            self.withdraw(amount)

    @rule(amount=cents)
    def capture(self, amount: Decimal) -> None:
        self.ever_forced = True
        self._post(self._cash_legs(DEBIT, amount, forced=True), forced=True, USD=-amount)

    @rule(reference=taps, amount=cents, forced=st.booleans())
    def hold(self, reference: str, amount: Decimal, forced: bool) -> None:
        self._hold(reference, amount, forced=forced)

    @precondition(lambda self: self.kept["USD"].available > 0)
    @rule(reference=taps, edge=edges)
    def hold_about_everything(self, reference: str, edge: Decimal) -> None:
        there = self.kept["USD"].available + self.holds.get(reference, Decimal(0))
        self._hold(reference, there + edge, forced=False)

    @rule(reference=taps)
    def release(self, reference: str) -> None:
        self._hold(reference, Decimal(0), forced=False)

    @rule(reference=taps, part=st.sampled_from(["0.5", "1", "1.2"]))
    def capture_a_hold(self, reference: str, part: str) -> None:
        held = self.holds.get(reference, Decimal(0))
        if held:
            self._hold(reference, Decimal(0), forced=True)
            self.capture(max(SMALLEST, (held * Decimal(part)).quantize(SMALLEST)))

    @rule(units=coins, proceeds=cents, spread=st.sampled_from(["0", "0.07"]))
    def sell(self, units: Decimal, proceeds: Decimal, spread: str) -> None:
        sale = Sale("BTC", units, proceeds / units, proceeds, Decimal(spread))
        legs = legs_of_sale(
            sale,
            asset_account=self.accounts["BTC"],
            cash_account=self.accounts["USD"],
            cash="USD",
        )

        def take(entry: Entry) -> None:
            lots.take(
                customer_id=self.customer.id, currency="BTC", units=units, proceeds=proceeds,
                entry_id=entry.id, now=entry.event_at,
            )  # fmt: skip

        self._post(legs, then=take, BTC=-units, USD=proceeds)

    @precondition(lambda self: self.kept["BTC"].posted > 0)
    @rule(edge=edges, proceeds=cents)
    def sell_about_everything(self, edge: Decimal, proceeds: Decimal) -> None:
        if self.kept["BTC"].posted + edge:
            self.sell(self.kept["BTC"].posted + edge, proceeds, "0")

    @precondition(lambda self: self.entries)
    @rule(which=st.integers(0, 10**6), other_amount=st.booleans())
    def repeat(self, which: int, other_amount: bool) -> None:
        first = self.entries[which % len(self.entries)]
        legs = first.legs
        if other_amount:
            legs = tuple(replace(leg, amount=leg.amount * 2) for leg in legs)
        again = replace(first, id=uuid7(), legs=legs)
        if other_amount:
            with pytest.raises(ledger.CauseReused), transaction():
                ledger.post(again)
        else:
            with transaction():
                assert ledger.post(again) is False

    # How it is done, in the ledger and in the model

    def _cash_legs(self, side: str, amount: Decimal, *, forced: bool) -> tuple[Leg, ...]:
        other = DEBIT if side == CREDIT else CREDIT
        return (
            Leg(side, "USD", amount, account=self.accounts["USD"], forced=forced),
            Leg(other, "USD", amount, house="CUSTODY"),
        )

    def _post(
        self,
        legs: tuple[Leg, ...],
        *,
        then: Callable[[Entry], None] | None = None,
        forced: bool = False,
        **changes: Decimal,
    ) -> None:
        now = clock.now()
        entry = Entry(
            id=uuid7(), customer_id=self.customer.id, cause=f"cause {uuid7()}", kind="TEST",
            event_at=now, created_at=now, legs=legs, details={},
        )  # fmt: skip
        after = {
            code: replace(self.kept[code], posted=self.kept[code].posted + change)
            for code, change in changes.items()
        }

        def do() -> None:
            assert ledger.post(entry) is True
            if then is not None:
                then(entry)

        allowed = all(
            self.kept[code].allows(account, forced=forced) for code, account in after.items()
        )
        if self._done_or_refused(do, allowed=allowed):
            self.kept |= after
            self.entries.append(entry)

    def _hold(self, reference: str, amount: Decimal, *, forced: bool) -> None:
        before = self.holds.get(reference, Decimal(0))
        usd = self.kept["USD"]
        after = replace(usd, held=usd.held + amount - before)
        self.ever_forced |= forced

        def do() -> None:
            ledger.set_hold(
                customer_id=self.customer.id,
                account_id=self.accounts["USD"],
                reference=reference,
                amount=amount,
                now=clock.now(),
                forced=forced,
            )

        if self._done_or_refused(do, allowed=usd.allows(after, forced=forced)):
            self.kept["USD"] = after
            if amount or reference in self.holds:
                self.holds[reference] = amount

    def _done_or_refused(self, do: Callable[[], None], *, allowed: bool) -> bool:
        with transaction():
            ledger.lock_books([self.customer.id])
            if allowed:
                do()
            else:
                with (
                    pytest.raises(IntegrityError, match="nobody_is_overdrawn_but_by_a_forced"),
                    django_transaction.atomic(),
                ):
                    do()
        return allowed

    def _row(self, code: str) -> LedgerAccount:
        return LedgerAccount.objects.get(id=self.accounts[code])

    # What is true after each step

    @invariant()
    def the_books_are_proved(self) -> None:
        assert queries.breaks(customer_id=self.customer.id) == []

    @invariant()
    def balances_are_those_of_the_model(self) -> None:
        for code, kept in self.kept.items():
            row = self._row(code)
            assert (row.posted, row.held) == (kept.posted, kept.held), code
            assert row.overdraft == max(Decimal(0), -kept.available), code
        assert dict(
            Hold.objects.filter(customer=self.customer).values_list("reference", "amount")
        ) == self.holds  # fmt: skip
        assert sum(self.holds.values()) == self.kept["USD"].held

    @invariant()
    def nobody_is_overdrawn_without_force(self) -> None:
        assert self._row("BTC").overdraft == 0
        if not self.ever_forced:
            assert self._row("USD").overdraft == 0

    @invariant()
    def every_entry_is_there_once_and_says_what_it_left(self) -> None:
        causes = JournalEntry.objects.filter(customer=self.customer).order_by("sequence")
        assert list(causes.values_list("cause", flat=True)) == [e.cause for e in self.entries]
        assert Book.objects.get(customer=self.customer).entries == len(self.entries)
        for code, kept in self.kept.items():
            last = (
                Posting.objects.filter(account_id=self.accounts[code])
                .order_by("-entry__sequence")
                .first()
            )
            assert (last.balance_after if last else 0) == kept.posted

    @invariant()
    def units_in_lots_are_those_on_the_books(self) -> None:
        in_lots = lot_reads.units_in_lots(customer_id=self.customer.id)
        assert in_lots.get("BTC", 0) == self.kept["BTC"].posted


@pytest.mark.django_db
def test_a_ledgers_life() -> None:
    run_state_machine_as_test(
        LedgerLife,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def life(db: Any) -> LedgerLife:
    """Return a customer with nothing."""
    return LedgerLife()


def _overdraft(life: LedgerLife) -> Decimal:
    overdraft: Decimal = life._row("USD").overdraft
    return overdraft


def test_an_overdraft_begins_by_force_and_shrinks_as_money_comes_in(life: LedgerLife) -> None:
    life.deposit(Decimal(10))
    life.capture(Decimal(25))
    assert _overdraft(life) == 15

    life.deposit(Decimal(5))
    assert _overdraft(life) == 10
    # What came in is not there to be taken out again.
    life.withdraw(Decimal(1))
    assert _overdraft(life) == 10

    life.deposit(Decimal(30))
    assert _overdraft(life) == 0
    life.withdraw(Decimal("20.01"))
    life.withdraw(Decimal(20))
    assert life._row("USD").posted == 0
    assert len(life.entries) == 5


def test_an_overdraft_by_a_forced_hold_goes_with_the_hold(life: LedgerLife) -> None:
    life.hold("tap 1", Decimal(10), forced=False)
    assert _overdraft(life) == 0
    life.hold("tap 1", Decimal(10), forced=True)
    assert _overdraft(life) == 10

    life.hold("tap 1", Decimal(4), forced=False)
    assert _overdraft(life) == 4
    life.hold("tap 1", Decimal(5), forced=False)
    assert _overdraft(life) == 4

    life.release("tap 1")
    assert _overdraft(life) == 0
    life.balances_are_those_of_the_model()


def test_a_sale_repairs_an_overdraft(life: LedgerLife) -> None:
    life.deposit_coins(Decimal("0.5"), Decimal(100))
    life.capture(Decimal(40))
    life.sell(Decimal("0.2"), Decimal(30), "0.07")
    assert _overdraft(life) == 10

    life.sell(Decimal("0.3000000001"), Decimal(30), "0")
    assert [_overdraft(life), life.kept["BTC"].posted] == [10, Decimal("0.3")]
    life.the_books_are_proved()
    life.units_in_lots_are_those_on_the_books()
