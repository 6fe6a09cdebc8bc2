"""Price alerts: kept per base unit, so that a split neither fires nor moves one."""

import decimal
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final

from fx.prices.rules import Board, NoPrice
from krak.core.money import is_exact, rate_to

_EXACT: Final = decimal.Context(prec=78, rounding=ROUND_HALF_EVEN)
PRICE_PLACES: Final = 10


class Direction(StrEnum):
    """On which side of its price an alert fires; the price itself counts."""

    ABOVE = "ABOVE"
    BELOW = "BELOW"


def per_base_unit(price: Decimal, *, multiplier: Decimal) -> Decimal:
    """Return the price of a base unit, exact, from that of a shown one."""
    return _EXACT.multiply(price, multiplier)


def per_shown_unit(base_price: Decimal, *, multiplier: Decimal) -> Decimal:
    """Return the price of a shown unit: as it was asked for, or to 12 digits after a split."""
    price = _EXACT.divide(base_price, multiplier)
    if is_exact(price, PRICE_PLACES):
        return price
    return rate_to(price, rounding=ROUND_HALF_EVEN)


def is_reached(direction: Direction, *, base_price: Decimal, market: Decimal) -> bool:
    """Tell whether the market's price of a base unit is at an alert's, or beyond."""
    return market >= base_price if direction is Direction.ABOVE else market <= base_price


def market_price(board: Board, *, asset: str, currency: str, now: datetime) -> Decimal | None:
    """Return the middle of the market for a base unit, or None while nobody should go by it.

    None if either price is missing, too old or halted, and around a change of a multiplier.
    """
    for code in (asset, currency):
        if not (board.may_sell(code, now) or board.may_buy(code, now)):
            return None
    try:
        middle = board.mid_in(asset, currency)
    except NoPrice:
        return None
    return per_base_unit(middle, multiplier=board.multiplier(asset, now))
