"""The board as bytes: compact JSON, one short array per price."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import orjson

from fx.assets.rules import Activation, Kind
from fx.prices.rules import EPOCH, VENUES, Board, Price, Venue

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

type _Row = tuple[Kind, Decimal, Decimal, datetime, str, Venue, int, Decimal]


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
        parts = orjson.loads(body)
        if (written := parts["format"]) != FORMAT:
            raise UnreadableBoard(f"format {written}")  # noqa: TRY301 - one way out
        return Board(
            version=parts["version"],
            built_at=EPOCH + timedelta(microseconds=parts["built_at"]),
            prices=_read_prices(parts["prices"], parts["sources"]),
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


class _Prices(Mapping[str, Price]):
    """The prices of a board, each made when it is first asked for.

    A board comes every second and has a thousand; making them all would hold up whoever waits for
    an answer, which needs a handful.
    """

    __slots__ = ("_made", "_rows")

    def __init__(self, rows: Mapping[str, _Row]) -> None:
        self._rows = rows
        self._made: dict[str, Price] = {}

    def __getitem__(self, code: str) -> Price:
        if (made := self._made.get(code)) is None:
            made = self._made[code] = _price(code, self._rows[code])
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, code: object) -> bool:
        return code in self._rows


def _read_prices(rows: Sequence[Sequence[Any]], sources: Sequence[str]) -> Mapping[str, Price]:
    """Read all that can be wrong in a row, a column at a time."""
    if not rows:
        return MappingProxyType({})
    codes, kinds, bids, asks, moments, origins, venues, flags, multipliers = zip(*rows, strict=True)
    at = {moment: EPOCH + timedelta(microseconds=moment) for moment in set(moments)}
    factors = {multiplier: Decimal(multiplier) for multiplier in set(multipliers)}
    read = zip(
        [_KINDS[number] for number in kinds],
        map(Decimal, bids),
        map(Decimal, asks),
        [at[moment] for moment in moments],
        [sources[number] for number in origins],
        [VENUES[number] for number in venues],
        # What is no number is refused here and not when it is asked for.
        [flag | 0 for flag in flags],
        [factors[multiplier] for multiplier in multipliers],
        strict=True,
    )
    return _Prices(dict(zip(codes, read, strict=True)))


def _price(code: str, row: _Row) -> Price:
    kind, bid, ask, as_of, source, venue, flags, multiplier = row
    return Price(
        code=code,
        kind=kind,
        bid=bid,
        ask=ask,
        as_of=as_of,
        source=source,
        venue=venue,
        market_open=flags & _OPEN != 0,
        halted=flags & _HALTED != 0,
        buyable=flags & _UNBUYABLE == 0,
        sellable=flags & _UNSELLABLE == 0,
        synthetic=flags & _SYNTHETIC != 0,
        multiplier=multiplier,
        pinned=flags & _PINNED != 0,
        stale_pin=flags & _STALE_PIN != 0,
    )


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // _MICROSECOND
