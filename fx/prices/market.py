"""The market process: a board every second, whatever else is down.

What comes from the database (assets, statuses, multipliers) is kept in memory and read again
every few seconds; a database that is away leaves it as it was.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from django.db import Error as DatabaseError
from django.db import connection

from fx.assets.queries import all_facts, multiplier_rows
from fx.assets.rules import (
    LEAD_TIME,
    AssetFacts,
    MultiplierRow,
    changes,
    from_now_on,
    multiplier_at,
)
from fx.prices import simulation
from fx.prices.feed import Feed, Unavailable
from fx.prices.pins import Pins
from fx.prices.rules import EPOCH, Board, board_of
from fx.prices.services import keep_copy
from fx.venues.rules import HALT_MARGIN, halted_around

logger = logging.getLogger(__name__)

CATALOGUE_SECONDS: Final = 5.0
"""How long a halt that staff order may take to reach the board."""
LISTING_TRUSTED: Final = (LEAD_TIME - HALT_MARGIN) * 2 / 3
"""A listing older than this may lack a multiplier whose halt is about to begin.

The third that is left is for boards on their way: shares' prices are stale after a minute.
"""
COPY_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 5.0
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What the database says about assets, as of the last time it could be asked."""

    read_at: datetime

    assets: Mapping[str, AssetFacts] = field(default_factory=lambda: MappingProxyType({}))
    multipliers: Mapping[str, list[MultiplierRow]] = field(
        default_factory=lambda: MappingProxyType({})
    )


def build(listing: Listing, *, version: int, now: datetime) -> Board:
    """Return the board of the simulated market at `now`: hours, halts and multipliers in force."""
    in_force: dict[str, Decimal] = {}
    unsure = now - listing.read_at > LISTING_TRUSTED
    halted = {
        code
        for code, asset in listing.assets.items()
        if not asset.status.tradable or (unsure and asset.properties.has_multiplier)
    }
    for code, rows in listing.multipliers.items():
        in_force[code] = multiplier_at(rows, now)
        if halted_around(changes(rows), now):
            halted.add(code)
    return board_of(
        simulation.prices(listing.assets, multipliers=in_force, halted=frozenset(halted), now=now),
        version=version,
        built_at=now,
        multipliers={
            code: ahead
            for code, rows in listing.multipliers.items()
            if (ahead := from_now_on(rows, now))
        },
    )


def read_listing(*, now: datetime) -> Listing:
    """Read from the database what a board is built from."""
    return Listing(
        read_at=now,
        assets={asset.code: asset for asset in all_facts()},
        multipliers=multiplier_rows(),
    )


class Market:
    """The state of the market process. `tick` never raises for a server that is away."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._listing = Listing(read_at=EPOCH)
        self._version = 0
        self._pins: Pins | None = None
        self._next_listing = 0.0
        # A first copy soon, so that even a short life leaves one.
        self._next_copy = 0.0
        self._away: set[str] = set()

    def tick(self, now: datetime) -> Board | None:
        """Build a board, publish it, look after the pins; None while no asset is known yet."""
        self._read_listing(now)
        if not self._listing.assets:
            return None
        if not self._version:
            self._version = self._last_version()
        self._version = max(self._version + 1, (now - EPOCH) // _MICROSECOND)
        board = build(self._listing, version=self._version, now=now)
        try:
            self._feed.publish(board)
            self._look_after_pins()
            self._back("Valkey")
        except Unavailable as problem:
            self._gone("Valkey", problem)
        self._copy(board)
        return board

    def _read_listing(self, now: datetime) -> None:
        if time.monotonic() < self._next_listing:
            return
        try:
            self._listing = read_listing(now=now)
            self._next_listing = time.monotonic() + CATALOGUE_SECONDS
            if not self._listing.assets:
                self._next_listing = 0.0
            self._back("Postgres")
        except DatabaseError as problem:
            self._next_listing = time.monotonic() + RETRY_SECONDS
            self._gone("Postgres", problem)

    def _copy(self, board: Board) -> None:
        if time.monotonic() < self._next_copy:
            return
        try:
            keep_copy(board)
            self._next_copy = time.monotonic() + COPY_SECONDS
        except DatabaseError as problem:
            self._next_copy = time.monotonic() + RETRY_SECONDS
            self._gone("Postgres", problem)

    def _last_version(self) -> int:
        # Should the clock have been set back, our boards must still be later than the last one.
        try:
            return self._feed.version()
        except Unavailable:
            return 0

    def _look_after_pins(self) -> None:
        """Remember the pins, and write them again when Valkey was emptied."""
        pins = self._feed.pins()
        if pins is not None:
            self._pins = pins
        elif self._pins is not None:
            self._feed.restore_pins(self._pins)

    def _gone(self, server: str, problem: Exception) -> None:
        if server == "Postgres":
            connection.close()
        if server not in self._away:
            self._away.add(server)
            logger.warning("%s is away, the market goes on: %s", server, problem)

    def _back(self, server: str) -> None:
        if server in self._away:
            self._away.discard(server)
            logger.info("%s is back.", server)
