"""The worker's door: messages come as ids, in small batches."""

from uuid import UUID

from celery import shared_task

from krak.core import clock
from krak.core.outbox import services


@shared_task(name="outbox.deliver")
def deliver(*, ids: list[str], **_newer: object) -> None:
    """Deliver these messages; arguments of a newer release are ignored."""
    services.deliver([UUID(text) for text in ids], now=clock.now())
