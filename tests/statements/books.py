"""Entries of chosen moments, posted as features post them."""

from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from holdings.ledger import services as ledger
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from holdings.lots import services as lots
from holdings.lots.models import Lot
from krak.core.ids import uuid7
from krak.core.transactions import transaction
from krak.customers.models import Customer


def move(
    customer: Customer, amount: str, code: str = "USD", *, at: datetime,
    event_at: datetime | None = None, kind: str = "DEPOSIT", house: str = "CUSTODY",
    party: str = "",
) -> Entry:  # fmt: skip
    """Move an amount in, or out if negative, in an entry that is written `at`."""
    with transaction():
        ledger.lock_books([customer.id])
        account = ledger.account_of(customer_id=customer.id, currency=code)
        units = Decimal(amount)
        side, other = (CREDIT, DEBIT) if units > 0 else (DEBIT, CREDIT)
        entry = Entry(
            id=uuid7(), customer_id=customer.id, cause=f"test:{uuid7()}", kind=kind,
            event_at=event_at or at, created_at=at,
            legs=(
                Leg(side, code, abs(units), account=account.id, forced=units < 0),
                Leg(other, code, abs(units), house=house),
            ),
            details={"merchant": party} if party else {},
        )  # fmt: skip
        ledger.post(entry)
    return entry


def sell(customer: Customer, units: str, code: str, *, proceeds: str, at: datetime) -> Entry:
    """Sell units of a holding for dollars, out of its lots."""
    with transaction():
        ledger.lock_books([customer.id])
        holding = ledger.account_of(customer_id=customer.id, currency=code)
        cash = ledger.account_of(customer_id=customer.id, currency="USD")
        entry = Entry(
            id=uuid7(), customer_id=customer.id, cause=f"test:{uuid7()}", kind="SALE",
            event_at=at, created_at=at,
            legs=(
                Leg(DEBIT, code, Decimal(units), account=holding.id),
                Leg(CREDIT, code, Decimal(units), house="INVENTORY"),
                Leg(DEBIT, "USD", Decimal(proceeds), house="INVENTORY"),
                Leg(CREDIT, "USD", Decimal(proceeds), account=cash.id),
            ),
            details={},
        )  # fmt: skip
        ledger.post(entry)
        lots.take(
            customer_id=customer.id, currency=code, units=Decimal(units),
            proceeds=Decimal(proceeds), entry_id=entry.id, now=at,
        )  # fmt: skip
    return entry


def buy(customer: Customer, units: str, code: str, *, cost: str, at: datetime) -> Entry:
    """Bring in units that cost so many dollars, as a lot."""
    entry = move(customer, units, code, at=at)
    with transaction():
        lots.add([lots.Arrival(
            customer_id=customer.id, currency=code, units=Decimal(units), cost=Decimal(cost),
            cost_currency="USD", entry_id=entry.id, acquired_at=at,
        )])  # fmt: skip
    return entry


def send_out(customer: Customer, units: str, code: str, *, at: datetime) -> Entry:
    """Move units of a holding out of our books, at what they cost."""
    entry = move(customer, f"-{units}", code, at=at, kind="WITHDRAWAL")
    with transaction():
        ledger.lock_books([customer.id])
        lots.move_out(
            customer_id=customer.id, currency=code, units=Decimal(units), entry_id=entry.id, now=at
        )
    return entry


def take_back(customer: Customer, sent: Entry, units: str, code: str, *, at: datetime) -> None:
    """Let what was sent out come back."""
    entry = move(customer, units, code, at=at, kind="WITHDRAWAL_RETURN")
    with transaction():
        lots.bring_back(customer_id=customer.id, moved_by=sent.id, entry_id=entry.id)
    held = Lot.objects.filter(customer=customer, entry_id=entry.id).aggregate(all=Sum("quantity"))
    assert held["all"] == Decimal(units)
