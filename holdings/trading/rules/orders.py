"""Limit orders: what their limit comes to, and when it is reached.

A limit is all-in: who sells gets at least `limit`, who buys pays at most `limit`, fee and spread
included. It is kept as base units of the other asset, so that a split changes nothing about it.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor


class OrderSide(StrEnum):
    """What an order does with its asset."""

    SELL = "SELL"
    BUY = "BUY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a conversion would sell and buy, in base units."""

    sell: Decimal
    buy: Decimal


def limit_units(
    side: OrderSide,
    *,
    units: Decimal,
    limit_price: Decimal,
    asset_multiplier: Decimal,
    against_multiplier: Decimal,
    against_places: int,
) -> Decimal:
    """Return what `units` (base) come to at `limit_price` (per shown unit).

    Rounded up for a sale, which gets no less, and down for a purchase, which pays no more.
    """
    shown = Fraction(units) * Fraction(asset_multiplier) * Fraction(limit_price)
    exact = shown / Fraction(against_multiplier) * 10**against_places
    count = ceil(exact) if side is OrderSide.SELL else floor(exact)
    return Decimal(count).scaleb(-against_places)


def reached(side: OrderSide, *, limit: Decimal, outcome: Outcome) -> bool:
    """Tell whether a conversion is as good as the limit, or better."""
    return outcome.buy >= limit if side is OrderSide.SELL else outcome.sell <= limit
