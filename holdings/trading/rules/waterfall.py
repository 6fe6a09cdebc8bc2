"""What a customer's assets are worth for a need of cash, and which of them to sell for it.

Pure arithmetic. Units are base units of the ledger; a price is per base unit (the market's
price per shown unit × the multiplier in force), in the currency of the need.

Source: the card policy, sections 1 and 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from holdings.ledger.rules import CREDIT, DEBIT, Leg
from krak.core.money import floor_to

ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Sellable:
    """One asset that may be sold: how much is there, at what price, to how many decimals."""

    code: str
    units: Decimal
    places: int
    bid: Decimal
    mid: Decimal
    haircut: Decimal

    def coverage(self, cash_places: int) -> Decimal:
        """Return the cash that the units count for: their value at bid less the haircut, cut."""
        return floor_to(self.units * self.bid * (ONE - self.haircut), cash_places)


@dataclass(frozen=True, slots=True)
class Sale:
    """Units to sell at `bid` for `proceeds`; `spread` is what the house earns against mid."""

    code: str
    units: Decimal
    bid: Decimal
    proceeds: Decimal
    spread: Decimal


def units_for(need: Decimal, price: Decimal, places: int) -> Decimal:
    """Return the fewest units, to `places` decimals, that are worth at least `need`: rounded up.

    Done in whole numbers of the smallest unit, so that no division is ever rounded.
    """
    count, rest = divmod(need.scaleb(places), price)
    return (count + ONE if rest else count).scaleb(-places)


def total_coverage(available: Decimal, sellables: Sequence[Sellable], cash_places: int) -> Decimal:
    """Return what a customer can pay at most: available cash and the coverage of their assets."""
    return available + sum((s.coverage(cash_places) for s in sellables), Decimal(0))


def waterfall(
    shortfall: Decimal,
    sellables: Sequence[Sellable],
    *,
    minimum_conversion: Decimal,
    cash_places: int,
) -> tuple[Sale, ...]:
    """Return what to sell, in order, until `shortfall` is raised or nothing is left.

    From each asset: units for max(what is still short, `minimum_conversion`), rounded up, at
    most what is there; proceeds rounded down. An asset that would raise nothing is passed over.
    """
    sales: list[Sale] = []
    for asset in sellables:
        if shortfall <= 0:
            break
        wanted = units_for(max(shortfall, minimum_conversion), asset.bid, asset.places)
        units = min(wanted, asset.units)
        proceeds = floor_to(units * asset.bid, cash_places)
        if proceeds <= 0:
            continue
        spread = floor_to(units * asset.mid, cash_places) - proceeds
        sales.append(Sale(asset.code, units, asset.bid, proceeds, max(spread, Decimal(0))))
        shortfall -= proceeds
    return tuple(sales)


def legs_of_sale(
    sale: Sale, *, asset_account: UUID, cash_account: UUID, cash: str
) -> tuple[Leg, ...]:
    """Return the postings of one conversion through the house's inventory.

    The customer gets the proceeds at bid; the inventory pays the value at mid, and the
    difference is the spread, its own posting.
    """
    legs = [
        Leg(DEBIT, sale.code, sale.units, account=asset_account),
        Leg(CREDIT, sale.code, sale.units, house="INVENTORY"),
        Leg(DEBIT, cash, sale.proceeds + sale.spread, house="INVENTORY"),
        Leg(CREDIT, cash, sale.proceeds, account=cash_account),
    ]
    if sale.spread:
        legs.append(Leg(CREDIT, cash, sale.spread, house="SPREAD"))
    return tuple(legs)
