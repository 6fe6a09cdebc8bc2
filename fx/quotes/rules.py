"""What a conversion of one asset into another costs, to the last unit.

Any pair goes through USD: what is sold at its bid, what is bought at its ask. Everything the
customer pays is in the asset they sell: `sell = cost + spread + fee`, where `cost` is what they
get at the middle of both prices, rounded up to the sold asset's last unit. Amounts are base units
of the ledger; rates are per shown unit. All of it is done in whole numbers and fractions of them,
so nothing is rounded but where it is said: what the customer pays up, what they get down.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor
from typing import Final

from fx.prices.rules import Price
from krak.core.money import STORED_PLACES

QUOTE_PREFIX: Final = "quo"
"""What the ids of quotes begin with."""
RATE_PLACES: Final = 40
"""Decimals of a rate: a share of the smallest coin, in the largest, still has many digits."""
MOST_UNITS: Final = Decimal(10) ** 18
"""What the ledger can keep of one asset."""
BASIS_POINTS: Final = 10_000
_DEAREST_BPS: Final = 5_000


class TooSmall(ValueError):
    """Nothing would be bought: the amount is less than the fee or than one unit is worth."""


class TooLarge(ValueError):
    """One of the amounts is more than the ledger can keep."""


class Source(StrEnum):
    """What asked for a quote. Only a customer's own waits to be accepted."""

    CUSTOMER = "CUSTOMER"
    ORDER = "ORDER"
    RECURRING = "RECURRING"
    AUTO_CONVERT = "AUTO_CONVERT"
    DELISTING = "DELISTING"


