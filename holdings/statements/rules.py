"""Months, and the arithmetic of a statement.

A month is a month in UTC, as limits and card policies count them: every moment is in exactly one
month whatever a customer's clock does in spring and autumn.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from krak.core.money import plain

type Sums = Mapping[str, Decimal]
"""Base units by currency; what is 0 may be left out."""


class DoesNotReconcile(RuntimeError):
    """A statement disagrees with the ledger. It is a bug, and the statement is not issued."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month in UTC."""

    year: int
    month: int

    @staticmethod
    def of(moment: datetime) -> "Month":
        """Return the month that a moment lies in."""
        there = moment.astimezone(UTC)
        return Month(there.year, there.month)

    @staticmethod
    def read(text: str) -> "Month":
        """Return the month written as "2026-10"."""
        year, _, month = text.partition("-")
        return Month(int(year), int(month))

    @property
    def begins_at(self) -> datetime:
        """The first moment in it."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return self.next.begins_at

    @property
    def next(self) -> "Month":
        """The month after it."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> "Month":
        """The month before it."""
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


def months(first: Month, last: Month) -> list[Month]:
    """Return the months from `first` to `last`, both in; none if `last` is before."""
    found = []
    while first <= last:
        found.append(first)
        first = first.next
    return found


def added(*sums: Sums) -> dict[str, Decimal]:
    """Return sums by currency of sums by currency, without what is 0."""
    total: defaultdict[str, Decimal] = defaultdict(Decimal)
    for each in sums:
        for code, amount in each.items():
            total[code] += amount
    return {code: amount for code, amount in sorted(total.items()) if amount}


def require_reconciled(
    *, opening: Sums, movements: Iterable[Sums], closing: Sums, postings: Sums
) -> None:
    """Refuse a statement that does not add up, to the last digit and in every currency.

    `closing` is what the statement says, `postings` the sum of all postings up to its end.

    Raises:
        DoesNotReconcile: opening + movements, closing and postings are not one and the same.
    """
    reckoned = added(opening, *movements)
    if not reckoned == added(closing) == added(postings):
        raise DoesNotReconcile(f"{reckoned} {added(closing)} {added(postings)}")


def in_shown_units(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a statement says, in shown units instead of base units.

    All of a month by the multipliers of its end, so that opening and movements add up to closing
    as they do in the ledger. What opened is shown otherwise than the month before closed, if the
    multiplier changed since.
    """
    multipliers = {each["currency"]: Decimal(each["multiplier"]) for each in facts["currencies"]}

    def shown(amount: str, code: str) -> str:
        return plain(Decimal(amount) * multipliers.get(code, Decimal(1)))

    def of(sums: Mapping[str, str]) -> dict[str, str]:
        return {code: shown(amount, code) for code, amount in sums.items()}

    totals = ("opening", "in", "out", "closing")
    return {
        **facts,
        "currencies": [
            {**each, **{name: shown(each[name], each["currency"]) for name in totals}}
            for each in facts["currencies"]
        ],
        "movements": [{**each, "changes": of(each["changes"])} for each in facts["movements"]],
        **{name: of(facts[name]) for name in ("fees", "spread", "cashback")},
        "disposals": [
            {**each, "units": shown(each["units"], each["asset"])} for each in facts["disposals"]
        ],
    }
