"""The sampler: looks at the board every second and keeps a candle of every minute.

It is a process of its own, a reader of the board like any other: whatever it does, or waits for,
cannot slow the market process, and both may be restarted or doubled at any moment.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import Error as DatabaseError
from django.db import connection

from fx.candles.rules import Candle, Minutes
from fx.candles.services import LATE, keep
from fx.prices.rules import Board

logger = logging.getLogger(__name__)

GRACE: Final = timedelta(seconds=3)
"""How long after a minute its last board may arrive; a later one is merged."""


class Sampler:
    """The state of the sampling process. `tick` never raises for a database that is away."""

    def __init__(self) -> None:
        self._minutes = Minutes()
        self._away = False

    def tick(self, board: Board, *, now: datetime) -> None:
        """Look at the board, and write the minutes that are over."""
        if not board.empty:
            self._minutes.see(board)
        self._write(self._minutes.until(now - GRACE), now=now)

    def stop(self, *, now: datetime) -> None:
        """Write what there is, the minute that is not over too: whoever is next adds to it."""
        self._write(self._minutes.until(now + LATE), now=now)

    def _write(self, candles: list[Candle], *, now: datetime) -> None:
        if not candles:
            return
        try:
            keep(candles, now=now)
            if self._away:
                logger.info("Candles are kept again.")
            self._away = False
        except DatabaseError as problem:
            connection.close()
            if not self._away:
                logger.warning("Candles wait for the database: %s", problem)
            self._away = True
            # What is too old will not be taken any more, and memory is not endless.
            self._minutes.forget({c.at for c in candles if c.at < now - LATE})
        else:
            self._minutes.forget({candle.at for candle in candles})
