"""The sandbox's market: real, dated prices that wander a little.

It is a function of the moment and nothing else: no state, so a restarted market goes on where
it was, and two of them agree. Nothing here is a market's price, and boards say so (`source`).
"""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from fx.assets.rules import AssetFacts
from fx.prices.rules import BASE, EPOCH, Venue
from fx.prices.ticks import Tick
from fx.venues.rules import Calendar, reference_at

SEEDS: Final = Path(__file__).parent / "data" / "prices.csv"

_ONE: Final = Decimal(1)
_TEN_THOUSAND: Final = Decimal(10_000)
_MILLION: Final = 1_000_000
_MICROSECOND: Final = timedelta(microseconds=1)
# Ten significant digits are finer than any venue's tick and keep the board small.
_DOWN: Final = Context(prec=10, rounding=ROUND_FLOOR)
_UP: Final = Context(prec=10, rounding=ROUND_CEILING)
_NEAREST: Final = Context(prec=14, rounding=ROUND_HALF_EVEN)
_SIX_DIGITS: Final = Context(prec=6, rounding=ROUND_HALF_EVEN)

_LN_10: Final = Context(prec=40).ln(10)

# Period in seconds and weight in thousandths: a slow tide and quick ripples around the seed.
_WAVES: Final = ((1800, 600), (60, 300), (5, 100))

# A made-up price lies between a hundredth of a dollar and a thousand dollars.
_LOWEST_EXPONENT: Final = -2
_EXPONENT_RANGE: Final = 5


@dataclass(frozen=True, slots=True)
class Seed:
    """Where an asset's price starts from, in USD."""

    usd: Decimal
    source: str
    synthetic: bool


@cache
def shipped_seeds() -> dict[str, Seed]:
    """Return the real, dated prices that came with the code, read once."""
    with SEEDS.open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: Seed(
                usd=Decimal(row["usd_price"]),
                source=f"simulated from {row['source']}, {row['as_of']}",
                synthetic=False,
            )
            for row in csv.DictReader(file)
        }


def synthetic_seed(code: str) -> Seed:
    """Make up a price for an asset that has none: the same for a code on every machine, for ever.

    Spread evenly over the powers of ten, like the prices of real coins.
    """
    digest = hashlib.sha256(b"krak synthetic price\0" + code.encode()).digest()
    position = Decimal(int.from_bytes(digest[:8])) / Decimal(2**64)
    exponent = _LOWEST_EXPONENT + position * _EXPONENT_RANGE
    # `exp` is correctly rounded by every implementation of decimals; `power` is not.
    return Seed(usd=_SIX_DIGITS.exp(exponent * _LN_10), source="made up", synthetic=True)


def ticks(
    assets: Mapping[str, AssetFacts],
    *,
    multipliers: Mapping[str, Decimal],
    calendar: Calendar,
    now: datetime,
) -> Iterator[Tick]:
    """Yield what the simulated market says of every asset at `now`.

    `multipliers` in force turn base into shown units; assets without one have 1. Seeds are of
    base units, so that a split moves the price of a shown unit and not what anybody owns.
    """
    seeds = shipped_seeds()
    reference = reference_at(now)
    open_now: dict[str, bool] = {}
    for code, asset in assets.items():
        if code == BASE:
            continue
        properties = asset.properties
        if asset.hours not in open_now:
            open_now[asset.hours] = calendar.is_open(asset.hours, now)
        seed = seeds.get(code) or _made_up(code)
        as_of = reference if properties.is_cash else now
        swing = properties.swing_bps * _wander(code, as_of)
        multiplier = multipliers.get(code, _ONE)
        middle = seed.usd * (_MILLION * 10 + swing) / (_MILLION * 10) / multiplier
        venue: Venue
        if properties.is_cash or not open_now[asset.hours]:
            venue = "reference" if properties.is_cash else "on_chain"
            bid = ask = _NEAREST.plus(middle)
        else:
            venue = "kraken"
            half = middle * properties.spread_bps / _TEN_THOUSAND / 2
            bid, ask = _DOWN.subtract(middle, half), _UP.add(middle, half)
        yield Tick(
            code=code,
            venue=venue,
            bid=bid,
            ask=ask,
            as_of=as_of,
            source=seed.source,
            synthetic=seed.synthetic,
        )


_made_up = lru_cache(maxsize=4096)(synthetic_seed)


def _wander(code: str, at: datetime) -> int:
    """Return how far the price is from its seed, in thousandths of the swing: -1000 to 1000.

    Value noise: each wave goes straight from one random point to the next and never leaves its
    bounds, so the sum keeps coming back to the seed.
    """
    microseconds = (at - EPOCH) // _MICROSECOND
    total = 0
    for period, weight in _WAVES:
        step, into = divmod(microseconds, period * _MILLION)
        first, second = _point(code, period, step), _point(code, period, step + 1)
        total += weight * (first + (second - first) * into // (period * _MILLION))
    return total // _MILLION


@lru_cache(maxsize=32_768)
def _point(code: str, period: int, step: int) -> int:
    """Return a random but repeatable number from minus to plus a million."""
    digest = hashlib.blake2b(f"{code}\0{period}\0{step}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % (2 * _MILLION + 1) - _MILLION
