"""The market process's own door to the database, in a thread that may wait for it.

What is read (assets, halts, multipliers, calendars) stays as it was while the database is away.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import Error as DatabaseError
from django.db import connection

from fx.prices.listing import read_listing
from fx.prices.market import Market
from fx.prices.queries import last_copy
from fx.prices.services import keep_copy, keep_reports, put_before_staff
from krak.core.clock import now as the_time

logger = logging.getLogger(__name__)

LISTING_SECONDS: Final = 2.0
"""How long a halt that staff order may take to reach the next board."""
COPY_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.25


class Desk:
    """Reads what boards are built from, and keeps what the market process knows."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._due: dict[str, float] = {}
        self._away = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="price-desk", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, *, timeout: float = 0.5) -> None:
        """Tell the thread to end and wait a little."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def work(self, now: datetime) -> None:
        """Do what is due. Never raises for a database that is away; that is said once."""
        try:
            self._when_due("listing", LISTING_SECONDS, self._read, now)
            if self._market.outliers:
                self._put_before_staff(now)
            if self._market.newest is not None:
                # A first copy soon, so that even a short life leaves one.
                self._when_due("copy", COPY_SECONDS, self._keep, now)
        except DatabaseError as problem:
            connection.close()
            # All of it, so that one pause covers everything.
            self._due = dict.fromkeys(("listing", "copy"), time.monotonic() + RETRY_SECONDS)
            if not self._away:
                self._away = True
                logger.warning("Postgres is away, the market goes on: %s", problem)

    def _when_due(
        self, what: str, seconds: float, do: Callable[[datetime], None], now: datetime
    ) -> None:
        if time.monotonic() < self._due.get(what, 0.0):
            return
        do(now)
        self._due[what] = time.monotonic() + seconds
        if self._away:
            self._away = False
            logger.info("Postgres is back.")

    def _read(self, now: datetime) -> None:
        if not self._market.listing.assets and (copy := last_copy()):
            self._market.remember(copy)
        self._market.listing = read_listing(now)

    def _put_before_staff(self, now: datetime) -> None:
        if time.monotonic() < self._due.get("cases", 0.0):
            return
        waiting = list(self._market.outliers)
        try:
            put_before_staff(waiting, now=now)
        except DatabaseError:
            self._due["cases"] = time.monotonic() + RETRY_SECONDS
            raise
        for _ in waiting:
            self._market.outliers.popleft()

    def _keep(self, now: datetime) -> None:
        if self._market.newest is not None:
            keep_copy(self._market.newest)
        keep_reports(self._market.reports(), now=now)

    def _run(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            try:
                self.work(the_time())
            except Exception:
                # A market without its desk would never again hear of a halt.
                logger.exception("The market's desk stumbled.")
                self._stopping.wait(RETRY_SECONDS)
        connection.close()
