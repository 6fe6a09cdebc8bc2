"""The proof of the books."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import connection

from holdings.ledger.models import Book

FIRST: Final = UUID(int=0)
LAST: Final = UUID(int=2**128 - 1)
BOOKS_AT_ONCE: Final = 2_000
ENTRIES_AT_ONCE: Final = 20_000
"""A part of the proof is about so much: a second of work."""


@dataclass(frozen=True, slots=True)
class Break:
    """Something in the books that should not be."""

    kind: str
    customer_id: UUID | None
    """None for a balance of the house's."""
    subject: str


def breaks(*, customer_id: UUID | None = None) -> list[Break]:
    """Prove the books: sums, cached balances, holds, hash chains. An empty list is the proof.

    The house's balances are proved with everybody's books, not with one customer's.
    """
    if customer_id is not None:
        return _breaks_between(customer_id, customer_id)
    found, after = breaks_after(None)
    while after is not None:
        more, after = breaks_after(after)
        found += more
    return found + house_breaks()


def breaks_after(customer_id: UUID | None) -> tuple[list[Break], UUID | None]:
    """Prove the books that come next after a customer's, or the first ones, a part at a time.

    Returns what is broken and the last customer of this part; None when it was the last part.
    """
    first = UUID(int=customer_id.int + 1) if customer_id else FIRST
    books = Book.objects.filter(customer_id__gte=first).order_by("customer_id")
    length = 0
    rows = books.values_list("customer_id", "entries")[:BOOKS_AT_ONCE]
    for number, (last, entries) in enumerate(rows, 1):
        length += entries
        if length >= ENTRIES_AT_ONCE or number == BOOKS_AT_ONCE:
            return _breaks_between(first, last), last
    return _breaks_between(first, LAST), None


def _breaks_between(first: UUID, last: UUID) -> list[Break]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_breaks(%s, %s)", [first, last])
        return [Break(*row) for row in cursor.fetchall()]


def house_breaks() -> list[Break]:
    """Prove the house's balances against all postings there are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_house_breaks()")
        return [Break("house", None, subject) for (subject,) in cursor.fetchall()]


def sums_by_currency() -> dict[str, Decimal]:
    """Return credits less debits of every currency ever posted; each must be 0."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT currency, sum(CASE side WHEN 'CREDIT' THEN amount ELSE -amount END)"
            " FROM ledger_posting GROUP BY currency ORDER BY currency"
        )
        return dict(cursor.fetchall())
