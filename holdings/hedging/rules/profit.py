"""What the house's position cost and what was made on it: weighted average cost.

The desk's book of one asset is four numbers, moved by two things: what customers' trades moved
INVENTORY by, taken over at the board's middle, and the fills of hedges at their price. What a
customer pays beyond the middle is the spread, which the ledger books as its own posting; so the
desk earns what the market and the venue leave it, and nothing is counted in both.

Weighted average and not first in first out: the house has no tax lots here, customers trade
thousands of times a second, and an average is a state of constant size that can be moved under a
row lock. Both give the same total; they differ only in what is called realised today.

Exact: whatever comes in, cash that came in less cash that went out is
`realised − cost` to the last decimal (a cost is cut once, and the rest stays with what remains).
"""

from dataclasses import dataclass
from decimal import Decimal

from krak.core.money import STORED_PLACES, nearest_to


@dataclass(frozen=True, slots=True)
class Book:
    """A position in base units; USD. `cost` has the sign of the position: what it cost."""

    units: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    realised: Decimal = Decimal(0)
    """Gains and losses of what was closed, fees taken off."""

    def moved(self, units: Decimal, value: Decimal) -> "Book":
        """Return the book after `units` came (or went, below zero) for `value` of the same sign.

        What goes against the position closes it at average cost; what is left over opens one on
        the other side, at its part of the value.
        """
        if units == 0:
            return Book(self.units, self.cost, self.realised - value)
        if self.units == 0 or (units > 0) == (self.units > 0):
            return Book(self.units + units, self.cost + value, self.realised)
        if abs(units) <= abs(self.units):
            # Closed at average cost. A closing move's value has its own sign: −2 for −10 dollars.
            closed = _part(self.cost, units, -self.units)
            return Book(self.units + units, self.cost - closed, self.realised - value - closed)
        # More than there is: all of it is closed, and the rest opens the other side.
        closing = _part(value, -self.units, units)
        return Book(self.units + units, value - closing, self.realised - closing - self.cost)

    def paid(self, fee: Decimal) -> "Book":
        """Return the book after a fee."""
        return Book(self.units, self.cost, self.realised - fee)

    def unrealised(self, worth: Decimal) -> Decimal:
        """Return what closing the position at `worth` (of its sign) would make."""
        return worth - self.cost


def _part(amount: Decimal, units: Decimal, of: Decimal) -> Decimal:
    """Return the part of `amount` that `units` are of `of`; all of it if they are the same."""
    if units == of:
        return amount
    return nearest_to(amount * units / of, STORED_PLACES)