class Fixed(StrEnum):
    """Which of the two amounts the customer named; the other one is reckoned."""

    SELL = "SELL"
    BUY = "BUY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """What a conversion is charged: basis points of what is sold, and no less than a minimum."""

    bps: int = 0
    minimum_usd: Decimal = Decimal(0)
    free_with: frozenset[str] = frozenset()
    """With one of these on either side there is no fee."""

    def __post_init__(self) -> None:
        """Refuse a schedule under which little or nothing would be left.

        Raises:
            ValueError: the fee is negative or over half.
        """
        if not (0 <= self.bps <= _DEAREST_BPS and self.minimum_usd >= 0):
            raise ValueError(f"no such fee: {self.bps} bps, at least {self.minimum_usd} USD")

    @property
    def percent(self) -> Decimal:
        """The part of what is sold, in per cent."""
        return Decimal(self.bps) / 100

    def between(self, sell: str, buy: str) -> "Fees":
        """Return what converting the one into the other is charged: none if one of them is free."""
        return Fees() if self.free_with & {sell, buy} else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One asset of a conversion: its price on the board and how finely it is kept."""

    price: Price
    places: int

    @property
    def unit(self) -> Fraction:
        """What the last unit is of a whole one."""
        return Fraction(1, 10**self.places)

    @property
    def multiplier(self) -> Fraction:
        """What turns base units into shown units."""
        return Fraction(self.price.multiplier)

    @property
    def bid(self) -> Fraction:
        """What one base unit sells for in USD."""
        return Fraction(self.price.bid) * self.multiplier

    @property
    def ask(self) -> Fraction:
        """What one base unit costs in USD."""
        return Fraction(self.price.ask) * self.multiplier

    @property
    def middle(self) -> Fraction:
        """What one shown unit is worth in USD."""
        return (Fraction(self.price.bid) + Fraction(self.price.ask)) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What is sold and bought in base units; fee and spread are in, and part of, what is sold."""

    fixed: Fixed
    sell: Decimal
    buy: Decimal
    fee: Decimal
    spread: Decimal
    rate: Decimal
    """Shown units sold for one shown unit bought at the middle of both prices, cut at 40 places."""

    @property
    def cost(self) -> Decimal:
        """What is bought is worth in the sold asset, at `rate`."""
        return self.sell - self.fee - self.spread


def sell_exactly(sell: Decimal, *, sold: Side, bought: Side, fees: Fees) -> Conversion:
    """Return what exactly `sell` buys, rounded down.

    Raises:
        TooSmall: it buys nothing.
        TooLarge: an amount is more than the ledger can keep.
    """
    count = _count(sell, sold)
    fee = _fee_of(count, sold=sold, bought=bought, fees=fees)
    net = count - fee
    buy = floor(net * sold.unit * sold.bid / bought.ask / bought.unit) if net > 0 else 0
    return _conversion(Fixed.SELL, count, fee, buy, sold=sold, bought=bought)


def buy_exactly(buy: Decimal, *, sold: Side, bought: Side, fees: Fees) -> Conversion:
    """Return the least that must be sold for exactly `buy`, rounded up.

    Raises:
        TooSmall: nothing is asked for.
        TooLarge: an amount is more than the ledger can keep.
    """
    wanted = _count(buy, bought)
    net = ceil(wanted * bought.unit * bought.ask / sold.bid / sold.unit)
    # The least whole number whose fee, rounded up as above, leaves `net`.
    kept = Fraction(BASIS_POINTS - _bps(sold, bought, fees), BASIS_POINTS)
    count = max(ceil(net / kept), net + _minimum(sold=sold, bought=bought, fees=fees))
    return _conversion(Fixed.BUY, count, count - net, wanted, sold=sold, bought=bought)


def fee_of(sell: Decimal, *, sold: Side, bought: Side, fees: Fees) -> Decimal:
    """Return what of `sell` is the fee, whatever it buys: a part of it, or more if that is little.

    Raises:
        TooLarge: `sell` is more than the ledger can keep.
    """
    return _decimal(_fee_of(_count(sell, sold), sold=sold, bought=bought, fees=fees), sold.places)


def usd_value(units: Decimal, side: Side) -> Decimal:
    """Return what `units` sell for in USD, cut at the decimals that are stored."""
    return _decimal(floor(Fraction(units) * side.bid * 10**STORED_PLACES), STORED_PLACES)


def middle_value(units: Decimal, side: Side, home: Side) -> Decimal:
    """Return what `units` are worth in another currency, to its nearest last unit.

    A figure for lots and gains: nobody pays or gets it.
    """
    worth = Fraction(units) * side.multiplier * side.middle / (home.multiplier * home.middle)
    return _decimal(round(worth / home.unit), home.places)


def base_units(shown: Decimal, side: Side, *, up: bool) -> Decimal:
    """Return the base units that are shown as `shown`: bought ones up, sold ones down.

    Nobody sells more than they named nor buys less. Where the multiplier is 1, both are `shown`.
    """
    exact = Fraction(shown) / side.multiplier / side.unit
    return _decimal(ceil(exact) if up else floor(exact), side.places)


def _conversion(
    fixed: Fixed, sell: int, fee: int, buy: int, *, sold: Side, bought: Side
) -> Conversion:
    if buy <= 0 or sell <= fee:
        raise TooSmall
    rate = floor(bought.middle / sold.middle * 10**RATE_PLACES)
    shown = buy * bought.unit * bought.multiplier
    # Cut as it is, the rate makes this no more than what is left after the fee: bids are below
    # the middle, asks above. What is left over is the spread.
    cost = ceil(shown * Fraction(rate, 10**RATE_PLACES) / sold.multiplier / sold.unit)
    made = Conversion(
        fixed=fixed,
        sell=_decimal(sell, sold.places),
        buy=_decimal(buy, bought.places),
        fee=_decimal(fee, sold.places),
        spread=_decimal(sell - fee - cost, sold.places),
        rate=_decimal(rate, RATE_PLACES),
    )
    if max(made.sell, made.buy) >= MOST_UNITS or made.rate >= MOST_UNITS**2:
        raise TooLarge
    return made


def _count(units: Decimal, side: Side) -> int:
    """Return how many of the smallest unit `units` are."""
    count = Fraction(units) / side.unit
    if count.denominator != 1 or count < 0:
        raise ValueError(f"{units} is no number of units of {side.price.code}")
    if units >= MOST_UNITS:
        raise TooLarge
    return count.numerator


def _fee_of(count: int, *, sold: Side, bought: Side, fees: Fees) -> int:
    share = ceil(Fraction(count * _bps(sold, bought, fees), BASIS_POINTS))
    return max(share, _minimum(sold=sold, bought=bought, fees=fees))


def _bps(sold: Side, bought: Side, fees: Fees) -> int:
    return fees.between(sold.price.code, bought.price.code).bps


def _minimum(*, sold: Side, bought: Side, fees: Fees) -> int:
    """Return the smallest fee in units of what is sold, rounded up."""
    minimum_usd = fees.between(sold.price.code, bought.price.code).minimum_usd
    return ceil(Fraction(minimum_usd) / sold.bid / sold.unit)


def _decimal(count: int, places: int) -> Decimal:
    sign, digits = int(count < 0), tuple(int(digit) for digit in str(abs(count)))
    # Built digit by digit: whatever the context's precision is, nothing is rounded.
    return Decimal((sign, digits, -places))
