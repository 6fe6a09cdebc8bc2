"""What a customer has is worth, was worth a day ago, and cost: pure arithmetic on one board.

All figures are at the middle of bid and ask: nobody pays or gets them, they agree with the charts,
and a day on which no price moved shows no loss. What would be got for it is on `/v1/balances`.

Units are base units times what a base unit is worth, then and now. A split between the two moves
the multiplier and the price of a shown unit in opposite directions and leaves all of this alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from operator import itemgetter
from typing import Any, Final, NamedTuple

from fx.assets.rules import PROPERTIES
from fx.prices.rules import BASE, Board, Price
from krak.core.money import nearest_to, rate_to

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
_TWO: Final = Decimal(2)
_HUNDRED: Final = Decimal(100)
_PERCENT_PLACES: Final = 2
_WHOLE: Final = 10_000
"""A hundred percent in steps of `_PERCENT_PLACES`."""
_FINE: Final = 1_000_000
"""Parts of a step that remainders are compared in."""
# 28 digits: what is rounded to a currency's places afterwards is right to the last of them, and
# multiplying by fewer is what lets a thousand holdings be valued in a moment.
_RATE: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
_SHARE: Final = Context(prec=18, rounding=ROUND_FLOOR)
_PERCENTS: Final = tuple(Decimal(step).scaleb(-_PERCENT_PLACES) for step in range(_WHOLE + 1))
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)


class Position(NamedTuple):
    """Base units of one asset, and what they cost in all; None if lots do not account for them."""

    code: str
    units: Decimal
    cost: Decimal | None = None
    cost_currency: str = ""


class Holding(NamedTuple):
    """A position valued: in the currency of the portfolio, rounded to its places.

    A tuple and not a dataclass, because a thousand of them are made for one look at the phone.
    What is None is not known: the board has no price, there is no candle of a day ago, the lots
    do not account for all units.
    """

    position: Position
    price: Price | None
    value: Decimal | None
    day_ago: Decimal | None
    """What the same units were worth a day ago."""
    cost: Decimal | None
    """What they cost, crossed at today's rate if it was paid in another currency."""
    stale: bool
    share: Decimal | None
    """Percent of all that is worth more than nothing; None for what is not."""

    @property
    def day_change(self) -> "Change | None":
        """What a day made of it."""
        return change(self.value, self.day_ago)

    @property
    def gain(self) -> "Change | None":
        """What selling all of it would earn or lose, costs of selling aside."""
        return change(self.value, self.cost)


@dataclass(frozen=True, slots=True)
class Change:
    """A difference, and its percentage of what it is a change from; None of nothing."""

    amount: Decimal
    percent: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """Everything a customer has, most valuable first, and all of it together."""

    currency: str
    value: Decimal
    """The sum of the values of the holdings, to the last place."""
    day_change: Change | None
    """Of the holdings whose value a day ago is known."""
    gain: Change | None
    """Of the holdings whose cost is known."""
    stale: bool
    """A holding's price is missing or old."""
    holdings: tuple[Holding, ...]


def change(now: Decimal | None, before: Decimal | None) -> Change | None:
    """Return the difference of two values that are both known; a loss is negative."""
    if now is None or before is None:
        return None
    difference = now - before
    percent = None
    if before > 0:
        percent = nearest_to(_RATE.divide(difference * _HUNDRED, before), _PERCENT_PLACES)
    return Change(difference, percent)


def shares(values: Sequence[Decimal | None]) -> list[Decimal | None]:
    """Return each value's percentage of all positive ones, to two decimals, summing to 100.

    What rounding down leaves goes, a hundredth each, to those that lost most by it (largest
    remainder), the earlier of two. Values that are None, zero or negative have no share.
    """
    total = sum([v for v in values if v is not None and v > _ZERO], _ZERO)
    if not total:
        return [None] * len(values)
    # Whole numbers of a millionth of a step, rounded down: what is handed out before the
    # remainders is never more than there is.
    per_value = _SHARE.divide(Decimal(_WHOLE * _FINE), total)
    steps: list[int | None] = []
    # Remainder and place in one number each: plain numbers are sorted in no time.
    lost: list[int] = []
    left, count = _WHOLE, len(values)
    for place, value in enumerate(values):
        if value is None or value <= _ZERO:
            steps.append(None)
            continue
        step, rest = divmod(int(value * per_value), _FINE)
        steps.append(step)
        left -= step
        lost.append((_FINE - rest) * count + place)
    lost.sort()
    for number in lost[:left]:
        place = number % count
        steps[place] = (steps[place] or 0) + 1
    return [None if step is None else _PERCENTS[step] for step in steps]


class Rate(NamedTuple):
    """What one base unit is worth now, what it was a day ago, and until when that is fresh."""

    price: Price | None
    now: Decimal | None
    then: Decimal | None
    fresh_until: datetime


