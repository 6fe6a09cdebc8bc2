"""How far the house's position is from where it should be, and what to order for it.

Signs: a position above zero is long. The ledger's balance of INVENTORY is credits less debits:
when a customer sells, their account is debited and INVENTORY credited, so the house owns what
the customer owned, and is long by it. A hedge that buys adds, one that sells takes away. So

    position = INVENTORY + units bought − units sold          (base units)
    deviation = position + what open orders may still add − target

and a deviation above zero is sold, one below zero bought. Positions are base units, orders shown
units: shown = base × the multiplier in force.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from krak.core.money import STORED_PLACES, ceil_to, floor_to, nearest_to

_BPS: Final = Decimal(10_000)


class Side(StrEnum):
    """What the house does at the venue."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """1 for what adds to the position, -1 for what takes away."""
        return 1 if self is Side.BUY else -1


@dataclass(frozen=True, slots=True)
class Limit:
    """What is allowed of one asset. `target` in base units, the rest in USD of deviation."""

    target: Decimal
    band: Decimal
    """Up to here nothing is hedged; beyond it the position goes back to the target."""
    widen_at: Decimal
    widen_bps: int
    stop_at: Decimal
    slip_bps: int | None
    """How far from the board's middle an order may be filled; None orders at market."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What the board says of an asset: USD per *shown* unit, and shown units per base unit."""

    bid: Decimal
    ask: Decimal
    multiplier: Decimal

    @property
    def middle(self) -> Decimal:
        """What nobody pays or gets; our own widened spread does not move it."""
        return (self.bid + self.ask) / 2

    def usd(self, base_units: Decimal) -> Decimal:
        """Return what base units are worth at the middle, to the ledger's places."""
        return nearest_to(base_units * self.multiplier * self.middle, STORED_PLACES)


@dataclass(frozen=True, slots=True)
class Instrument:
    """What a venue asks of an order in one asset; quantities in shown units, prices in USD."""

    pair: str
    quantity_places: int
    tick: Decimal
    """Prices are whole multiples of it."""
    minimum_quantity: Decimal
    minimum_cost: Decimal
    tokenized: bool = False


@dataclass(frozen=True, slots=True)
class Exposure:
    """Where the house stands in one asset, in base units."""

    inventory: Decimal
    """The ledger's balance of INVENTORY."""
    hedged: Decimal
    """Bought less sold by fills."""
    pending: Decimal
    """Bought less sold, should all open orders be filled."""

    @property
    def position(self) -> Decimal:
        """What there is now."""
        return self.inventory + self.hedged

    def deviation(self, target: Decimal) -> Decimal:
        """Return how far from the target it is now."""
        return self.position - target

    def deviation_after_orders(self, target: Decimal) -> Decimal:
        """Return how far from the target it will be when what is on its way has come."""
        return self.deviation(target) + self.pending


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order to send: a quantity in shown units, and the worst price allowed, or None."""

    side: Side
    quantity: Decimal
    limit_price: Decimal | None


def hedge(
    exposure: Exposure,
    limit: Limit,
    mark: Mark,
    instrument: Instrument,
    *,
    ignore_band: bool = False,
) -> Wanted | None:
    """Return the order that brings the position back to its target, or None.

    None within the band, and for less than the venue takes. The quantity is cut, so that an
    order never carries the position past its target; the limit price is rounded towards the
    market's worse side, so that it is never stricter than the slip allows.
    """
    deviation = exposure.deviation_after_orders(limit.target)
    if not ignore_band and abs(mark.usd(deviation)) <= limit.band:
        return None
    side = Side.SELL if deviation > 0 else Side.BUY
    quantity = floor_to(abs(deviation) * mark.multiplier, instrument.quantity_places)
    if quantity <= 0 or quantity < instrument.minimum_quantity:
        return None
    if quantity * mark.middle < instrument.minimum_cost:
        return None
    return Wanted(side, quantity, _limit_price(side, mark.middle, limit.slip_bps, instrument))


def _limit_price(
    side: Side, middle: Decimal, slip_bps: int | None, instrument: Instrument
) -> Decimal | None:
    if slip_bps is None:
        return None
    price = middle * (_BPS + side.sign * slip_bps) / _BPS
    steps = price / instrument.tick
    steps = ceil_to(steps, 0) if side is Side.BUY else max(floor_to(steps, 0), Decimal(1))
    return steps * instrument.tick


def base_units(quantity: Decimal, multiplier: Decimal) -> Decimal:
    """Return shown units as base units, to the nearest the ledger keeps."""
    return nearest_to(quantity / multiplier, STORED_PLACES)
