"""A quote as its customer sees it: in shown units, with every part of the price apart."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from moneyed import Money

from fx.quotes.models import Quote, State
from fx.quotes.rules import Fixed
from krak.core.money import floor_to, money

SIGNIFICANT: Final = 18
EXACT: Final = "exact"
_MILLISECONDS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLeg:
    """One side of a conversion, as it stood on the price board."""

    asset: str
    price_usd: Decimal
    """Of one shown unit: the bid of what is sold, the ask of what is bought."""
    venue: str
    market_open: bool
    price_as_of: datetime
    multiplier: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """Which way each amount was rounded: what is paid up, what is got down."""

    sell: str
    buy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownQuote:
    """`sell = cost + spread + fee`, and `cost` is `buy` at `rate`, all in shown units."""

    id: UUID
    sell: Money
    buy: Money
    cost: Money
    spread: Money
    fee: Money
    rate: Decimal
    """Sold per bought at the middle of both prices."""
    price: Decimal
    """Sold per bought with fee and spread: what it really costs, to 18 digits."""
    rounding: Rounding
    legs: tuple[ShownLeg, ShownLeg]
    state: State
    seconds_left: Decimal
    expires_at: datetime
    created_at: datetime


def state_of(quote: Quote, *, now: datetime) -> State:
    """Return what has become of a quote."""
    if quote.accepted_at is not None:
        return State.ACCEPTED
    return State.OPEN if now < quote.expires_at else State.EXPIRED


def shown(quote: Quote, *, now: datetime) -> ShownQuote:
    """Return the quote in shown units, by the multipliers it was made with."""
    sold, bought = _leg(quote, "sell", "bid"), _leg(quote, "buy", "ask")

    def of_sold(units: Decimal) -> Money:
        return money(units * sold.multiplier, sold.asset)

    sell = of_sold(quote.sell_units)
    buy = money(quote.buy_units * bought.multiplier, bought.asset)
    state = state_of(quote, now=now)
    left = Decimal(str((quote.expires_at - now).total_seconds())) if state is State.OPEN else 0
    sell_fixed = quote.fixed == Fixed.SELL
    return ShownQuote(
        id=quote.id,
        sell=sell,
        buy=buy,
        cost=of_sold(quote.sell_units - quote.fee - quote.spread),
        spread=of_sold(quote.spread),
        fee=of_sold(quote.fee),
        rate=quote.rate,
        price=_significant(sell.amount / buy.amount),
        rounding=Rounding(sell=EXACT if sell_fixed else "up", buy="down" if sell_fixed else EXACT),
        legs=(sold, bought),
        state=state,
        seconds_left=floor_to(Decimal(left), _MILLISECONDS),
        expires_at=quote.expires_at,
        created_at=quote.created_at,
    )


def _leg(quote: Quote, side: str, price: str) -> ShownLeg:
    stored: dict[str, Any] = quote.prices[side]
    return ShownLeg(
        asset=quote.sell_currency if side == "sell" else quote.buy_currency,
        price_usd=Decimal(stored[price]),
        venue=stored["venue"],
        market_open=stored["market_open"],
        price_as_of=datetime.fromisoformat(stored["as_of"]),
        multiplier=Decimal(stored["multiplier"]),
    )


def _significant(ratio: Decimal) -> Decimal:
    return ratio.quantize(Decimal(1).scaleb(ratio.adjusted() + 1 - SIGNIFICANT))
