"""Reads of the outbox."""

from krak.core.outbox.models import OutboxMessage


def pending() -> int:
    """Return how many messages are neither done nor dead."""
    return OutboxMessage.objects.filter(done_at=None, dead_at=None).count()
