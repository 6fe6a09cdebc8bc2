"""What all providers have in common: a thread each, a store of the newest ticks, and patience.

A provider only yields ticks. That it hangs, floods, lies or falls over is its runner's business,
and never the board's: a board takes what lies in the store, and waits for nobody.
"""

import logging
import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import ClassVar, Final

from fx.prices.health import Health, Report
from fx.prices.listing import Listing
from fx.prices.merging import Offer
from fx.prices.rules import Venue
from fx.prices.ticks import FUTURE_BOUND, Fault, Tick, fault_of
from krak.core.clock import now as the_time

logger = logging.getLogger(__name__)

MOST_PER_SECOND: Final = 4000
"""More ticks than this from one provider have to wait for the next second."""


class VendorProblem(Exception):
    """A vendor cannot be reached, says no, or speaks in tongues; the message is one line."""


type Catalogue = Callable[[], Listing]


class Provider(ABC):
    """One vendor's prices. A subclass speaks the vendor's protocol and nothing else."""

    name: ClassVar[str]
    pause_seconds: float = 0.0
    """Between the end of one round and the next."""
    backoff_seconds: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    """After one failure, after two in a row, …; each is shortened by up to a half at random."""

    def __init__(self, listing: Catalogue) -> None:
        self.listing: Final = listing
        self.health: Final = Health(self.name)
        self.stopping: Final = threading.Event()

    @abstractmethod
    def ticks(self) -> Iterator[Tick]:
        """Yield ticks: one round of asking, or one connection for as long as it holds.

        It returns soon after `stopping` is set.

        Raises:
            VendorProblem: it is over, and worth another try.
        """

    def reject(self, fault: Fault, detail: str) -> None:
        """Count something that is no price."""
        self.health.rejected(fault, detail, at=the_time())

    def count(self, entries: int = 1) -> None:
        """Count what came in, and let a flood wait: a busy thread takes its time from all."""
        moment = time.monotonic()
        if moment >= self._window_ends:
            self._window_ends, self._in_window = moment + 1.0, 0
        self._in_window += entries
        if self._in_window > MOST_PER_SECOND:
            self.reject(Fault.FLOOD, f"more than {MOST_PER_SECOND} in a second")
            self.stopping.wait(self._window_ends - moment)

    _window_ends = 0.0
    _in_window = 0


class Runner:
    """Runs one provider in a thread of its own and keeps its newest tick per asset and venue."""

    def __init__(self, provider: Provider, *, priority: int) -> None:
        self.provider: Final = provider
        self.priority: Final = priority
        # As many as there are assets and venues at most: what is not listed is not kept.
        self._newest: dict[tuple[str, Venue], Offer] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(
            target=self._run, name=f"provider-{provider.name}", daemon=True
        )

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, *, timeout: float = 0.5) -> None:
        """Tell the thread to end and wait a little; one that hangs dies with the process."""
        self.provider.stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def offers(self) -> list[Offer]:
        """Return the newest ticks; some may have grown old."""
        with self._lock:
            return list(self._newest.values())

    def report(self) -> Report:
        """Return the provider's health."""
        return self.provider.health.report()

    def round(self) -> int:
        """Take one round of ticks into the store and return how many were sound.

        Raises:
            VendorProblem: the round ended badly.
        """
        sound = 0
        for tick in self.provider.ticks():
            sound += self.take(tick, now=the_time())
            if self.provider.stopping.is_set():
                break
        return sound

    def take(self, tick: Tick, *, now: datetime) -> bool:
        """Keep a tick if it can be a price and is not older than what we have; tell whether."""
        asset = self.provider.listing().assets.get(tick.code)
        fault = Fault.UNKNOWN_SYMBOL if asset is None else fault_of(tick, asset, now=now)
        key = (tick.code, tick.venue)
        before = self._newest.get(key)
        # One from the future only means that a clock was set back: the new one is right.
        if fault is None and before and tick.as_of < before.tick.as_of <= now + FUTURE_BOUND:
            fault = Fault.LATE
        if fault is not None:
            said = f"{tick.code}: bid {tick.bid:.20g}, ask {tick.ask:.20g} of {tick.as_of}"
            self.provider.health.rejected(fault, said, at=now)
            return False
        with self._lock:
            self._newest[key] = Offer(tick, self.provider.name, self.priority)
        self.provider.health.accepted(now)
        return True

    def _run(self) -> None:
        provider, failures = self.provider, 0
        while not provider.stopping.is_set():
            pause = provider.pause_seconds
            before = provider.health.report().ticks
            try:
                self.round()
                failures = 0
            except VendorProblem as problem:
                # One that delivered before it was lost begins with the shortest pause again.
                failures = 1 if provider.health.report().ticks > before else failures + 1
                pause = self._after(failures, str(problem))
            except Exception as problem:
                # Whatever it was, a provider that is gone for good is worse.
                logger.exception("The provider %s stumbled.", provider.name)
                failures += 1
                pause = self._after(failures, repr(problem))
            provider.stopping.wait(pause)
        provider.health.stopped()

    def _after(self, failures: int, why: str) -> float:
        self.provider.health.lost(why, at=the_time())
        logger.warning("%s: %s", self.provider.name, why)
        steps = self.provider.backoff_seconds
        longest = steps[min(failures, len(steps)) - 1]
        return longest * random.uniform(0.5, 1)  # noqa: S311 - so that not all come back at once
