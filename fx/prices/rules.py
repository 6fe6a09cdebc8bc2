"""The price board: one immutable snapshot of what everything is worth in USD.

Any pair is crossed through USD: what you get for `a` in `b` is what `a` sells for divided by what
`b` costs. Bids are rounded down and asks up at 78 digits, so going there and back never gains.
"""

import decimal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from types import MappingProxyType
from typing import Any, Final, Literal

from fx.assets.rules import PROPERTIES, Activation, Kind
from fx.venues.rules import halted_around

Venue = Literal["kraken", "on_chain", "reference", "pinned"]
VENUES: Final[tuple[Venue, ...]] = ("kraken", "on_chain", "reference", "pinned")

BASE: Final = "USD"
EPOCH: Final = datetime.fromtimestamp(0, UTC)
LONG_WITHOUT_PRICE: Final = timedelta(days=4)
"""A halt lasts half an hour, a weekend and a holiday go by; what has no price for longer is odd."""
_ONE: Final = Decimal(1)
_TWO: Final = Decimal(2)
_DOWN: Final = decimal.Context(prec=78, rounding=ROUND_FLOOR, traps=[decimal.InvalidOperation])
_UP: Final = decimal.Context(prec=78, rounding=ROUND_CEILING, traps=[decimal.InvalidOperation])
_NEAREST: Final = decimal.Context(
    prec=78, rounding=ROUND_HALF_EVEN, traps=[decimal.InvalidOperation]
)
_RECIPROCAL: Final = decimal.Context(
    prec=40, rounding=ROUND_FLOOR, traps=[decimal.InvalidOperation]
)


class NoPrice(LookupError):
    """The board has no price of this asset, so nothing can be said about its worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one shown unit of an asset sells (`bid`) and costs (`ask`) for, in USD.

    `multiplier` turns base units into shown units: shown = base × multiplier.
    """

    code: str
    kind: Kind
    bid: Decimal
    ask: Decimal
    as_of: datetime
    source: str
    venue: Venue
    market_open: bool = True
    """False while only on-chain liquidity is left."""
    halted: bool = False
    """Neither bought nor sold, and its coverage is zero."""
    buyable: bool = True
    """False while only buying is stopped: what is held may still be sold and spent."""
    sellable: bool = True
    """False while only selling is stopped: it does not cover either."""
    synthetic: bool = False
    """The sandbox made it up, because no real price was at hand."""
    multiplier: Decimal = _ONE
    pinned: bool = False
    stale_pin: bool = False


def is_sound(price: Price) -> bool:
    """Tell whether a price may go on a board: finite, positive, not crossed. Zero is no price."""
    return (
        price.bid.is_finite()
        and price.ask.is_finite()
        and price.multiplier.is_finite()
        and 0 < price.bid <= price.ask
        and price.multiplier > 0
        and (price.code != BASE or price.bid == price.ask == 1)
    )


