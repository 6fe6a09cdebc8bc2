"""Multipliers in time: what base units are multiplied with to be shown, and when that changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from krak.core.money import floor_to, plain

ONE: Final = Decimal(1)
MULTIPLIER_PLACES: Final = 18
MULTIPLIER_LIMIT: Final = Decimal(10**10)
LEAD_TIME: Final = timedelta(minutes=30)
"""How far ahead of its activation a multiplier is decided, changed or cancelled at the latest.

Half of it is the halt before the activation; in the other half every process that decides learns
of the change, or finds its prices too old to sell by (`fx.prices.market.LISTING_TRUSTED`).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiplierRow:
    """One scheduled multiplier. Rows never change; a later one for the same moment overrides."""

    multiplier: Decimal
    activates_at: datetime
    created_at: datetime
    id: UUID
    cancels: bool = False
    """It takes back what was scheduled for the moment; `multiplier` is the one that stays."""


def effective(rows: Iterable[MultiplierRow]) -> list[MultiplierRow]:
    """Return one row per moment, oldest moment first: of several the one created last.

    A moment whose last row cancels has none.
    """
    by_moment: dict[datetime, MultiplierRow] = {}
    for row in sorted(rows, key=lambda row: (row.activates_at, row.created_at, row.id)):
        by_moment[row.activates_at] = row
    return [row for row in by_moment.values() if not row.cancels]


def multiplier_at(rows: Iterable[MultiplierRow], at: datetime) -> Decimal:
    """Return the multiplier in force at `at`; 1 where none was ever scheduled."""
    in_force = ONE
    for row in effective(rows):
        if row.activates_at > at:
            break
        in_force = row.multiplier
    return in_force


@dataclass(frozen=True, slots=True)
class Activation:
    """From `at` on, base units are multiplied with this."""

    at: datetime
    multiplier: Decimal


def activations(rows: Iterable[MultiplierRow]) -> list[Activation]:
    """Return when the multiplier really changes and to what; an overridden one does not."""
    found = []
    in_force = ONE
    for row in effective(rows):
        if row.multiplier != in_force:
            found.append(Activation(row.activates_at, row.multiplier))
        in_force = row.multiplier
    return found


def changes(rows: Iterable[MultiplierRow]) -> list[datetime]:
    """Return the moments at which the multiplier really changes."""
    return [each.at for each in activations(rows)]


def from_now_on(rows: Iterable[MultiplierRow], now: datetime) -> tuple[Activation, ...]:
    """Return the activation that is in force at `now`, if there was one, and all that will come."""
    every = activations(rows)
    came = sum(each.at <= now for each in every)
    return tuple(every[max(came - 1, 0) :])


def multiplier_before(rows: Iterable[MultiplierRow], moment: datetime) -> Decimal:
    """Return the multiplier in force until just before `moment`."""
    return multiplier_at((row for row in rows if row.activates_at < moment), moment)


def scheduled_for(rows: Iterable[MultiplierRow], moment: datetime) -> MultiplierRow | None:
    """Return what is scheduled for exactly this moment, or None."""
    return next((row for row in effective(rows) if row.activates_at == moment), None)


def after_split(before: Decimal, *, new: int, old: int) -> Decimal:
    """Return the multiplier after `new` shares were given for `old`, cut at 18 decimals."""
    return floor_to(before * new / old, MULTIPLIER_PLACES)


def after_dividend(before: Decimal, net_yield: Decimal) -> Decimal:
    """Return the multiplier after a dividend was reinvested, cut at 18 decimals.

    `net_yield` is the dividend after withholding tax as a part of the price: 0.0042 for 0.42 %.
    """
    return floor_to(before * (ONE + net_yield), MULTIPLIER_PLACES)


class Standing(StrEnum):
    """What became of a row."""

    SCHEDULED = "SCHEDULED"
    IN_FORCE = "IN_FORCE"
    PAST = "PAST"
    OVERRIDDEN = "OVERRIDDEN"
    CANCELLATION = "CANCELLATION"


def standings(rows: Sequence[MultiplierRow], now: datetime) -> list[tuple[MultiplierRow, Standing]]:
    """Return every row with what became of it by `now`, the latest moment first."""
    counted = effective(rows)
    came = [row for row in counted if row.activates_at <= now]
    found = []
    for row in sorted(rows, key=lambda row: (row.activates_at, row.created_at, row.id)):
        if row not in counted:
            standing = Standing.CANCELLATION if row.cancels else Standing.OVERRIDDEN
        elif row.activates_at > now:
            standing = Standing.SCHEDULED
        else:
            standing = Standing.IN_FORCE if row == came[-1] else Standing.PAST
        found.append((row, standing))
    return found[::-1]


class How(StrEnum):
    """How staff say what a multiplier shall be."""

    MULTIPLIER = "multiplier"
    SPLIT = "split"
    DIVIDEND = "dividend"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a multiplier as staff say it; only what `how` asks for is given.

    `net_yield` is a part of the price: 0.0042 for 0.42 %.
    """

    how: How
    multiplier: Decimal = ONE
    new_shares: int = 1
    old_shares: int = 1
    net_yield: Decimal = Decimal(0)

    def after(self, before: Decimal) -> Decimal:
        """Return the multiplier that follows on `before`."""
        match self.how:
            case How.MULTIPLIER:
                return self.multiplier
            case How.SPLIT:
                return after_split(before, new=self.new_shares, old=self.old_shares)
            case How.DIVIDEND:
                return after_dividend(before, self.net_yield)
            case How.CANCEL:
                return before

    def words(self) -> str:
        """Say it for people."""
        match self.how:
            case How.MULTIPLIER:
                return "new multiplier"
            case How.SPLIT:
                return f"split, {self.new_shares} for {self.old_shares}"
            case How.DIVIDEND:
                return f"dividend, {plain(self.net_yield * 100)} % net of tax"
            case How.CANCEL:
                return "cancel what is scheduled"
