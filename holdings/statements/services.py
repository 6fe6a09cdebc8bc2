"""Draw up and issue statements: each once, in order, and only if it reconciles."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from fx.assets.catalogue import has_multiplier
from fx.assets.queries import multiplier_rows
from fx.assets.rules import multiplier_at
from holdings.activity import queries as activity
from holdings.activity.queries import Line
from holdings.activity.registry import Words
from holdings.ledger import queries as ledger
from holdings.statements import queries
from holdings.statements.models import Statement
from holdings.statements.rules import (
    DoesNotReconcile,
    Month,
    Sums,
    added,
    months,
    require_reconciled,
)
from krak.core.errors import DomainError, Kind
from krak.core.ids import show, uuid7
from krak.core.money import plain
from krak.core.snapshots import snapshot
from krak.core.transactions import transaction
from krak.notifications import services as notifications

if TYPE_CHECKING:
    from holdings.ledger.models import JournalEntry
    from holdings.lots.models import Disposal

SETTLED: Final = timedelta(hours=1)
"""How long after the end of a month everything that was begun in it is surely written."""
BATCH: Final = 500


class MonthNotOver(DomainError):
    """A statement of a month is issued when nothing more can come into it."""

    code = "statements.month_not_over"
    title = "A month's statement is there an hour after the month has ended (UTC)."
    kind = Kind.CONFLICT


class NothingThen(DomainError):
    """The customer had nothing in that month, and never before."""

    code = "statements.nothing_then"
    title = "Nothing had moved by then."
    kind = Kind.NOT_FOUND


@dataclass(frozen=True, slots=True)
class _Drawn:
    first: int
    last: int
    facts: dict[str, Any]


def issue(month: Month, *, customer_id: UUID, now: datetime) -> Statement:
    """Issue a month's statement, and first those before it that are missing; again returns it.

    Each is drawn up in a read-only snapshot and kept in a transaction of its own.

    Raises:
        MonthNotOver: it may still change.
        NothingThen: the customer's first entry was written later.
        DoesNotReconcile: it disagrees with the ledger; nothing is issued.
    """
    issued = queries.statement_of_month(month, customer_id=customer_id)
    if issued is None and now < month.ends_at + SETTLED:
        raise MonthNotOver(at=(month.ends_at + SETTLED).isoformat())
    return issued or _issue_up_to(month, customer_id=customer_id, now=now)


def close_early(*, customer_id: UUID, now: datetime) -> Statement:
    """Issue the running month's statement as the month stands; again returns it.

    It is a statement like any other and never changes: what is written in the rest of the month
    has a higher number, and is in the next month's. The job of the clock finds the month done.
    For trying the product: customers are not given half months.

    Raises:
        NothingThen: the customer has no entry.
        DoesNotReconcile: as `issue`.
    """
    month = Month.of(now)
    issued = queries.statement_of_month(month, customer_id=customer_id)
    return issued or _issue_up_to(month, customer_id=customer_id, now=now)


def _issue_up_to(month: Month, *, customer_id: UUID, now: datetime) -> Statement:
    begins = queries.first_month(customer_id=customer_id)
    if begins is None or month < begins:
        raise NothingThen(month=str(month))
    before = queries.newest(customer_id=customer_id)
    for missing in months(before.month.next if before else begins, month):
        before = _issue(missing, after=before, customer_id=customer_id, now=now)
    if before is None or before.month != month:
        raise LookupError(f"{month} of {customer_id} is before {before}")
    return before


def _issue(month: Month, *, after: Statement | None, customer_id: UUID, now: datetime) -> Statement:
    with snapshot():
        drawn = _draw_up(month, after=after, customer_id=customer_id)
    statement = Statement(
        id=uuid7(),
        customer_id=customer_id,
        month_on=month.begins_at.date(),
        first_sequence=drawn.first,
        last_sequence=drawn.last,
        facts=drawn.facts,
        digest=digest(drawn.facts),
        issued_at=now,
    )
    with transaction():
        # Of two who issue the same month one is kept, and told of once.
        kept = Statement.objects.bulk_create([statement], ignore_conflicts=True)[0]
        stands = Statement.objects.get(customer_id=customer_id, month_on=kept.month_on)
        if stands.id == statement.id:
            facts = {"statement": statement.shown_id, "month": str(month)}
            notifications.promise(customer_id, "statement.ready", facts)
    return stands


def issue_all(month: Month, *, now: datetime, batch: int = BATCH) -> int:
    """Issue a month's statement to everybody who lacks it; return how many.

    One that died goes on where it was. A book that does not reconcile stops nobody else's.

    Raises:
        DoesNotReconcile: some did not, after all others were issued.
    """
    issued, after, broken = 0, UUID(int=0), []
    while customers := queries.without_statement(month, after=after, most=batch):
        after = customers[-1]
        for customer_id in customers:
            try:
                issue(month, customer_id=customer_id, now=now)
                issued += 1
            except DoesNotReconcile as error:
                broken.append(f"{customer_id}: {error}")
    if broken:
        raise DoesNotReconcile("; ".join(broken))
    return issued


def people_of(statement: Statement) -> dict[str, Words]:
    """Return what a statement does not keep: whom its movements were with, by their ids."""
    rows = list(
        ledger.entries_between(
            statement.first_sequence, statement.last_sequence, customer_id=statement.customer_id
        )
    )
    lines = [line for batch in _batches(rows) for line in activity.lines(batch)]
    return {show("ent", line.moved.id): line.words for line in lines if line.words.names_people}


def digest(facts: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 of what a statement says; spaces and the order of keys do not count."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def _draw_up(month: Month, *, after: Statement | None, customer_id: UUID) -> _Drawn:
    first = after.last_sequence + 1 if after else 1
    last = max(first - 1, ledger.last_sequence(customer_id=customer_id, before=month.ends_at))
    opening = _closing_of(after)
    rows = list(ledger.entries_between(first, last, customer_id=customer_id))
    lines = [line for batch in _batches(rows) for line in activity.lines(batch)]
    closing = added(opening, *(line.moved.changes for line in lines))
    require_reconciled(
        opening=opening,
        movements=[line.moved.changes for line in lines],
        closing=closing,
        postings=queries.postings_up_to(last, customer_id=customer_id),
    )
    house = queries.of_the_house(customer_id=customer_id, first=first, last=last)
    disposals = [
        _disposal(each)
        for batch in _batches(rows)
        for each in queries.disposals_of([row.id for row in batch], customer_id=customer_id)
    ]
    return _Drawn(
        first,
        last,
        {
            "month": str(month),
            "currencies": _currencies(opening, lines, closing, end=month.ends_at),
            "movements": [_movement(line) for line in lines if line.moved.changes],
            "fees": _plain(house.get("FEES", {})),
            "spread": _plain(house.get("SPREAD", {})),
            "cashback": _plain({c: -a for c, a in house.get("CASHBACK_EXPENSE", {}).items()}),
            "disposals": disposals,
            "gains": _gains(disposals),
        },
    )


def _batches(rows: "list[JournalEntry]") -> "Iterable[list[JournalEntry]]":
    return (rows[at : at + BATCH] for at in range(0, len(rows), BATCH))


def _closing_of(statement: Statement | None) -> dict[str, Decimal]:
    if statement is None:
        return {}
    return {row["currency"]: Decimal(row["closing"]) for row in statement.facts["currencies"]}


def _currencies(
    opening: Sums, lines: Iterable[Line], closing: Sums, *, end: datetime
) -> list[dict[str, str]]:
    came: dict[str, Decimal] = {}
    went: dict[str, Decimal] = {}
    for line in lines:
        for code, amount in line.moved.changes.items():
            side = came if amount > 0 else went
            side[code] = side.get(code, Decimal(0)) + amount
    codes = sorted({*opening, *came, *went, *closing})
    shares = [code for code in codes if has_multiplier(code)]
    multipliers = multiplier_rows(codes=shares) if shares else {}
    zero = Decimal(0)
    return [
        {
            "currency": code,
            "opening": plain(opening.get(code, zero)),
            "in": plain(came.get(code, zero)),
            "out": plain(went.get(code, zero)),
            "closing": plain(closing.get(code, zero)),
            "multiplier": plain(multiplier_at(multipliers.get(code, ()), end)),
        }
        for code in codes
    ]


def _movement(line: Line) -> dict[str, Any]:
    moved = line.moved
    return {
        "id": show("ent", moved.id),
        "event_at": moved.event_at.isoformat(),
        "created_at": moved.created_at.isoformat(),
        "kind": moved.kind.lower(),
        "group": str(line.reading.group),
        "title": line.words.title,
        "party": "" if line.words.names_people else line.words.party,
        "note": "" if line.words.names_people else line.words.note,
        "changes": _plain(moved.changes),
    }


def _disposal(row: "Disposal") -> dict[str, str]:
    return {
        "lot": show("lot", row.lot_id),
        "asset": row.currency,
        "units": plain(row.units),
        "acquired_at": row.lot.acquired_at.isoformat(),
        "disposed_at": row.disposed_at.isoformat(),
        "proceeds": plain(row.proceeds),
        "cost_basis": plain(row.cost_basis),
        "gain": plain(row.gain),
        "currency": row.cost_currency,
    }


def _gains(disposals: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return _plain(added(*({row["currency"]: Decimal(row["gain"])} for row in disposals)))


def _plain(sums: Sums) -> dict[str, str]:
    return {code: plain(amount) for code, amount in sums.items()}
