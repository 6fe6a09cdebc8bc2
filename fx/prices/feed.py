"""The gateway to Valkey: where the newest board and the pins are, and who has seen them.

Nothing here is truth: all of it may vanish at any moment and is written again within a second.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import redis
from django.conf import settings
from redis.client import PubSub

from fx.prices import codec, health
from fx.prices import pins as pinning
from fx.prices.health import Report
from fx.prices.pins import Pins
from fx.prices.rules import Board

BOARD: Final = "krak:board"
PINS: Final = "krak:board:pins"
CHANGED: Final = "krak:board:changed"
PINNED: Final = b"pins"
"""What is said there of pins; of a board it is its version."""
SEEN: Final = "krak:board:seen"
HEALTH: Final = "krak:board:providers"

LIVE_SECONDS: Final = 5.0
"""A process whose last word is older is taken for dead."""
FORGET_SECONDS: Final = 60.0
_PIN_ATTEMPTS: Final = 20

Unavailable = (redis.RedisError, OSError)
"""What being unable to reach Valkey looks like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """What a process last said it has applied, and when (seconds since 1970)."""

    process: str
    version: int
    pins_version: int
    at: float


class Feed:
    """One connection pool to Valkey; safe to share between threads, not between processes."""

    def __init__(self, url: str | None = None) -> None:
        timeout = settings.REDIS_TIMEOUT_SECONDS
        # `Redis.from_url` connects nothing yet. One failure is an answer: the callers come back
        # every second by themselves.
        self._valkey: Any = redis.Redis.from_url(
            url or settings.REDIS_URL,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            socket_keepalive=True,
            retry=None,
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._valkey.close()

    def publish(
        self,
        board: Board,
        reports: Sequence[Report] = (),
    ) -> None:
        """Put a board where everybody reads it, and tell them; `reports` of providers beside it."""
        with self._valkey.pipeline(transaction=False) as pipe:
            pipe.set(BOARD, codec.encode(board))
            if reports:
                pipe.set(HEALTH, health.encode(reports, at=board.built_at))
            pipe.publish(CHANGED, str(board.version))
            pipe.execute()

    def fetch(self) -> tuple[bytes | None, bytes | None]:
        """Return the board and the pins as they lie there, undecoded."""
        board, pins = self._valkey.mget(BOARD, PINS)
        return board, pins

    def board(self) -> Board | None:
        """Return the board that lies there; None if there is none, or an unreadable one."""
        body = self._valkey.get(BOARD)
        if body is None:
            return None
        try:
            return codec.decode(body)
        except codec.UnreadableBoard:
            return None

    def reports(self) -> tuple[datetime, list[Report]] | None:
        """Return how providers were doing, and when; None if nobody said."""
        body = self._valkey.get(HEALTH)
        return None if body is None else health.decode(body)

    def subscribe(self) -> PubSub:
        """Return a subscription to changes of the board and of the pins."""
        subscription: PubSub = self._valkey.pubsub(ignore_subscribe_messages=True)
        subscription.subscribe(CHANGED)
        return subscription

    def pins(self) -> Pins | None:
        """Return the pins that lie there, or None."""
        body = self._valkey.get(PINS)
        return None if body is None else pinning.decode(body)

    def restore_pins(self, pins: Pins) -> None:
        """Write the pins again if they have vanished."""
        if self._valkey.set(PINS, pinning.encode(pins), nx=True):
            self._valkey.publish(CHANGED, PINNED)

    def replace_pins(self, change: Callable[[Pins], Pins]) -> Pins:
        """Write what `change` makes of the pins that lie there, and tell everybody.

        Another writer at the same moment makes it run again, so that neither is lost.
        """
        with self._valkey.pipeline() as pipe:
            for _ in range(_PIN_ATTEMPTS):
                try:
                    pipe.watch(PINS)
                    body = pipe.get(PINS)
                    pins = change(pinning.decode(body) if body else Pins())
                    pipe.multi()
                    pipe.set(PINS, pinning.encode(pins))
                    pipe.publish(CHANGED, PINNED)
                    pipe.execute()
                except redis.WatchError:
                    continue
                return pins
        raise redis.RedisError("the pins kept changing")

    def acknowledge(self, ack: Ack) -> None:
        """Say what this process has applied."""
        self._valkey.hset(SEEN, ack.process, f"{ack.version}:{ack.pins_version}:{ack.at}")

    def acks(self) -> list[Ack]:
        """Return what every process said last."""
        acks = []
        for process, said in self._valkey.hgetall(SEEN).items():
            version, pins_version, at = said.decode().split(":")
            acks.append(
                Ack(
                    process=process.decode(),
                    version=int(version),
                    pins_version=int(pins_version),
                    at=float(at),
                )
            )
        return acks

    def forget(self, *processes: str) -> None:
        """Drop what processes said that are gone."""
        if processes:
            self._valkey.hdel(SEEN, *processes)
