"""The board in this process: always at hand, never a question to anybody.

A daemon thread keeps it new: it is told of changes by Valkey, looks once a second anyway, lays
the sandbox's pins over it and swaps one reference. Valkey gone, the last copy stays and grows
stale, which is what `Board.is_fresh` is for.
"""

import contextlib
import logging
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from redis.client import PubSub

from fx.assets import catalogue
from fx.prices import codec
from fx.prices import pins as pinning
from fx.prices.feed import PINNED, Ack, Feed, Unavailable
from fx.prices.pins import Pins
from fx.prices.queries import last_copy
from fx.prices.rules import EMPTY, Board

logger = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 1.0
SPREAD_SECONDS: Final = 0.1
"""Within how long all processes have read a new board."""
STOP_SECONDS: Final = 0.2
"""How long the thread may take to see that it should stop."""
FALL_BACK_SECONDS: Final = 10.0
BACKOFF_SECONDS: Final = (0.1, 0.2, 0.5, 1.0)
# A board that is a little older than ours comes from a second market process; one that is much
# older means that the clock was set back, and then the new one is right.
CLOCK_SET_BACK_MICROSECONDS: Final = 10_000_000


class Reader:
    """What keeps one process's board new. There is one per process, started when first needed."""

    def __init__(self) -> None:
        self.board: Board = EMPTY
        self.loaded = threading.Event()
        self.process: Final = f"{socket.gethostname()}:{os.getpid()}:{random.getrandbits(32):08x}"
        self._market: Board = EMPTY
        self._body: bytes | None = None
        self._pins = Pins()
        self._next_fall_back = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="price-board", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, *, timeout: float = 2.0) -> None:
        """Stop the thread and wait for it."""
        self._stopping.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            feed = Feed()
            subscription: PubSub | None = None
            try:
                subscription = feed.subscribe()
                # Said before the pins are read, so that whoever pins after that waits for us.
                self._acknowledge(feed)
                while not self._stopping.is_set():
                    self._refresh(feed)
                    if failures:
                        logger.info("Valkey is back; the price board moves again.")
                    failures = 0
                    self._wait(subscription)
                with contextlib.suppress(*Unavailable):
                    feed.forget(self.process)
            except Unavailable as problem:
                if not failures:
                    logger.warning("No Valkey, the last price board serves: %s", problem)
                self._fall_back()
                self._pause(failures)
                failures += 1
            except Exception:
                # Whatever it was, a process without prices sells nothing until it restarts.
                logger.exception("The price board's reader stumbled.")
                self._pause(len(BACKOFF_SECONDS))
                failures += 1
            finally:
                with contextlib.suppress(*Unavailable):
                    if subscription is not None:
                        subscription.close()
                    feed.close()

    def _pause(self, failures: int) -> None:
        self._stopping.wait(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)])

    def _wait(self, subscription: PubSub) -> None:
        """Wait for a change, or for the second to pass; several changes at once are one.

        Pins are waited for, a new board is not: each process reads it at a moment of its own, or
        a dozen of them would have the cores at once, just when somebody taps.
        """
        deadline = time.monotonic() + REFRESH_SECONDS
        while (left := deadline - time.monotonic()) > 0 and not self._stopping.is_set():
            message = subscription.get_message(timeout=min(left, STOP_SECONDS))
            if message is None:
                continue
            if message["data"] == PINNED:
                deadline = 0.0
            else:
                moment = time.monotonic() + random.uniform(0, SPREAD_SECONDS)  # noqa: S311
                deadline = min(deadline, moment)

    def _refresh(self, feed: Feed) -> None:
        body, pins = feed.fetch()
        changed = self._take_pins(pins)
        if body is None:
            self._fall_back()
        elif body != self._body:
            self._body = body
            changed = self._take_board(body) or changed
        if changed:
            self._show()
        self._acknowledge(feed)

    def _take_board(self, body: bytes) -> bool:
        try:
            board = codec.decode(body)
        except codec.UnreadableBoard as problem:
            logger.warning("The board in Valkey cannot be read: %s", problem)
            return False
        behind = self._market.version - board.version
        if 0 <= behind < CLOCK_SET_BACK_MICROSECONDS:
            return False
        self._market = board
        return True

    def _take_pins(self, body: bytes | None) -> bool:
        # A missing key says nothing: Valkey was emptied, and the market process will restore it.
        if body is None or not settings.SANDBOX:
            return False
        try:
            pins = pinning.decode(body)
        except (ValueError, LookupError, TypeError, ArithmeticError):
            logger.warning("The pins in Valkey cannot be read.")
            return False
        if pins.version <= self._pins.version:
            return False
        self._pins = pins
        return True

    def _fall_back(self) -> None:
        """Take the last copy from the database if there is nothing better."""
        if not self._market.empty or time.monotonic() < self._next_fall_back:
            return
        self._next_fall_back = time.monotonic() + FALL_BACK_SECONDS
        try:
            copy = last_copy()
        except (DatabaseError, RuntimeError) as problem:
            logger.warning("No copy of the price board either: %s", problem)
            return
        finally:
            connection.close()
        if copy is not None:
            self._market = copy
            self._show()

    def _show(self) -> None:
        self.board = pinning.overlay(self._market, self._pins, known=catalogue.known())
        if not self.board.empty:
            self.loaded.set()

    def _acknowledge(self, feed: Feed) -> None:
        feed.acknowledge(
            Ack(
                process=self.process,
                version=self._market.version,
                pins_version=self._pins.version,
                at=time.time(),
            )
        )


_lock = threading.Lock()
_reader: Reader | None = None
_installed: Board | None = None


def current() -> Board:
    """Return the newest board this process has, at once; `EMPTY` before the first one came."""
    if _installed is not None:
        return _installed
    reader = _reader
    return reader.board if reader is not None else _start().board


def start() -> None:
    """Start keeping the board new, as every process does when it begins; again is harmless."""
    if _installed is None and _reader is None:
        _start()


def wait_until_loaded(timeout: float) -> bool:
    """Wait until there is a board, at most `timeout` seconds, and tell whether there is one."""
    if _installed is not None:
        return True
    reader = _reader or _start()
    return reader.loaded.wait(timeout)


def stop() -> None:
    """Stop the thread and forget the board; for tests and for a clean end."""
    global _reader
    with _lock:
        reader, _reader = _reader, None
    if reader is not None:
        reader.stop()


def install(board: Board | None) -> None:
    """Make `board` the one of this process and leave it alone; None lets the thread have it back.

    For tests.
    """
    global _installed  # noqa: PLW0603 - one board per process
    _installed = board


@contextmanager
def installed(board: Board) -> Iterator[Board]:
    """Have `board` installed within a block; for tests."""
    before = _installed
    install(board)
    try:
        yield board
    finally:
        install(before)


def _start() -> Reader:
    global _reader  # noqa: PLW0603 - the one reader of this process
    with _lock:
        if _reader is None:
            _reader = Reader()
            _reader.start()
        return _reader


def _after_fork() -> None:
    # Threads and locks do not survive a fork, and the parent's name is not ours.
    global _lock, _reader  # noqa: PLW0603 - the one reader of this process
    _lock = threading.Lock()
    _reader = None


os.register_at_fork(after_in_child=_after_fork)
