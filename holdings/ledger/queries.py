"""Reads of the ledger."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection

from holdings.ledger.models import JournalEntry, LedgerAccount


@dataclass(frozen=True, slots=True)
class Break:
    """Something in the books that should not be."""

    kind: str
    customer_id: UUID
    subject: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What a customer has in one currency, in base units."""

    account_id: UUID
    currency: str
    posted: Decimal
    held: Decimal

    @property
    def available(self) -> Decimal:
        """What can be spent; negative after a forced event took more than there was."""
        return self.posted - self.held


def breaks(*, customer_id: UUID | None = None) -> list[Break]:
    """Prove the books: sums, cached balances, holds, hash chains. An empty list is the proof."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_breaks(%s)", [customer_id])
        return [Break(kind, customer, subject) for kind, customer, subject in cursor.fetchall()]


def sums_by_currency() -> dict[str, Decimal]:
    """Return credits less debits of every currency ever posted; each must be 0."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT currency, sum(CASE side WHEN 'CREDIT' THEN amount ELSE -amount END)"
            " FROM ledger_posting GROUP BY currency ORDER BY currency"
        )
        return dict(cursor.fetchall())


def entry_count() -> int:
    """Return how many journal entries there are."""
    return JournalEntry.objects.count()


def balances(*, customer_id: UUID) -> dict[str, Balance]:
    """Return the customer's balances by currency."""
    return {
        a.currency: Balance(a.id, a.currency, a.posted, a.held)
        for a in LedgerAccount.objects.filter(customer_id=customer_id).order_by("currency")
    }


def house_balance(*, house: str, currency: str, customer_id: UUID | None = None) -> Decimal:
    """Return credits less debits of a house account, of one customer's entries if named."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(CASE side WHEN 'CREDIT' THEN amount ELSE -amount END), 0)"
            " FROM ledger_posting WHERE house = %s AND currency = %s"
            " AND (%s::uuid IS NULL OR customer_id = %s)",
            [house, currency, customer_id, customer_id],
        )
        return Decimal(cursor.fetchone()[0])
