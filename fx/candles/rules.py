"""Candles: the open, high, low and close of an asset in a minute, an hour or a day.

A candle is kept per *base unit* in USD, at the middle. A split moves the price of a shown unit
and the multiplier in opposite directions, and a dividend moves the multiplier alone, so what one
base unit is worth goes straight through both: high and low of the day of a split mean something,
a day's candle can be made of its hours', and the change since yesterday is what a holder gained.

Shown, it is divided by a multiplier. By the one in force *today* (the usual chart, `adjusted`):
its last candle meets the price on the screen and there is no cliff. Or by the one of *its time*:
what the price tag said then, which is what a receipt of that day is compared with.

Candles of one asset and moment merge: the earlier open, the later close, the higher high, the
lower low. That is associative, commutative and idempotent, so a sample that is late, replayed or
seen by two samplers changes nothing that it should not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final

from fx.assets.rules import ONE, MultiplierRow, multiplier_at
from fx.prices.rules import BASE, Board
from krak.core.money import rate_to

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_TWO: Final = Decimal(2)


class Span(StrEnum):
    """How much time a candle covers."""

    MINUTE = "1m"
    HOUR = "1h"
    DAY = "1d"

    @property
    def length(self) -> timedelta:
        """The time it covers."""
        return _LENGTHS[self]

    def begin(self, at: datetime) -> datetime:
        """Return where the candle that `at` lies in begins, in UTC."""
        return at - (at - _EPOCH) % self.length


_LENGTHS: Final = {
    Span.MINUTE: timedelta(minutes=1),
    Span.HOUR: timedelta(hours=1),
    Span.DAY: timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Candle:
    """What an asset was worth from `at` on, per base unit in USD.

    `first_ms` and `last_ms` say how far into it the open and the close were seen.
    """

    code: str
    at: datetime
    first_ms: int
    last_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal

    def merged(self, other: "Candle") -> "Candle":
        """Return this and `other`, of the same asset and moment, as one."""
        first = min((self.first_ms, self.open), (other.first_ms, other.open))
        last = max((self.last_ms, self.close), (other.last_ms, other.close))
        return Candle(
            code=self.code,
            at=self.at,
            first_ms=first[0],
            last_ms=last[0],
            open=first[1],
            high=max(self.high, other.high),
            low=min(self.low, other.low),
            close=last[1],
        )


def samples(board: Board) -> Iterable[tuple[str, Decimal]]:
    """Yield what every asset that can be traded is worth per base unit: code and USD at the middle.

    What is stale or halted is left out: a gap says more than a price that nobody can have. Around
    a change of its multiplier a share is halted, so none is taken with the wrong one.
    """
    at = board.built_at
    for code, price in board.prices.items():
        if board.may_trade(code, at):
            middle = (price.bid + price.ask) / _TWO * price.multiplier
            yield code, rate_to(middle, rounding=ROUND_HALF_EVEN)


class Minutes:
    """Minute candles being made from boards; the only state is what was seen and not yet taken."""

    def __init__(self) -> None:
        self._open: dict[datetime, dict[str, Candle]] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._open)

    def see(self, board: Board) -> None:
        """Add a board's prices at the moment it was built; the same board again is passed over."""
        if board.version == self._last:
            return
        self._last = board.version
        at = Span.MINUTE.begin(board.built_at)
        ms = (board.built_at - at) // _MILLISECOND
        minute = self._open.setdefault(at, {})
        for code, price in samples(board):
            seen = Candle(code, at, ms, ms, price, price, price, price)
            known = minute.get(code)
            minute[code] = known.merged(seen) if known else seen

    def until(self, moment: datetime) -> list[Candle]:
        """Return the candles of the minutes that are over at `moment`."""
        ended = [at for at in self._open if at + Span.MINUTE.length <= moment]
        return [candle for at in sorted(ended) for candle in self._open[at].values()]

    def forget(self, minutes: Iterable[datetime]) -> None:
        """Drop minutes that were kept elsewhere or that are too old for that."""
        for at in minutes:
            self._open.pop(at, None)


@dataclass(frozen=True, slots=True)
class ShownCandle:
    """A candle per shown unit, in some currency."""

    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


def shown(
    at: datetime, prices: tuple[Decimal, Decimal, Decimal, Decimal], *, unit: Decimal
) -> ShownCandle:
    """Return a candle as it is shown: open, high, low and close by `unit`, each rounded once.

    `unit` is what a base unit must be worth in USD to be shown as 1: what one unit of the
    currency costs, times what turns base into shown units of the asset.
    """
    opened, high, low, close = prices
    return ShownCandle(
        at,
        rate_to(opened, unit, rounding=ROUND_HALF_EVEN),
        rate_to(high, unit, rounding=ROUND_HALF_EVEN),
        rate_to(low, unit, rounding=ROUND_HALF_EVEN),
        rate_to(close, unit, rounding=ROUND_HALF_EVEN),
    )


@dataclass(frozen=True, slots=True)
class Scale:
    """The multipliers by which candles are shown, with their history."""

    rows: Mapping[str, list[MultiplierRow]]
    adjusted: bool
    now: datetime

    def of(self, code: str, at: datetime) -> Decimal:
        """Return what turns base into shown units of `code` in a candle that begins at `at`."""
        rows = self.rows.get(code)
        if not rows or code == BASE:
            return ONE
        return multiplier_at(rows, self.now if self.adjusted else at)
