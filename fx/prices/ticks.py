"""What a provider says about one asset at one venue, and whether it can be a price at all."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from fx.assets.rules import AssetFacts
from fx.prices.rules import BASE, Venue

FUTURE_BOUND: Final = timedelta(seconds=2)
"""How far a vendor's clock may be ahead of ours."""
LOWEST: Final = Decimal("1E-18")
HIGHEST: Final = Decimal("1E+12")
MOST_DIGITS: Final = 28
WIDEST: Final = 2
"""Who asks for more than twice what is bid makes no market."""


class Fault(StrEnum):
    """Why something a provider sent cannot be a price."""

    UNREADABLE = "unreadable"
    MALFORMED = "malformed"
    UNKNOWN_SYMBOL = "unknown symbol"
    NOT_FINITE = "not finite"
    ZERO = "zero"
    NEGATIVE = "negative"
    CROSSED = "crossed"
    ABSURD = "absurd"
    FUTURE = "from the future"
    TOO_OLD = "too old"
    LATE = "older than what we have"
    OUTLIER = "outlier"
    FLOOD = "flood"
    NOT_TRADED = "not traded there"
    THIN = "too little liquidity"
    VENDOR_ERROR = "vendor error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What one shown unit of an asset sells and costs for at a venue, in USD.

    A reference rate is a middle, bid and ask in one; its spread is put on when it is used.
    """

    code: str
    venue: Venue
    bid: Decimal
    ask: Decimal
    as_of: datetime
    source: str
    synthetic: bool = False

    @property
    def middle(self) -> Decimal:
        """The middle between bid and ask."""
        return (self.bid + self.ask) / 2


def fault_of(tick: Tick, asset: AssetFacts, *, now: datetime) -> Fault | None:
    """Return why a tick cannot be a price at `now`, or None if it can."""
    if fault := _fault_of_numbers(tick.bid, tick.ask):
        return fault
    if tick.code == BASE or (tick.venue == "reference") is not asset.properties.is_cash:
        return Fault.UNKNOWN_SYMBOL
    return fault_of_moment(tick.as_of, asset, now=now)


def _fault_of_numbers(bid: Decimal, ask: Decimal) -> Fault | None:
    """Return what is wrong with a pair of numbers, or None. Zero is no price."""
    if not (bid.is_finite() and ask.is_finite()):
        return Fault.NOT_FINITE
    if bid <= 0 or ask <= 0:
        return Fault.NEGATIVE if bid < 0 or ask < 0 else Fault.ZERO
    # Before any arithmetic: an exponent of a million would overflow it.
    if not (LOWEST <= bid <= HIGHEST and LOWEST <= ask <= HIGHEST):
        return Fault.ABSURD
    if bid > ask:
        return Fault.CROSSED
    digits = max(len(each.as_tuple().digits) for each in (bid, ask))
    return Fault.ABSURD if ask > bid * WIDEST or digits > MOST_DIGITS else None


def fault_of_moment(as_of: datetime, asset: AssetFacts, *, now: datetime) -> Fault | None:
    """Return what is wrong with the moment of a tick, or None."""
    if as_of - now > FUTURE_BOUND:
        return Fault.FUTURE
    return Fault.TOO_OLD if now - as_of > asset.properties.max_price_age else None
