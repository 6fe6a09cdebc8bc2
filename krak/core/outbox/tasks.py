"""The worker's door: messages come as ids, in small batches."""

from typing import Final
from uuid import UUID

from celery import shared_task

from krak.core import clock
from krak.core.outbox import services

AGAIN_AFTER_SECONDS: Final = 1
MOST_AGAIN: Final = 20
"""A database that starts again is back by then; otherwise the claims run out."""


@shared_task(name="outbox.deliver")
def deliver(*, ids: list[str], again: int = 0, **_newer: object) -> None:
    """Deliver these messages, and again soon what a database that is away made fail.

    Arguments of a newer release are ignored.
    """
    left = services.deliver([UUID(text) for text in ids], now=clock.now())
    if left and again < MOST_AGAIN:
        deliver.apply_async(
            kwargs={"ids": [str(message_id) for message_id in left], "again": again + 1},
            countdown=AGAIN_AFTER_SECONDS,
        )
