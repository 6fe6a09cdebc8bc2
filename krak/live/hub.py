"""All streams of one process: who is woken, what they read, and who may stay.

One loop of asyncio holds the streams; the database is asked from two threads, for many streams
at once. A stream reads the next notices only when the last ones have left it, so that a slow
reader holds a few of them in memory and no more.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import batched
from typing import Any, Final
from uuid import UUID

import redis.asyncio as valkey
from django.conf import settings
from django.db import close_old_connections
from redis import RedisError

from krak.core import clock
from krak.identity import queries as identity
from krak.identity.queries import Pass
from krak.live import queries
from krak.live.queries import Told
from krak.notifications.waking import CHANNEL

logger = logging.getLogger(__name__)

DATABASE_THREADS: Final = 2
AT_ONCE: Final = 500
MOST_STREAMS: Final = 10_000
MOST_PER_CUSTOMER: Final = 6
CHECK_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 10.0
"""How often streams look by themselves, in case nobody woke them."""
LOOK_SECONDS_ALONE: Final = 0.5
"""The same while Valkey is away."""
AFTER_TROUBLE_SECONDS: Final = 0.5


@dataclass(eq=False, slots=True)
class Stream:
    """One reader. `closing` is why it ends, "" while it lasts."""

    customer_id: UUID
    opened_with: Pass
    after: int
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    closing: str = ""

    def is_open(self) -> bool:
        """Tell whether it goes on."""
        return not self.closing

    def close(self, why: str) -> None:
        """Let it end soon."""
        self.closing = self.closing or why
        self.woken.set()


class Full(Exception):
    """This process holds as many streams as it can."""


class Hub:
    """The streams of this process."""

    def __init__(self) -> None:
        self.streams: dict[UUID, list[Stream]] = {}
        self.count = 0
        self.stopping = False
        self._pool = ThreadPoolExecutor(DATABASE_THREADS, thread_name_prefix="live")
        self._asked: list[tuple[UUID, int, asyncio.Future[list[Told]]]] = []
        self._asking = asyncio.Event()
        self._listening = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to listen, to look, to read and to check."""
        loops = (self._listen, self._look, self._read, self._check)
        self._tasks = [asyncio.create_task(loop()) for loop in loops]

    def close(self) -> None:
        """Let every stream end, and take no more."""
        self.stopping = True
        for stream in self._all():
            stream.close("stopping")

    async def stop(self) -> None:
        """End every stream, and then what serves them."""
        self.close()
        for _ in range(100):
            if not self.count:
                break
            await asyncio.sleep(0.02)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._pool.shutdown(wait=False)

    def open(self, stream: Stream) -> None:
        """Take a stream in; of more than a customer may have, the oldest ends.

        Raises:
            Full: this process can hold no more.
        """
        if self.count >= MOST_STREAMS or self.stopping:
            raise Full
        theirs = self.streams.setdefault(stream.customer_id, [])
        for oldest in theirs[: max(0, len(theirs) + 1 - MOST_PER_CUSTOMER)]:
            oldest.close("newer streams")
        theirs.append(stream)
        self.count += 1

    def leave(self, stream: Stream) -> None:
        """Forget a stream that has ended."""
        theirs = self.streams[stream.customer_id]
        theirs.remove(stream)
        if not theirs:
            del self.streams[stream.customer_id]
        self.count -= 1

    async def ask[T](self, question: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Ask the database something, from one of the few threads that may."""

        def asked() -> T:
            close_old_connections()
            try:
                return question(*arguments, **named)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._pool, asked)

    async def read_after(self, customer_id: UUID, after: int) -> list[Told]:
        """Return the next notices of a customer; what others ask meanwhile is read with it."""
        answer: asyncio.Future[list[Told]] = asyncio.get_running_loop().create_future()
        self._asked.append((customer_id, after, answer))
        self._asking.set()
        return await answer

    def _all(self) -> list[Stream]:
        return [stream for theirs in self.streams.values() for stream in theirs]

    def _wake(self, customers: Iterable[UUID]) -> None:
        for customer_id in customers:
            for stream in self.streams.get(customer_id, ()):
                stream.woken.set()

    async def _read(self) -> None:
        while True:
            await self._asking.wait()
            self._asking.clear()
            while batch := self._asked[:AT_ONCE]:
                del self._asked[:AT_ONCE]
                try:
                    found = await self.ask(
                        queries.read_after, [(customer, after) for customer, after, _ in batch]
                    )
                except Exception as error:  # noqa: BLE001 - the streams ask again
                    logger.warning("live: cannot read: %s", error)
                    await asyncio.sleep(AFTER_TROUBLE_SECONDS)
                    self._asked.extend(each for each in batch if not each[2].done())
                    continue
                for (_, _, answer), told in zip(batch, found, strict=True):
                    if not answer.done():
                        answer.set_result(told)

    async def _listen(self) -> None:
        while True:
            client = valkey.Redis.from_url(
                settings.REDIS_URL,
                socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
                health_check_interval=5,
            )
            try:
                async with client, client.pubsub(ignore_subscribe_messages=True) as heard:
                    await heard.subscribe(CHANNEL)
                    # What was said before we heard is looked for once.
                    self._listening = True
                    self._wake(list(self.streams))
                    while True:
                        message = await heard.get_message(timeout=LOOK_SECONDS)
                        if message is not None:
                            self._wake(_named(message["data"]))
            except (RedisError, OSError) as error:
                if self._listening:
                    logger.warning("live: nobody wakes us, we look ourselves: %s", error)
                self._listening = False
            await asyncio.sleep(AFTER_TROUBLE_SECONDS)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS if self._listening else LOOK_SECONDS_ALONE)
            for customers in batched(list(self.streams), AT_ONCE, strict=False):
                try:
                    newest = await self.ask(queries.newest_of, customers)
                except Exception as error:  # noqa: BLE001 - the next look may find more
                    logger.warning("live: cannot look: %s", error)
                    continue
                self._wake(
                    customer
                    for customer, last in newest.items()
                    if any(each.after < last for each in self.streams.get(customer, ()))
                )

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            for streams in batched(self._all(), AT_ONCE, strict=False):
                passes = {stream.opened_with for stream in streams}
                try:
                    good = await self.ask(identity.still_good, passes, now=clock.now())
                except Exception as error:  # noqa: BLE001 - nothing is told without the database
                    logger.warning("live: cannot check who is signed in: %s", error)
                    continue
                for stream in streams:
                    if stream.opened_with not in good:
                        stream.close("signed out")


def _named(data: bytes) -> list[UUID]:
    with contextlib.suppress(ValueError):
        return [UUID(name) for name in data.decode("ascii").split()]
    return []
