"""Wake whoever streams to a customer: a hint, for truth is in the inbox and streams look anyway."""

import contextlib
import logging
import threading
import time
from collections.abc import Iterable
from functools import cache
from queue import Empty, SimpleQueue
from typing import Final
from uuid import UUID

import redis

from krak.core import valkey

logger = logging.getLogger(__name__)

CHANNEL: Final = "krak:live"
GATHERING_SECONDS: Final = 0.02
"""So long whoever is told meanwhile is waited for: to ask Valkey costs as much as a tap does."""


def wake(customer_ids: Iterable[UUID]) -> None:
    """Say that customers were told something, in one message; nobody may hear it."""
    try:
        if named := " ".join(map(str, customer_ids)):
            valkey.client().publish(CHANNEL, named)
    except redis.RedisError as error:
        logger.warning("live: nobody was woken: %s", error)


def wake_soon(customer_id: UUID) -> None:
    """Do the same a moment later, in a thread that does it for the whole process.

    For who is waited for, and so must not wait for Valkey.
    """
    _waiting().put(customer_id)


@cache
def _waiting() -> SimpleQueue[UUID]:
    """Return the queue that this process's thread serves, which begins with it."""
    waiting: SimpleQueue[UUID] = SimpleQueue()
    threading.Thread(target=_serve, args=[waiting], name="waking", daemon=True).start()
    return waiting


def _serve(waiting: SimpleQueue[UUID]) -> None:
    while True:
        customer_ids = {waiting.get()}
        time.sleep(GATHERING_SECONDS)
        with contextlib.suppress(Empty):
            while True:
                customer_ids.add(waiting.get_nowait())
        wake(customer_ids)
