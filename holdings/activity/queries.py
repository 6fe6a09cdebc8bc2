"""One list of everything that moved: journal entries of one customer, and how they read."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from fx.assets.catalogue import has_multiplier
from fx.assets.queries import multiplier_rows
from fx.assets.rules import multiplier_at
from holdings.activity.registry import Group, Moved, Reading, Words, reading_of, readings
from holdings.ledger import queries as ledger
from holdings.ledger.queries import Shown

if TYPE_CHECKING:
    from holdings.ledger.models import JournalEntry

SEARCHED: Final = ("merchant", "counterparty", "note", "reference")
"""What of an entry's `details` a search looks into."""
_AMOUNT: Final = re.compile(r"[-+]?\d{1,18}(\.\d{1,10})?", re.ASCII)


class Direction(StrEnum):
    """Which way something moved: an exchange is both."""

    IN = "in"
    OUT = "out"
    EXCHANGE = "exchange"


_WAYS: Final = {
    None: (None, None),
    Direction.IN: (True, False),
    Direction.OUT: (False, True),
    Direction.EXCHANGE: (True, True),
}
"""Whether something came, and whether something went."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; what is None does not matter. The moments are of the event, `until` not in."""

    group: Group | None = None
    currency: str | None = None
    direction: Direction | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None


EVERYTHING: Final = Wanted()


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as its customer reads it; amounts are signed, in shown units of its moment."""

    moved: Moved
    reading: Reading
    words: Words
    amounts: tuple[Shown, ...]

    @property
    def direction(self) -> Direction:
        """Return which way it moved."""
        signs = {amount > 0 for amount in self.moved.changes.values()}
        if len(signs) > 1:
            return Direction.EXCHANGE
        return Direction.IN if True in signs else Direction.OUT


def entries(*, customer_id: UUID, wanted: Wanted = EVERYTHING) -> "QuerySet[JournalEntry]":
    """Return the customer's entries that moved something of theirs.

    Whatever is asked for, the index on (customer, sequence) or (customer, entry) leads: nobody
    else's rows are read.
    """
    came, went = _WAYS[wanted.direction]
    found = ledger.entries_that_moved(
        customer_id=customer_id, came=came, went=went, currency=wanted.currency
    )
    if wanted.group is not None:
        found = found.filter(_of_group(wanted.group))
    if wanted.since is not None:
        found = found.filter(event_at__gte=wanted.since)
    if wanted.until is not None:
        found = found.filter(event_at__lt=wanted.until)
    if wanted.text:
        found = found.filter(_says(wanted.text, customer_id=customer_id))
    return found


def _of_group(group: Group) -> Q:
    """Kinds that nobody described are in the group that their names suggest."""
    described = Q(kind__in=[each.kind for each in readings() if each.group == group])
    unknown = ~Q(kind__in=[each.kind for each in readings()])
    guesses = Q(kind__startswith=group.name) | (
        Q(kind__startswith="TOPUP") if group == Group.DEPOSIT else Q(kind__in=())
    )
    if group == Group.OTHER:
        guesses = ~Q(kind__regex=r"^(CARD|DEPOSIT|TOPUP|TRANSFER|WITHDRAWAL)(_|$)")
    return described | (unknown & guesses)


def _says(text: str, *, customer_id: UUID) -> Q:
    found = Q()
    for name in SEARCHED:
        found |= Q(**{f"details__{name}__icontains": text})
    if _AMOUNT.fullmatch(text):
        found |= Q(id__in=ledger.ids_of_amount(abs(Decimal(text)), customer_id=customer_id))
    for reading in readings():
        if reading.search is not None:
            found |= Q(kind=reading.kind, id__in=reading.search(customer_id, text))
    return found


def lines(rows: "Sequence[JournalEntry]") -> list[Line]:
    """Return how entries of one customer read, in their order.

    One query for the amounts, one for multipliers if there are shares, one or two per kind.
    """
    changes = (
        ledger.changes_of([row.id for row in rows], customer_id=rows[0].customer_id) if rows else {}
    )
    moved = [
        Moved(
            row.id, row.customer_id, row.sequence, row.kind, row.cause, row.details, row.event_at,
            row.created_at, changes.get(row.id, {}),
        )
        for row in rows
    ]  # fmt: skip
    words = _words(moved)
    shares = {code for each in moved for code in each.changes if has_multiplier(code)}
    multipliers = multiplier_rows(codes=sorted(shares)) if shares else {}
    return [
        Line(
            each,
            reading_of(each.kind),
            words[each.id],
            tuple(
                ledger.shown_with(
                    multiplier_at(multipliers.get(code, ()), each.event_at), amount, code=code
                )
                for code, amount in each.changes.items()
            ),
        )
        for each in moved
    ]


def _words(moved: Sequence[Moved]) -> dict[UUID, Words]:
    by_kind: defaultdict[str, list[Moved]] = defaultdict(list)
    for each in moved:
        by_kind[each.kind].append(each)
    words: dict[UUID, Words] = {}
    for kind, some in by_kind.items():
        reading = reading_of(kind)
        said = reading.describe(some) if reading.describe is not None else {}
        for each in some:
            words[each.id] = said.get(each.id) or _plain(each, reading)
    return words


def _plain(moved: Moved, reading: Reading) -> Words:
    details = moved.details
    party = str(details.get("merchant") or details.get("counterparty") or "")
    return Words(title=reading.title, party=party, note=str(details.get("note") or ""))