@dataclass(frozen=True)
class Board:
    """All prices at one moment; `version` is microseconds since 1970 and only ever grows.

    Build one with `board_of`, which lets only sound prices on. A price and its multiplier belong
    together; `multipliers` adds which one was in force when the board was built and which are to
    come, so that a process knows of a change at its very moment and not with the next board.
    """

    version: int
    built_at: datetime
    prices: Mapping[str, Price] = field(repr=False)
    multipliers: Mapping[str, tuple[Activation, ...]] = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )
    worked_out: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What somebody worked out from this board alone, for the next who asks while it lasts."""

    @property
    def empty(self) -> bool:
        """Tell whether nothing is known at all, as before the first board arrives."""
        return not self.prices

    def price(self, code: str) -> Price | None:
        """Return what is known about an asset, or None."""
        return self.prices.get(code)

    def is_fresh(self, code: str, now: datetime) -> bool:
        """Tell whether the price is young enough for its kind to be relied on; no price is not."""
        price = self.prices.get(code)
        if price is None or price.stale_pin:
            return False
        return price.pinned or now - price.as_of <= PROPERTIES[price.kind].max_price_age

    def may_buy(self, code: str, now: datetime) -> bool:
        """Tell whether a customer may buy it now: a fresh price, and buying not stopped.

        Around a change of its multiplier it is not, and never at a price from before the change.
        """
        price = self.prices.get(code)
        return price is not None and price.buyable and self._trades(price, now)

    def may_sell(self, code: str, now: datetime) -> bool:
        """Tell the same of selling."""
        price = self.prices.get(code)
        return price is not None and price.sellable and self._trades(price, now)

    def may_trade(self, code: str, now: datetime) -> bool:
        """Tell whether it may pay for something now, which is to sell it."""
        return self.may_sell(code, now)

    def _trades(self, price: Price, now: datetime) -> bool:
        if price.halted or not self.is_fresh(price.code, now):
            return False
        changes = [each.at for each in self.multipliers.get(price.code, ())]
        overtaken = any(self.built_at < change <= now for change in changes)
        return not (overtaken or halted_around(changes, now))

    def multiplier(self, code: str, now: datetime) -> Decimal:
        """Return what base units are multiplied with at `now` to be shown; 1 if none is known."""
        price = self.prices.get(code)
        in_force = price.multiplier if price else _ONE
        for each in self.multipliers.get(code, ()):
            if each.at <= now and (price is None or each.at > self.built_at):
                in_force = each.multiplier
        return in_force

    def bid_in(self, code: str, currency: str) -> Decimal:
        """Return what one shown unit of `code` sells for in `currency`, rounded down.

        Raises:
            NoPrice: the board lacks one of the two.
        """
        if code == currency:
            return _ONE
        bid = self._need(code).bid
        return bid if currency == BASE else _DOWN.divide(bid, self._need(currency).ask)

    def ask_in(self, code: str, currency: str) -> Decimal:
        """Return what one shown unit of `code` costs in `currency`, rounded up.

        Raises:
            NoPrice: the board lacks one of the two.
        """
        if code == currency:
            return _ONE
        ask = self._need(code).ask
        return ask if currency == BASE else _UP.divide(ask, self._need(currency).bid)

    def mid_in(self, code: str, currency: str) -> Decimal:
        """Return the middle, for figures that nobody pays or gets.

        Raises:
            NoPrice: the board lacks one of the two.
        """
        if code == currency:
            return _ONE
        price = self._need(code)
        middle = (price.bid + price.ask) / _TWO
        if currency == BASE:
            return middle
        target = self._need(currency)
        return _NEAREST.divide(middle, (target.bid + target.ask) / _TWO)

    def base_mid_in(self, code: str, currency: str) -> Decimal:
        """Return the middle of one *base* unit, for figures.

        Raises:
            NoPrice: the board lacks one of the two.
        """
        if code == currency:
            return _ONE
        return _NEAREST.multiply(self.mid_in(code, currency), self._need(code).multiplier)

    def base_bid_in(self, code: str, currency: str) -> Decimal:
        """Return what one *base* unit (as the ledger keeps it) sells for, rounded down.

        Raises:
            NoPrice: the board lacks one of the two.
        """
        if code == currency:
            return _ONE
        price = self._need(code)
        bid = _DOWN.multiply(price.bid, price.multiplier)
        return bid if currency == BASE else _DOWN.divide(bid, self._need(currency).ask)

    def base_ask_in(self, code: str, currency: str) -> Decimal:
        """Return what one *base* unit costs, rounded up.

        Raises:
            NoPrice: the board lacks one of the two.
        """
        if code == currency:
            return _ONE
        price = self._need(code)
        ask = _UP.multiply(price.ask, price.multiplier)
        return ask if currency == BASE else _UP.divide(ask, self._need(currency).bid)

    def worth(self, base_units: Decimal, code: str, currency: str) -> Decimal:
        """Return what `base_units` sell for, divided once and last, rounded down at 78 digits.

        Three units at a third each are worth one; three times `base_bid_in` is a hair less.

        Raises:
            NoPrice: the board lacks one of the two.
        """
        if code == currency:
            return base_units
        price = self._need(code)
        value = _DOWN.multiply(base_units * price.multiplier, price.bid)
        return value if currency == BASE else _DOWN.divide(value, self._need(currency).ask)

    def _need(self, code: str) -> Price:
        try:
            return self.prices[code]
        except KeyError:
            raise NoPrice(code) from None


def reciprocal(rate: Decimal) -> Decimal:
    """Return 1 / `rate`, rounded down at 40 digits: few enough that prices times it stay exact."""
    return _RECIPROCAL.divide(_ONE, rate)


def board_of(
    prices: Iterable[Price],
    *,
    version: int,
    built_at: datetime,
    multipliers: Mapping[str, tuple[Activation, ...]] | None = None,
) -> Board:
    """Build a board of the sound ones among `prices`; of two with one code the last wins."""
    sound = {price.code: price for price in prices if is_sound(price)}
    return Board(
        version=version,
        built_at=built_at,
        prices=MappingProxyType(sound),
        multipliers=MappingProxyType(dict(multipliers or {})),
    )


EMPTY: Final = Board(version=0, built_at=EPOCH, prices=MappingProxyType({}))
"""Before the first board arrives: nothing has a price, so nothing can be sold."""
