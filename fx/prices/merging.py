"""From what all providers say to one price per asset: the best bid of a venue that is open.

Priority decides among providers of one venue, unless the preferred one has fallen silent. A price
that jumps is held back, and the next best venue's is taken; where none can be believed the last
good one stays, ages, and stops covering when it is stale.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from fx.assets.rules import AssetFacts
from fx.prices.rules import Price, Venue
from fx.prices.ticks import Tick, fault_of_moment

CONFIRMATION: Final = timedelta(seconds=60)
"""A lone source that stays where it jumped to is believed after this."""
CONFIRMATION_ON_CHAIN: Final = timedelta(minutes=15)
"""The same for the last swap of a pool, which anybody can make: it has to be paid for longer."""
YOUNG: Final = 3
"""Priority counts among ticks younger than a third of what their kind allows."""
MEMORY: Final = 60
"""A last price is compared with for so many times the age that its kind allows."""
MEMORY_ON_CHAIN: Final = timedelta(days=4)
"""The same for a swap: what an exchange said before a long weekend is a yardstick still."""

_ONE: Final = Decimal(1)
_TWO: Final = Decimal(2)
_TEN_THOUSAND: Final = Decimal(10_000)
# Ten significant digits are finer than any venue's tick and keep the board small.
_DOWN: Final = Context(prec=10, rounding=ROUND_FLOOR)
_UP: Final = Context(prec=10, rounding=ROUND_CEILING)
_NEAREST: Final = Context(prec=34, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Offer:
    """A sound tick, who says it, and how far up in the order of providers that is (0 first)."""

    tick: Tick
    provider: str
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What holds for an asset at this moment, whatever its price."""

    is_open: bool = True
    """Whether its exchange trades."""
    wide: bool = False
    """A holiday, or a day on which no reference rate is set."""
    extra_bps: int = 0
    halted: bool = False
    buyable: bool = True
    sellable: bool = True
    multiplier: Decimal = _ONE
    unsettled: bool = False
    """Its multiplier changes within minutes, so its price may jump and nobody trades."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A price that was not believed: its middle per base unit, and since when it is there."""

    middle: Decimal
    since: datetime


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of an asset from one board to the next."""

    price: Price | None = None
    suspicion: Suspicion | None = None


FORGOTTEN: Final = Memory()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """A price that is held back, by whom it was said, and what it was compared with."""

    code: str
    provider: str
    bid: Decimal
    ask: Decimal
    against: str
    since: datetime


@dataclass(frozen=True, slots=True)
class _Quote:
    """An offer with the spread that its venue asks for."""

    offer: Offer
    bid: Decimal
    ask: Decimal


def merge(
    asset: AssetFacts,
    offers: Iterable[Offer],
    memory: Memory,
    conditions: Conditions,
    *,
    now: datetime,
) -> tuple[Memory, Outlier | None]:
    """Return what to remember of an asset, with its price, and the best bid that was held back.

    `offers` are sound but may have aged since; they are of this asset, one per provider and venue.
    """
    live = [o for o in offers if fault_of_moment(o.tick.as_of, asset, now=now) is None]
    quotes, exchange_open = _quotes(asset, live, conditions, now=now)
    suspicion, outlier = (None, None) if quotes else (memory.suspicion, None)
    for quote in quotes:
        doubt = None
        if not conditions.unsettled:
            doubt = _doubt(asset, quote.offer, live, memory, conditions, now=now)
        if doubt is None:
            price = _price(asset, quote, conditions, exchange_open=exchange_open)
            return Memory(price, suspicion), outlier
        if outlier is None:
            tick = quote.offer.tick
            middle = tick.middle * conditions.multiplier
            suspicion = Suspicion(middle, _since(asset, middle, memory.suspicion, now=now))
            outlier = Outlier(
                code=asset.code, provider=quote.offer.provider, bid=tick.bid, ask=tick.ask,
                against=doubt, since=suspicion.since,
            )  # fmt: skip
    return Memory(_kept(memory.price, conditions), suspicion), outlier


# --- Venues and providers -------------------------------------------------------------------------
def _quotes(
    asset: AssetFacts, offers: list[Offer], conditions: Conditions, *, now: datetime
) -> tuple[list[_Quote], bool]:
    """Return a quote of each open venue, the best bid first, and whether one is not on chain."""
    properties = asset.properties
    by_venue: dict[Venue, list[Offer]] = {}
    for offer in offers:
        by_venue.setdefault(offer.tick.venue, []).append(offer)
    kraken = by_venue.pop("kraken", [])
    quotes = []
    if kraken and conditions.is_open:
        by_venue["kraken"] = kraken
    elif kraken and properties.trades_on_chain and "on_chain" not in by_venue:
        # Nobody serves the chain's own price, so it is derived from where the exchange was.
        freshest = max(kraken, key=lambda offer: offer.tick.as_of)
        tick = replace(freshest.tick, venue="on_chain", source=f"{freshest.tick.source}, on chain")
        by_venue["on_chain"] = [replace(freshest, tick=tick)]
    for venue, candidates in by_venue.items():
        chosen = _preferred(candidates, properties.max_price_age, now=now)
        quotes.append(_quote(chosen, _least_spread(asset, venue, conditions)))
    exchange_open = any(venue != "on_chain" for venue in by_venue)
    return sorted(quotes, key=lambda quote: quote.bid, reverse=True), exchange_open


def _preferred(offers: Sequence[Offer], max_age: timedelta, *, now: datetime) -> Offer:
    young = [offer for offer in offers if now - offer.tick.as_of <= max_age / YOUNG]
    if young:
        return min(young, key=lambda offer: offer.priority)
    return max(offers, key=lambda offer: (offer.tick.as_of, -offer.priority))


def _least_spread(asset: AssetFacts, venue: Venue, conditions: Conditions) -> int:
    properties = asset.properties
    if venue == "on_chain" or conditions.wide:
        return properties.wide_spread_bps
    return properties.spread_bps if venue == "reference" else 0


def _quote(offer: Offer, least_bps: int) -> _Quote:
    """Widen an offer to a spread of at least so many basis points of its middle."""
    tick = offer.tick
    if not least_bps:
        return _Quote(offer, tick.bid, tick.ask)
    bid, ask = _around(tick.middle, least_bps)
    return _Quote(offer, min(tick.bid, bid), max(tick.ask, ask))


def _around(middle: Decimal, bps: int) -> tuple[Decimal, Decimal]:
    half = middle * bps / _TEN_THOUSAND / _TWO
    return _DOWN.subtract(middle, half), _UP.add(middle, half)


# --- Doubts ---------------------------------------------------------------------------------------
def _doubt(
    asset: AssetFacts,
    offer: Offer,
    offers: list[Offer],
    memory: Memory,
    conditions: Conditions,
    *,
    now: datetime,
) -> str | None:
    """Return what an offer disagrees with, or None if it can be believed.

    Where others speak one of them must agree, for as long as it takes; a pool's swap is no witness
    against an exchange. A lone source is compared with its own last price, and believed when it has
    stayed where it jumped to.
    """
    bps = asset.properties.jump_bps
    middle = offer.tick.middle
    on_chain = offer.tick.venue == "on_chain"
    others = [each for each in offers if each.provider != offer.provider]
    if any(_agree(middle, each.tick.middle, bps) for each in others):
        return None
    against = [each for each in others if on_chain or each.tick.venue != "on_chain"]
    if against:
        return ", ".join(f"{each.provider} {each.tick.middle}" for each in against)
    last = memory.price
    yardstick = MEMORY_ON_CHAIN if on_chain else asset.properties.max_price_age * MEMORY
    if last is None or now - last.as_of > yardstick:
        return None
    in_base = middle * conditions.multiplier
    before = (last.bid + last.ask) / _TWO * last.multiplier
    if _agree(in_base, before, bps):
        return None
    confirmation = CONFIRMATION_ON_CHAIN if on_chain else CONFIRMATION
    if now - _since(asset, in_base, memory.suspicion, now=now) >= confirmation:
        return None
    return f"its own last {before / conditions.multiplier:.10g}"


def _agree(one: Decimal, other: Decimal, bps: int) -> bool:
    return abs(one - other) * _TEN_THOUSAND <= min(one, other) * bps


def _since(
    asset: AssetFacts, middle: Decimal, suspicion: Suspicion | None, *, now: datetime
) -> datetime:
    """Return since when a doubted price is where it is; one that moved on begins anew."""
    if suspicion is None or not _agree(middle, suspicion.middle, asset.properties.jump_bps):
        return now
    return suspicion.since


# --- Prices ---------------------------------------------------------------------------------------
def _price(
    asset: AssetFacts, quote: _Quote, conditions: Conditions, *, exchange_open: bool
) -> Price:
    tick, bid, ask = quote.offer.tick, quote.bid, quote.ask
    if conditions.extra_bps:
        half = (bid + ask) / _TWO * conditions.extra_bps / _TEN_THOUSAND / _TWO
        bid, ask = _DOWN.subtract(bid, half), _UP.add(ask, half)
    return Price(
        code=asset.code,
        kind=asset.kind,
        bid=bid,
        ask=ask,
        as_of=tick.as_of,
        source=tick.source,
        venue=tick.venue,
        market_open=exchange_open,
        halted=conditions.halted,
        buyable=conditions.buyable,
        sellable=conditions.sellable,
        synthetic=tick.synthetic,
        multiplier=conditions.multiplier,
    )


def _kept(price: Price | None, conditions: Conditions) -> Price | None:
    """Return the last good price under what holds now: a split moves the price of a shown unit."""
    if price is None:
        return None
    if price.multiplier != conditions.multiplier:
        ratio = _NEAREST.divide(price.multiplier, conditions.multiplier)
        price = replace(
            price,
            bid=_DOWN.multiply(price.bid, ratio),
            ask=_UP.multiply(price.ask, ratio),
            multiplier=conditions.multiplier,
        )
    return replace(
        price,
        halted=conditions.halted,
        buyable=conditions.buyable,
        sellable=conditions.sellable,
    )


def remembered(prices: Mapping[str, Price]) -> dict[str, Memory]:
    """Return what a board that was published earlier leaves to remember."""
    return {code: Memory(price) for code, price in prices.items()}
