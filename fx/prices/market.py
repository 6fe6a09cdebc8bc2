"""The market process: a board every second, whatever else is down.

It waits for nobody: providers run in threads of their own and leave ticks behind, the desk
(`fx/prices/desk.py`) reads and writes the database in another.
"""

import logging
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from fx.prices.feed import Feed, Unavailable
from fx.prices.health import Report
from fx.prices.listing import Listing
from fx.prices.merging import FORGOTTEN, Memory, Offer, Outlier, merge, remembered
from fx.prices.pins import Pins
from fx.prices.providers import runners
from fx.prices.rules import BASE, EPOCH, Board, Price, board_of
from fx.prices.ticks import Fault

logger = logging.getLogger(__name__)

MOST_OUTLIERS: Final = 1000
"""How many may wait for a database that is away; there are fewer assets."""
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Built:
    """A board, what to remember for the next one, and what was held back."""

    board: Board
    memories: dict[str, Memory]
    outliers: tuple[Outlier, ...]


def build(
    listing: Listing,
    offers: Iterable[Offer],
    memories: Mapping[str, Memory],
    *,
    version: int,
    now: datetime,
) -> Built:
    """Merge what all providers say into one board at `now`."""
    by_code: dict[str, list[Offer]] = {}
    for offer in offers:
        by_code.setdefault(offer.tick.code, []).append(offer)
    found: dict[str, Memory] = {}
    outliers, prices = [], []
    for code, conditions in listing.conditions(now).items():
        asset = listing.assets[code]
        if code == BASE:
            one = Decimal(1)
            prices.append(
                Price(
                    code=code, kind=asset.kind, bid=one, ask=one, as_of=now, source="by definition",
                    venue="reference", halted=conditions.halted, buyable=conditions.buyable,
                    sellable=conditions.sellable,
                )
            )  # fmt: skip
            continue
        memory, outlier = merge(
            asset, by_code.get(code, ()), memories.get(code, FORGOTTEN), conditions, now=now
        )
        found[code] = memory
        if memory.price is not None:
            prices.append(memory.price)
        if outlier is not None:
            outliers.append(outlier)
    board = board_of(prices, version=version, built_at=now, multipliers=listing.activations(now))
    return Built(board, found, tuple(outliers))


class Market:
    """The state of the market process. `tick` never raises for a server that is away."""

    def __init__(self, feed: Feed, providers: Sequence[str] = ()) -> None:
        self.listing = Listing()
        """What the desk read last."""
        self.newest: Board | None = None
        self.runners: Final = runners(providers, lambda: self.listing)
        self.outliers: Final[deque[Outlier]] = deque(maxlen=MOST_OUTLIERS)
        """What the desk has yet to put before staff."""
        self._feed = feed
        self._version = 0
        self._memories: dict[str, Memory] = {}
        self._pins: Pins | None = None
        self._away = False

    def tick(self, now: datetime) -> Board | None:
        """Build a board, publish it, look after the pins; None while no asset is known yet."""
        if not self.listing.assets:
            return None
        if not self._version:
            self._remember()
        self._version = max(self._version + 1, (now - EPOCH) // _MICROSECOND)
        offers = [offer for runner in self.runners for offer in runner.offers()]
        built = build(self.listing, offers, self._memories, version=self._version, now=now)
        self._notice(built.outliers, now=now)
        self._memories = built.memories
        self.newest = built.board
        try:
            self._feed.publish(built.board, self.reports())
            self._look_after_pins()
            self._back()
        except Unavailable as problem:
            self._gone(problem)
        return built.board

    def reports(self) -> list[Report]:
        """Return how every provider is doing, the preferred one first."""
        return [runner.report() for runner in self.runners]

    def remember(self, board: Board) -> None:
        """Take an earlier board for what is known: old prices are shown, and jumps are noticed."""
        self._memories = remembered(board.prices) | self._memories

    def _remember(self) -> None:
        # Should the clock have been set back, our boards must still be later than the last one.
        try:
            board = self._feed.board()
        except Unavailable:
            return
        if board is not None:
            self._version = board.version
            self.remember(board)

    def _notice(self, outliers: Sequence[Outlier], *, now: datetime) -> None:
        healths = {runner.provider.name: runner.provider.health for runner in self.runners}
        for outlier in outliers:
            before = self._memories.get(outlier.code, FORGOTTEN).suspicion
            if before is not None and before.since == outlier.since:
                continue
            self.outliers.append(outlier)
            said = f"{outlier.code}: {outlier.bid} / {outlier.ask} against {outlier.against}"
            if health := healths.get(outlier.provider):
                health.rejected(Fault.OUTLIER, said, at=now)
            logger.warning("Held back %s by %s", said, outlier.provider)

    def _look_after_pins(self) -> None:
        """Remember the pins, and write them again when Valkey was emptied."""
        pins = self._feed.pins()
        if pins is not None:
            self._pins = pins
        elif self._pins is not None:
            self._feed.restore_pins(self._pins)

    def _gone(self, problem: Exception) -> None:
        if not self._away:
            self._away = True
            logger.warning("Valkey is away, the market goes on: %s", problem)

    def _back(self) -> None:
        if self._away:
            self._away = False
            logger.info("Valkey is back.")
