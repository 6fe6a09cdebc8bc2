"""`manage.py relay`: publish due messages to the broker, without a gap a person would notice."""

import logging
import signal
import threading
from itertools import batched
from types import FrameType
from typing import Any, Final

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError as BrokerError
from redis import RedisError

from krak.core import clock, valkey
from krak.core.outbox import services
from krak.core.outbox.tasks import deliver

logger = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 0.05
"""Looking costs two processes 0.5 ms, and whoever taps next what these have pushed from caches."""
PAUSE_AFTER_WORK_SECONDS: Final = 0.2
"""Long enough that what comes meanwhile shares its statements, too short for a person to notice."""
PAUSE_WHILE_BUSY_SECONDS: Final = 0.25
"""While tasks wait for a worker: what would only wait there, too, gathers here."""
PAUSE_AFTER_TROUBLE_SECONDS: Final = 0.5
CLAIMED_AT_ONCE: Final = 400
MESSAGES_PER_TASK: Final = 50
MOST_TASKS_WAITING: Final = 25
"""More would wait there longer than its claim lasts: claimed and published again, it piles up."""


class Command(BaseCommand):
    """Runs until it is told to stop; several relays side by side do no harm."""

    help = "Publish due outbox messages to the broker until stopped."

    def handle(self, **_options: Any) -> None:
        """Claim and publish, for ever."""
        stop = threading.Event()

        def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, ask_to_stop)
        signal.signal(signal.SIGINT, ask_to_stop)
        troubled = False
        pause = 0.0
        while not stop.wait(pause):
            try:
                pause = _publish_or_wait(pause)
            except (DatabaseError, BrokerError, RedisError, OSError) as error:
                if not troubled:
                    logger.warning("relay: waiting: %s", error)
                troubled, pause = True, PAUSE_AFTER_TROUBLE_SECONDS
                if isinstance(error, DatabaseError):
                    connection.close()
            else:
                if troubled:
                    logger.warning("relay: going on")
                troubled = False


def _publish_or_wait(pause: float) -> float:
    """Publish what is due, unless enough waits at the broker; return the next pause."""
    # After an idle round there is too little to do for the worker not to keep up.
    waiting = 0 if pause == PAUSE_SECONDS else _waiting()
    if waiting >= MOST_TASKS_WAITING:
        return PAUSE_AFTER_WORK_SECONDS
    return _pause_after(_publish_due(), waiting=waiting)


def _waiting() -> int:
    """Return how many tasks wait at the broker."""
    return valkey.client().llen(deliver.app.conf.task_default_queue)


def _pause_after(published: int, *, waiting: int) -> float:
    if published == CLAIMED_AT_ONCE:
        return 0.0
    if waiting:
        return PAUSE_WHILE_BUSY_SECONDS
    return PAUSE_AFTER_WORK_SECONDS if published else PAUSE_SECONDS


def _publish_due() -> int:
    ids = services.claim(most=CLAIMED_AT_ONCE)
    waiting = list(ids)
    try:
        for batch in batched(ids, MESSAGES_PER_TASK):
            deliver.apply_async(kwargs={"ids": [str(message_id) for message_id in batch]})
            del waiting[: len(batch)]
    except (BrokerError, OSError):
        services.unclaim(waiting, now=clock.now())
        raise
    return len(ids)
