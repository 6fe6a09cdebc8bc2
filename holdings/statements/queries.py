"""Reads that statements and tax reports are made of."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from holdings.ledger import queries as ledger
from holdings.lots import queries as lots
from holdings.statements.models import Statement
from holdings.statements.rules import Month
from krak.core.errors import DomainError, Kind

if TYPE_CHECKING:
    from holdings.lots.models import Disposal

_ON_ACCOUNTS: Final = """
SELECT posting.currency,
       sum(CASE posting.side WHEN 'CREDIT' THEN posting.amount ELSE -posting.amount END)
  FROM ledger_posting posting
  JOIN ledger_journalentry entry ON entry.id = posting.entry_id
 WHERE posting.customer_id = %(customer)s AND entry.customer_id = %(customer)s
   AND posting.account_id IS NOT NULL AND entry.sequence <= %(last)s
 GROUP BY posting.currency
"""
# What the house earned or gave, from the customer's side of it.
_OF_THE_HOUSE: Final = """
SELECT posting.house, posting.currency,
       sum(CASE posting.side WHEN 'CREDIT' THEN posting.amount ELSE -posting.amount END)
  FROM ledger_posting posting
  JOIN ledger_journalentry entry ON entry.id = posting.entry_id
 WHERE posting.customer_id = %(customer)s AND entry.customer_id = %(customer)s
   AND posting.house IN ('FEES', 'SPREAD', 'CASHBACK_EXPENSE')
   AND entry.sequence BETWEEN %(first)s AND %(last)s
 GROUP BY posting.house, posting.currency ORDER BY posting.house, posting.currency
"""
_WITHOUT_A_STATEMENT: Final = """
SELECT book.customer_id FROM ledger_book book
  JOIN ledger_journalentry entry ON entry.customer_id = book.customer_id AND entry.sequence = 1
 WHERE book.customer_id > %(after)s AND entry.created_at < %(end)s
   AND NOT EXISTS (SELECT FROM statements_statement done
                    WHERE done.customer_id = book.customer_id AND done.month_on = %(month)s)
 ORDER BY book.customer_id LIMIT %(most)s
"""


class StatementNotFound(DomainError):
    """No such statement, or not one of the customer's."""

    code = "statements.not_found"
    title = "There is no such statement."
    kind = Kind.NOT_FOUND


def statements(*, customer_id: UUID) -> QuerySet[Statement]:
    """Return the customer's statements without all that they say."""
    return Statement.objects.filter(customer_id=customer_id).defer("facts")


def statement_of(*, statement_id: UUID, customer_id: UUID) -> Statement:
    """Return one of the customer's statements.

    Raises:
        StatementNotFound: there is none, or it is another's.
    """
    found = Statement.objects.filter(customer_id=customer_id, id=statement_id).first()
    if found is None:
        raise StatementNotFound
    return found


def statement_of_month(month: Month, *, customer_id: UUID) -> Statement | None:
    """Return the statement of a month, if it was issued."""
    return Statement.objects.filter(
        customer_id=customer_id, month_on=month.begins_at.date()
    ).first()


def newest(*, customer_id: UUID) -> Statement | None:
    """Return the newest statement of a customer."""
    return Statement.objects.filter(customer_id=customer_id).order_by("-month_on").first()


def first_month(*, customer_id: UUID) -> Month | None:
    """Return the month in which a customer's first entry was written."""
    first = ledger.first_written_at(customer_id=customer_id)
    return Month.of(first) if first else None


def postings_up_to(last: int, *, customer_id: UUID) -> dict[str, Decimal]:
    """Return what a customer had after an entry, as the sum of all postings, by currency."""
    with connection.cursor() as cursor:
        cursor.execute(_ON_ACCOUNTS, {"customer": customer_id, "last": last})
        return {code: amount for code, amount in cursor.fetchall() if amount}


def of_the_house(*, customer_id: UUID, first: int, last: int) -> dict[str, dict[str, Decimal]]:
    """Return what these entries brought the house: FEES, SPREAD, CASHBACK_EXPENSE by currency."""
    found: dict[str, dict[str, Decimal]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_OF_THE_HOUSE, {"customer": customer_id, "first": first, "last": last})
        for house, code, amount in cursor.fetchall():
            if amount:
                found.setdefault(house, {})[code] = amount
    return found


def disposals_of(entry_ids: Sequence[UUID], *, customer_id: UUID) -> "Iterator[Disposal]":
    """Return what was sold or paid in these entries, with the lots, in order."""
    yield from (
        lots.sales(customer_id=customer_id)
        .filter(entry_id__in=list(entry_ids))
        .select_related("lot")
        .order_by("entry_id", "lot_id")
    )


def disposals_of_year(year: int, *, customer_id: UUID) -> "QuerySet[Disposal, Any]":
    """Return what was sold or paid in a year, with the lots, in order."""
    first, after = Month(year, 1), Month(year + 1, 1)
    return (
        lots.sales(customer_id=customer_id)
        .filter(disposed_at__gte=first.begins_at, disposed_at__lt=after.begins_at)
        .select_related("lot", "entry")
        .order_by("entry_id", "lot_id")
    )


def without_statement(month: Month, *, after: UUID, most: int) -> list[UUID]:
    """Return the next customers, by id, who had entries by then and lack a month's statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            _WITHOUT_A_STATEMENT,
            {
                "after": after,
                "end": month.ends_at,
                "month": month.begins_at.date(),
                "most": most,
            },
        )
        return [row[0] for row in cursor.fetchall()]


def disposals_after(
    rows: "QuerySet[Disposal, Any]", entry_id: UUID, lot_id: UUID
) -> "QuerySet[Disposal, Any]":
    """Return those of `rows` that come after the one of this entry and lot."""
    return rows.filter(Q(entry_id__gt=entry_id) | Q(entry_id=entry_id, lot_id__gt=lot_id))
