"""The board as bytes: compact JSON, one short array per price."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from fx.assets.rules import Activation, Kind
from fx.prices.rules import EPOCH, VENUES, Board, Price

FORMAT: Final = 2

_OPEN: Final = 1
_HALTED: Final = 2
_SYNTHETIC: Final = 4
_PINNED: Final = 8
_STALE_PIN: Final = 16
_UNBUYABLE: Final = 32
_UNSELLABLE: Final = 64
_KINDS: Final = tuple(Kind)
_KIND_NUMBERS: Final = {kind: number for number, kind in enumerate(_KINDS)}
_VENUE_NUMBERS: Final = {venue: number for number, venue in enumerate(VENUES)}
_MICROSECOND: Final = timedelta(microseconds=1)


class UnreadableBoard(ValueError):
    """The bytes are no board of this format."""


def encode(board: Board) -> bytes:
    """Write a board; sources are written once and referred to by number."""
    sources: dict[str, int] = {}
    rows = [
        (
            price.code,
            _KIND_NUMBERS[price.kind],
            str(price.bid),
            str(price.ask),
            _microseconds(price.as_of),
            sources.setdefault(price.source, len(sources)),
            _VENUE_NUMBERS[price.venue],
            (price.market_open and _OPEN)
            | (price.halted and _HALTED)
            | (price.synthetic and _SYNTHETIC)
            | (price.pinned and _PINNED)
            | (price.stale_pin and _STALE_PIN)
            | (not price.buyable and _UNBUYABLE)
            | (not price.sellable and _UNSELLABLE),
            str(price.multiplier),
        )
        for price in board.prices.values()
    ]
    body = {
        "format": FORMAT,
        "version": board.version,
        "built_at": _microseconds(board.built_at),
        "sources": list(sources),
        "prices": rows,
        "multipliers": {
            code: [(_microseconds(each.at), str(each.multiplier)) for each in activations]
            for code, activations in board.multipliers.items()
        },
    }
    return json.dumps(body, separators=(",", ":")).encode()


def decode(body: bytes | str) -> Board:
    """Read what `encode` wrote.

    Raises:
        UnreadableBoard: it did not write this, or another version of it did.
    """
    try:
        parts = json.loads(body)
        if (written := parts["format"]) != FORMAT:
            raise UnreadableBoard(f"format {written}")  # noqa: TRY301 - one way out
        sources = parts["sources"]
        moments: dict[int, datetime] = {}
        decimals: dict[str, Decimal] = {}
        prices = {}
        for code, kind, bid, ask, as_of, source, venue, flags, multiplier in parts["prices"]:
            if (moment := moments.get(as_of)) is None:
                moment = moments[as_of] = EPOCH + timedelta(microseconds=as_of)
            if (factor := decimals.get(multiplier)) is None:
                factor = decimals[multiplier] = Decimal(multiplier)
            prices[code] = Price(
                code=code,
                kind=_KINDS[kind],
                bid=Decimal(bid),
                ask=Decimal(ask),
                as_of=moment,
                source=sources[source],
                venue=VENUES[venue],
                market_open=flags & _OPEN != 0,
                halted=flags & _HALTED != 0,
                buyable=flags & _UNBUYABLE == 0,
                sellable=flags & _UNSELLABLE == 0,
                synthetic=flags & _SYNTHETIC != 0,
                multiplier=factor,
                pinned=flags & _PINNED != 0,
                stale_pin=flags & _STALE_PIN != 0,
            )
        return Board(
            version=parts["version"],
            built_at=EPOCH + timedelta(microseconds=parts["built_at"]),
            prices=MappingProxyType(prices),
            multipliers=MappingProxyType(
                {
                    code: tuple(
                        Activation(EPOCH + timedelta(microseconds=at), Decimal(multiplier))
                        for at, multiplier in activations
                    )
                    for code, activations in parts.get("multipliers", {}).items()
                }
            ),
        )
    except UnreadableBoard:
        raise
    except (ValueError, LookupError, TypeError, ArithmeticError) as problem:
        raise UnreadableBoard(str(problem)) from problem


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // _MICROSECOND