class Measure(dict[str, Rate]):
    """The rates of one board in one currency, each worked out when it is first asked for.

    `closes` is what one base unit of each asset was worth in USD a day ago. A measure holds for
    every customer until the board or the closes change.
    """

    def __init__(
        self,
        board: Board,
        currency: str,
        closes: Mapping[str, Decimal],
        *,
        places: int,
        now: datetime,
    ) -> None:
        """Measure in shown units of `currency` as they are at `now`, which has `places` decimals.

        Raises:
            NoPrice: the board lacks it.
        """
        super().__init__()
        self.board, self.currency, self.closes, self.places = board, currency, closes, places
        self.multiplier = board.multiplier(currency, now)
        own = board.price(currency)
        before = own.multiplier if own else self.multiplier
        self._usd = board.mid_in(currency, BASE)
        if before != self.multiplier:
            self._usd = self._usd * before / self.multiplier
        close = _ONE if currency == BASE else closes.get(currency)
        self._usd_then = close / self.multiplier if close else None
        self._fresh_until = _fresh_until(own)

    def __missing__(self, code: str) -> Rate:
        """Work out the rate of an asset."""
        rate = self[code] = self._rate(code)
        return rate

    def price_of(self, code: str, *, multiplier: Decimal) -> Decimal | None:
        """Return what one shown unit is worth, when `multiplier` makes those of base units."""
        rate = self[code].now
        return None if rate is None else rate_to(rate, multiplier, rounding=ROUND_HALF_EVEN)

    def cross(self, currency: str) -> Decimal | None:
        """Return what one unit of another currency is worth, or None when that is not known."""
        rate = self[currency]
        return _RATE.divide(rate.now, rate.price.multiplier) if rate.now and rate.price else None

    def _rate(self, code: str) -> Rate:
        price = self.board.price(code)
        if code == self.currency:
            return Rate(price, self.multiplier, self.multiplier, _ALWAYS)
        if price is None:
            return Rate(None, None, None, _NEVER)
        middle = (price.bid + price.ask) / _TWO * price.multiplier
        close, then = self.closes.get(code), None
        if close is not None and self._usd_then is not None:
            then = _RATE.divide(close, self._usd_then)
        return Rate(
            price,
            _RATE.divide(middle, self._usd),
            then,
            min(_fresh_until(price), self._fresh_until),
        )


def _fresh_until(price: Price | None) -> datetime:
    """Return the last moment at which the board calls a price fresh, for all who ask until then."""
    if price is None or price.stale_pin:
        return _NEVER
    return _ALWAYS if price.pinned else price.as_of + PROPERTIES[price.kind].max_price_age


_Row = tuple[Position, Price | None, Decimal | None, Decimal | None, Decimal | None, bool]
# As `Holding._make` does it, without counting again what was just put together.
_tuple: Final = tuple.__new__
_worth_of_row: Final[Callable[[_Row], Any]] = itemgetter(2)


def value(positions: Iterable[Position], measure: Measure, *, now: datetime) -> Portfolio:
    """Value `positions`, which come in the order of their codes, by one measure.

    A holding whose price is old is valued by it and says so; one without a price has no value.
    """
    quantum, rounding = _ONE.scaleb(-measure.places), ROUND_HALF_EVEN
    crosses: dict[str, Decimal | None] = {}
    priced: list[_Row] = []
    unpriced: list[_Row] = []
    total = then = cost = without_then = without_cost = _ZERO
    any_then = any_cost = any_stale = False
    for position in positions:
        code, units, paid, cost_currency = position
        price, rate, rate_then, fresh_until = measure[code]
        stale = now > fresh_until
        any_stale |= stale
        if paid is not None:
            if cost_currency not in crosses:
                crosses[cost_currency] = measure.cross(cost_currency)
            cross = crosses[cost_currency]
            paid = None if cross is None else (paid * cross).quantize(quantum, rounding)
        if rate is None:
            unpriced.append((position, price, None, None, paid, stale))
            continue
        worth = (units * rate).quantize(quantum, rounding)
        total += worth
        if rate_then is None:
            day_ago = None
            without_then += worth
        else:
            day_ago = (units * rate_then).quantize(quantum, rounding)
            any_then = True
            then += day_ago
        if paid is None:
            without_cost += worth
        else:
            any_cost = True
            cost += paid
        priced.append((position, price, worth, day_ago, paid, stale))
    # Sorting keeps the order of equals, backwards too.
    priced.sort(key=_worth_of_row, reverse=True)
    priced += unpriced
    percents = shares([row[2] for row in priced])
    return Portfolio(
        currency=measure.currency,
        value=total,
        day_change=change(total - without_then, then) if any_then else None,
        gain=change(total - without_cost, cost) if any_cost else None,
        stale=any_stale,
        holdings=tuple(
            [
                _tuple(Holding, (*row, percent))
                for row, percent in zip(priced, percents, strict=True)
            ]
        ),
    )
