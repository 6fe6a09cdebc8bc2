"""Journal entries: which there are, what caused them, what they changed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Sum, When

from holdings.ledger.models import Book, JournalEntry, LedgerAccount, Posting, Side
from krak.core.compiled import compiled


def count_causes(*, customer_id: UUID, beginning: str) -> int:
    """Return how many of the customer's entries have a cause that begins so."""
    return JournalEntry.objects.filter(customer_id=customer_id, cause__startswith=beginning).count()


def entry_count() -> int:
    """Return how many journal entries there are."""
    return JournalEntry.objects.count()


def entries_in_book(*, customer_id: UUID) -> int:
    """Return how many entries a customer has."""
    book = Book.objects.filter(customer_id=customer_id).first()
    return book.entries if book else 0


def first_written_at(*, customer_id: UUID) -> datetime | None:
    """Return when a customer's first entry was written; None while there is none."""
    first = JournalEntry.objects.filter(customer_id=customer_id, sequence=1)
    return first.values_list("created_at", flat=True).first()


def last_sequence(*, customer_id: UUID, before: datetime) -> int:
    """Return the number of the last entry that was written before a moment; 0 for none.

    One that was begun before and numbered after a later one is in what that later one is in.
    """
    entries = JournalEntry.objects.filter(customer_id=customer_id, created_at__lt=before)
    found = entries.order_by("-sequence").values_list("sequence", flat=True).first()
    return found or 0


def entries_between(first: int, last: int, *, customer_id: UUID) -> QuerySet[JournalEntry]:
    """Return the entries with these numbers, the oldest first."""
    return JournalEntry.objects.filter(
        customer_id=customer_id, sequence__gte=first, sequence__lte=last
    ).order_by("sequence")


def entries_that_moved(
    *,
    customer_id: UUID,
    came: bool | None = None,
    went: bool | None = None,
    currency: str | None = None,
) -> QuerySet[JournalEntry]:
    """Return the customer's entries that moved something of theirs.

    Those in which something came, or nothing did, and likewise went; None does not matter. With a
    currency those that moved this one. Nobody else's rows are read.
    """
    found = JournalEntry.objects.filter(customer_id=customer_id)
    legs = Posting.objects.filter(
        customer_id=customer_id, entry_id=OuterRef("id"), account_id__isnull=False
    )
    if came is None and went is None:
        found = found.filter(Exists(legs))
    for side, wanted in ((Side.CREDIT, came), (Side.DEBIT, went)):
        if wanted is not None:
            moved = Exists(legs.filter(side=side))
            found = found.filter(moved if wanted else ~moved)
    if currency is not None:
        account = LedgerAccount.objects.filter(customer_id=customer_id, currency=currency)
        found = found.filter(Exists(legs.filter(account_id__in=account.values("id"))))
    return found


def ids_of_amount(amount: Decimal, *, customer_id: UUID) -> QuerySet[Posting, UUID]:
    """Return the entries that moved exactly this of the customer's, in base units: a subquery."""
    return Posting.objects.filter(
        customer_id=customer_id, account_id__isnull=False, amount=amount
    ).values_list("entry_id", flat=True)


def ids_of_causes(causes: QuerySet[Any, Any], *, customer_id: UUID) -> QuerySet[JournalEntry, UUID]:
    """Return the customer's entries with causes that a subquery names: a subquery itself."""
    return JournalEntry.objects.filter(customer_id=customer_id, cause__in=causes).values_list(
        "id", flat=True
    )


def entry_caused_by(cause: str, *, customer_id: UUID) -> UUID:
    """Return the entry of a customer's that an event caused; there must be one."""
    found: UUID = JournalEntry.objects.values_list("id", flat=True).get(
        customer_id=customer_id, cause=cause
    )
    return found


def entries_caused(
    beginnings: Iterable[str], *, customer_id: UUID, kind: str
) -> list[JournalEntry]:
    """Return the customer's entries of a kind whose causes begin with one of these, in order."""
    causes = Q()
    for beginning in beginnings:
        causes |= Q(cause__startswith=beginning)
    found = JournalEntry.objects.filter(causes, customer_id=customer_id, kind=kind)
    return list(found.order_by("sequence"))


def changes_of(
    entry_ids: Sequence[UUID], *, customer_id: UUID
) -> Mapping[UUID, Mapping[str, Decimal]]:
    """Return what each entry changed of its customer's accounts: base units by currency."""
    found: defaultdict[UUID, dict[str, Decimal]] = defaultdict(dict)
    for entry_id, code, total in _changes(customer_id, entry_ids):
        found[entry_id][code] = total
    return found


@compiled
def _changes(
    customer_id: UUID, entry_ids: Sequence[UUID]
) -> QuerySet[Posting, tuple[UUID, str, Decimal]]:
    signed = Case(When(side=Side.CREDIT, then=F("amount")), default=-F("amount"))
    moved = Posting.objects.filter(
        customer_id=customer_id, entry_id__any=entry_ids, account_id__isnull=False
    )
    totals = moved.values("entry_id", "currency").annotate(total=Sum(signed))
    return totals.order_by("entry_id", "currency").values_list("entry_id", "currency", "total")
