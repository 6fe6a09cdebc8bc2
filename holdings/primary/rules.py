"""What the primary market asks of a request, and what a fill comes to. Pure.

Source of the minimum: xStocks' primary market, 5,000 USD of cash or of shares at their bid.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final
from uuid import UUID

from holdings.ledger.rules import CREDIT, DEBIT, Leg
from krak.core.money import STORED_PLACES, floor_to

CASH: Final = "USD"
CASH_PLACES: Final = 2
MINIMUM_USD: Final = Decimal(5_000)
DECIDED_WITHIN: Final = timedelta(days=7)
"""A request that nobody decided on by then is canceled, and what it set aside is free again."""


class Side(StrEnum):
    """Which way a request goes."""

    SUBSCRIPTION = "SUBSCRIPTION"
    REDEMPTION = "REDEMPTION"


@dataclass(frozen=True, slots=True)
class Fill:
    """What an issuer did: base units minted or burned, dollars taken or paid.

    `price` is in dollars for one shown unit.
    """

    units: Decimal
    cash: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """One side of a settlement: so much of an asset, and the customer's account in it."""

    code: str
    amount: Decimal
    account: UUID


def fits(side: Side, *, asked: Decimal, fill: Fill, places: int) -> bool:
    """Tell whether a fill is of exactly what was asked, and the customer gets something for it.

    `places` are those of the asset of the request.
    """
    given, got, kept = (
        (fill.cash, fill.units, places)
        if side is Side.SUBSCRIPTION
        else (fill.units, fill.cash, CASH_PLACES)
    )
    return given == asked and floor_to(got, kept) > 0 and fill.price > 0


def split_dust(got: Decimal, *, places: int) -> tuple[Decimal, Decimal]:
    """Return what the customer gets of an amount, rounded down, and what is too fine for them."""
    whole = floor_to(got, places)
    return whole, floor_to(got, STORED_PLACES) - whole


def legs_of(given: Part, got: Part, *, dust: Decimal) -> tuple[Leg, ...]:
    """Return the legs of a settlement: what was given leaves custody, what was got is there.

    `dust` came too, and is finer than what was got is held: the house's. The customer's debit is
    forced: the issuer has it already, whatever the card network took meanwhile.
    """
    legs = (
        Leg(DEBIT, given.code, given.amount, account=given.account, forced=True),
        Leg(CREDIT, given.code, given.amount, house="CUSTODY"),
        Leg(DEBIT, got.code, got.amount + dust, house="CUSTODY"),
        Leg(CREDIT, got.code, got.amount, account=got.account),
        Leg(CREDIT, got.code, dust, house="DUST"),
    )
    return tuple(leg for leg in legs if leg.amount)


def units_for(cash: Decimal, *, base_price: Decimal, places: int) -> Decimal:
    """Return the base units that so many dollars buy at the price of one of them, rounded down."""
    count = Fraction(cash) / Fraction(base_price) * 10**places
    return Decimal(count.numerator // count.denominator).scaleb(-places)


def cash_for(units: Decimal, *, base_price: Decimal) -> Decimal:
    """Return the dollars that base units bring at the price of one of them, rounded down."""
    return floor_to(units * base_price, CASH_PLACES)
