"""Prices and boards for tests."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fx.assets.rules import Kind, multiplier_at
from fx.prices import simulation
from fx.prices.listing import Listing
from fx.prices.market import build
from fx.prices.merging import Offer
from fx.prices.rules import EPOCH, Board, Price, board_of

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


def price(code, bid, ask=None, *, kind=Kind.CRYPTO, **rest) -> Price:
    usual: dict[str, Any] = {"as_of": NOON, "source": "test", "venue": "kraken"}
    return Price(
        code=code,
        kind=kind,
        bid=Decimal(bid),
        ask=Decimal(ask or bid),
        **usual | rest,
    )


USD = price("USD", 1, kind=Kind.FIAT, venue="reference")


def board(*prices, at=NOON, version=None) -> Board:
    return board_of(
        [USD, *prices],
        version=version or int((at - EPOCH).total_seconds() * 1_000_000),
        built_at=at,
    )


def simulated_board(listing: Listing, *, now: datetime) -> Board:
    """Return the board of the simulated market alone."""
    multipliers = {code: multiplier_at(rows, now) for code, rows in listing.multipliers.items()}
    ticks = simulation.ticks(
        listing.assets, multipliers=multipliers, calendar=listing.calendar, now=now
    )
    offers = (Offer(tick, "simulated", 0) for tick in ticks)
    return build(listing, offers, {}, version=1, now=now).board
