"""Open books and accounts, post entries, place and change holds, roll up the house's balances.

All but the roll-up take part in their caller's transaction, and the first thing that changes a
customer's money locks their book; several customers' books are locked in order of id.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from holdings.ledger.models import Book, Hold, JournalEntry, LedgerAccount
from holdings.ledger.rules import Entry
from krak.core.compiled import compiled
from krak.core.errors import DomainError, Kind
from krak.core.functions import call
from krak.core.ids import uuid7
from krak.core.money import plain, require_exact
from krak.core.rows import locked
from krak.core.transactions import takes_part, transaction

ROLLED_UP_AT_ONCE: Final = 5000
_RELEASE: Final = """
SELECT count(ledger_release((part->>'customer')::uuid, part->>'reference',
                            (part->>'most')::numeric, %s::timestamptz))
  FROM jsonb_array_elements(%s::jsonb) AS _(part)
"""


class CauseReused(DomainError):
    """The cause was posted before with other content."""

    code = "ledger.cause_reused"
    title = "This was posted before with another content."
    kind = Kind.CONFLICT


@takes_part
def open_book(*, customer_id: UUID) -> None:
    """Give a new customer their book; again is harmless."""
    Book.objects.bulk_create([Book(customer_id=customer_id)], ignore_conflicts=True)


@takes_part
def lock_books(customer_ids: Iterable[UUID]) -> dict[UUID, Book]:
    """Lock these customers' books in order of id; what must be true is read after this.

    A customer who never had anything gets their book here: people sign up below us, and whatever
    first touches their money comes by.
    """
    wanted = set(customer_ids)
    books = _locked(wanted)
    if missing := wanted - books.keys():
        Book.objects.bulk_create(
            [Book(customer_id=customer_id) for customer_id in sorted(missing)],
            ignore_conflicts=True,
        )
        books |= _locked(missing)
    return books


def _locked(customer_ids: Collection[UUID]) -> dict[UUID, Book]:
    books = locked(Book.objects.order_by("customer_id"), owners=customer_ids)
    return {book.customer_id: book for book in books}


@takes_part
def account_of(*, customer_id: UUID, currency: str) -> LedgerAccount:
    """Return the customer's account in a currency, opened empty if there was none."""
    return accounts_of([(customer_id, currency)])[customer_id, currency]


@takes_part
def accounts_of(wanted: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], LedgerAccount]:
    """Return the accounts of (customer, currency), opened empty where there were none."""
    wanted = set(wanted)
    found = _accounts(wanted)
    if missing := sorted(wanted - found.keys()):
        LedgerAccount.objects.bulk_create(
            [
                LedgerAccount(id=uuid7(), customer_id=customer_id, currency=currency)
                for customer_id, currency in missing
            ],
            ignore_conflicts=True,
        )
        found |= _accounts(missing)
    return found


def _accounts(wanted: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], LedgerAccount]:
    accounts = _accounts_in(
        {customer_id for customer_id, _ in wanted}, {currency for _, currency in wanted}
    )
    found = {(account.customer_id, account.currency): account for account in accounts}
    return {key: found[key] for key in wanted if key in found}


@compiled
def _accounts_in(
    customer_ids: Collection[UUID], currencies: Collection[str]
) -> QuerySet[LedgerAccount]:
    return LedgerAccount.objects.filter(customer_id__any=customer_ids, currency__any=currencies)


@takes_part
def post(entry: Entry) -> bool:
    """Post an entry, and tell whether it is new.

    The same cause with the same legs again changes nothing and returns False.

    Raises:
        CauseReused: the cause names an entry with other legs.
    """
    sequence = call("SELECT ledger_post(%s::jsonb)", [json.dumps(entry.as_json())])
    if sequence is None:
        _require_same(entry)
    return sequence is not None


@takes_part
def post_all(entries: Sequence[Entry]) -> None:
    """Post entries of any customers, in their order, each as `post` does. Raises as that."""
    if not entries:
        return
    sequences = call(
        "SELECT array_agg(ledger_post(entry) ORDER BY number)"
        " FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS _(entry, number)",
        [json.dumps([entry.as_json() for entry in entries])],
    )
    for entry, sequence in zip(entries, sequences, strict=True):
        if sequence is None:
            _require_same(entry)


def _require_same(entry: Entry) -> None:
    first = JournalEntry.objects.get(customer_id=entry.customer_id, cause=entry.cause)
    posted = [
        (p.side, p.currency, p.amount, p.account_id, p.house)
        for p in first.postings.order_by("leg")
    ]
    asked = [(g.side, g.currency, g.amount, g.account, g.house) for g in entry.legs]
    if posted != asked:
        raise CauseReused(cause=entry.cause)


@takes_part
def set_hold(
    *,
    customer_id: UUID,
    account_id: UUID,
    reference: str,
    amount: Decimal,
    now: datetime,
    forced: bool = False,
) -> None:
    """Make the hold under `reference` exactly `amount`; 0 releases it.

    A hold that was never placed and would be 0 is not placed. `forced` lets the account's
    available amount go below zero. The customer's book must be locked by the caller.

    Raises:
        InexactAmount: `amount` has more decimals than the ledger keeps.
    """
    require_exact(amount)
    held = Hold.objects.filter(customer_id=customer_id, reference=reference).first()
    if held is None:
        if amount:
            Hold.objects.create(
                customer_id=customer_id,
                account_id=account_id,
                reference=reference,
                amount=amount,
                forced=forced,
                created_at=now,
                updated_at=now,
            )
    elif held.amount != amount:
        Hold.objects.filter(customer_id=customer_id, id=held.id).update(
            amount=amount, forced=forced, updated_at=now
        )


@takes_part
def release(parts: Mapping[tuple[UUID, str], Decimal], *, now: datetime) -> None:
    """Release up to so much of the hold of each (customer, reference), overdrawn or not.

    A hold that was never placed is passed over. The customers' books must be locked.
    """
    told = [
        {"customer": str(customer_id), "reference": reference, "most": plain(most)}
        for (customer_id, reference), most in parts.items()
    ]
    if told:
        call(_RELEASE, [now, json.dumps(told)])


@takes_part
def touch(*, customer_id: UUID) -> None:
    """Move the version of a locked book, for changes that post nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_book SET version = version + 1 WHERE customer_id = %s", [customer_id]
        )


def roll_up_house(*, most: int = ROLLED_UP_AT_ONCE) -> int:
    """Add the postings of waiting entries to the house's balances; return how many entries.

    Each batch is a transaction of its own. Nothing is missed and nothing counted twice: an entry
    waits from the statement that posted it, and leaves the queue in the statement that adds it
    (`sql/house.sql`). That holds for entries that commit late, which "greater than the last id"
    would miss (ids are made in Python before the commit) and a watermark of transaction ids
    would hold back (and which a restored dump or a shard would make wrong). Two roll-ups side by
    side take different entries.
    """
    rolled = 0
    while taken := _roll_up_batch(most):
        rolled += taken
        if taken < most:
            break
    return rolled


@transaction
def _roll_up_batch(most: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_roll_up(%s)", [most])
        return int(cursor.fetchone()[0])
