"""Pins: prices that the sandbox holds still, laid over whatever the market says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from fx.assets.rules import AssetFacts, Kind
from fx.prices.rules import BASE, Board, NoPrice, Price, reciprocal
from krak.core.money import plain

SOURCE: Final = "pin"
MAX_PINS: Final = 2000

_ONE: Final = Decimal(1)


class InvalidPin(ValueError):
    """A pin is no positive price, or contradicts itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """What is pinned: prices per shown unit in `currency`, and states.

    Versions only grow; a reader ignores a lower one than it has.
    """

    version: int = 0
    currency: str = BASE
    bid: Mapping[str, Decimal] = field(default_factory=dict)
    stale: frozenset[str] = frozenset()
    market_closed: frozenset[str] = frozenset()
    halted: frozenset[str] = frozenset()

    @property
    def codes(self) -> frozenset[str]:
        """Every asset that something is pinned about."""
        return frozenset(self.bid) | self.stale | self.market_closed | self.halted


def check(pins: Pins) -> None:
    """Refuse pins that no board could carry.

    Raises:
        InvalidPin: a price is not positive and finite, a currency has a price other than 1 in
            itself, or there are more than `MAX_PINS`.
    """
    if len(pins.codes) > MAX_PINS:
        raise InvalidPin(f"more than {MAX_PINS} assets")
    for code, bid in pins.bid.items():
        if not bid.is_finite() or bid <= 0:
            raise InvalidPin(f"{code}: {bid} is no price")
        if code == pins.currency and bid != 1:
            raise InvalidPin(f"{code}: one {code} is one {code}")


def in_usd(pins: Pins, board: Board) -> Pins:
    """Return the same pins in USD; their currency is pinned too, at its middle on `board`.

    So the cross back into that currency is exact, whatever the market does meanwhile.

    Raises:
        NoPrice: the board does not know the currency.
    """
    if pins.currency == BASE:
        return pins
    if in_currency := pins.bid.get(BASE):
        # One USD is so many C. Rounded down, so that the cross back is never below the pin.
        rate = reciprocal(in_currency)
    else:
        rate = board.mid_in(pins.currency, BASE)
    prices = {code: bid * rate for code, bid in pins.bid.items()}
    return replace(pins, currency=BASE, bid={**prices, BASE: _ONE, pins.currency: rate})


def merge(old: Pins, new: Pins, *, version: int) -> Pins:
    """Pin `new` on top of `old`, both in USD: what is said about an asset last is what holds."""
    kept = old.codes - new.codes
    return Pins(
        version=version,
        bid={**old.bid, **new.bid},
        stale=(old.stale & kept) | new.stale,
        market_closed=(old.market_closed & kept) | new.market_closed,
        halted=(old.halted & kept) | new.halted,
    )


def overlay(board: Board, pins: Pins, *, known: Mapping[str, AssetFacts]) -> Board:
    """Return `board` as the pins want it; a pinned asset it lacks gets a price of its own.

    A pinned price is bid and ask in one, always fresh unless pinned stale, with its market open
    unless pinned closed. Pins in a currency that `board` does not know are left out.
    """
    if not pins.codes:
        return board
    try:
        pins = in_usd(pins, board)
    except NoPrice:
        pins = replace(pins, currency=BASE, bid={})
    prices = dict(board.prices)
    bids = dict(pins.bid)
    if BASE not in prices:
        bids.setdefault(BASE, _ONE)
    for code, bid in bids.items():
        before = prices.get(code)
        facts = known.get(code)
        prices[code] = Price(
            code=code,
            kind=before.kind if before else facts.kind if facts else Kind.CRYPTO,
            bid=bid,
            ask=bid,
            as_of=board.built_at,
            source=SOURCE,
            venue="pinned",
            halted=before.halted if before else False,
            buyable=before.buyable if before else True,
            sellable=before.sellable if before else True,
            multiplier=before.multiplier if before else _ONE,
            pinned=True,
        )
    for code in pins.codes & prices.keys():
        prices[code] = replace(
            prices[code],
            stale_pin=code in pins.stale,
            market_open=code not in pins.market_closed
            and (prices[code].pinned or prices[code].market_open),
            halted=code in pins.halted or prices[code].halted,
        )
    return replace(board, prices=MappingProxyType(prices))


def encode(pins: Pins) -> bytes:
    """Write pins the way they are kept in Valkey."""
    return json.dumps(
        {
            "version": pins.version,
            "currency": pins.currency,
            "bid": {code: plain(bid) for code, bid in sorted(pins.bid.items())},
            "stale": sorted(pins.stale),
            "market_closed": sorted(pins.market_closed),
            "halted": sorted(pins.halted),
        },
        separators=(",", ":"),
    ).encode()


def decode(body: bytes) -> Pins:
    """Read what `encode` wrote."""
    parts = json.loads(body)
    return Pins(
        version=parts["version"],
        currency=parts["currency"],
        bid={code: Decimal(bid) for code, bid in parts["bid"].items()},
        stale=frozenset(parts.get("stale", ())),
        market_closed=frozenset(parts.get("market_closed", ())),
        halted=frozenset(parts.get("halted", ())),
    )
