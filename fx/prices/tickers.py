"""Prices as people see them: one shown unit in any currency, rounded, with its age."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Final

from fx.prices.rules import Board, Price
from krak.core.errors import DomainError, Kind
from krak.core.money import rate_to

_ONE: Final = Decimal(1)


class CurrencyWithoutPrice(DomainError):
    """Nothing can be said in this currency, because the board does not know what it is worth."""

    code = "prices.currency_without_price"
    title = "This currency has no price right now, so nothing can be shown in it."
    kind = Kind.REFUSED
    retryable = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """What one shown unit of `code`, by the multiplier of this moment, is worth in `currency`.

    Bids are rounded down and asks up to 12 digits, so that bid ≤ mid ≤ ask and going there and
    back never gains. `price` is None, and so are the others, when the board has none.
    """

    code: str
    currency: str
    price: Price | None
    bid: Decimal | None
    ask: Decimal | None
    mid: Decimal | None
    age: timedelta | None
    multiplier: Decimal
    """What turns base into shown units at this moment."""
    stale: bool
    """Missing, or too old to trade by; so is one in a currency whose own price is stale."""


def require_price(board: Board, currency: str) -> None:
    """Refuse a currency to show things in that has no price.

    Raises:
        CurrencyWithoutPrice: the board lacks it.
    """
    if board.price(currency) is None:
        raise CurrencyWithoutPrice(currency=currency)


def tickers(
    board: Board, codes: Iterable[str], *, currency: str, now: datetime
) -> tuple[Ticker, ...]:
    """Return the prices of `codes` in `currency`, all by one board and in the order asked.

    Raises:
        CurrencyWithoutPrice: the board lacks the currency.
    """
    require_price(board, currency)
    measure_fresh = board.is_fresh(currency, now)
    return tuple(
        _ticker(board, code, currency=currency, now=now, measure_fresh=measure_fresh)
        for code in codes
    )


def _ticker(
    board: Board, code: str, *, currency: str, now: datetime, measure_fresh: bool
) -> Ticker:
    price = board.price(code)
    multiplier = board.multiplier(code, now)
    if price is None:
        return Ticker(
            code=code, currency=currency, price=None, bid=None, ask=None, mid=None, age=None,
            multiplier=multiplier, stale=True,
        )  # fmt: skip
    since, per = _overtaken(board, price, multiplier, currency=currency, now=now)
    return Ticker(
        code=code,
        currency=currency,
        price=price,
        bid=rate_to(board.bid_in(code, currency) * since, per, rounding=ROUND_FLOOR),
        ask=rate_to(board.ask_in(code, currency) * since, per, rounding=ROUND_CEILING),
        mid=rate_to(board.mid_in(code, currency) * since, per, rounding=ROUND_HALF_EVEN),
        multiplier=multiplier,
        # A clock that is a little behind the market's makes nothing younger than now.
        age=max(now - price.as_of, timedelta(0)),
        stale=code != currency and not (measure_fresh and board.is_fresh(code, now)),
    )


def _overtaken(
    board: Board, price: Price, multiplier: Decimal, *, currency: str, now: datetime
) -> tuple[Decimal, Decimal]:
    """Return what to multiply and to divide by if a multiplier has changed since the board.

    Until the next board comes its prices are of the shown units from before.
    """
    measure = board.price(currency)
    of_measure = board.multiplier(currency, now)
    since = price.multiplier * of_measure
    per = multiplier * (measure.multiplier if measure else of_measure)
    return (_ONE, _ONE) if since == per or price is measure else (since, per)
