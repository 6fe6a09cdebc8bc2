"""Take in what providers send."""

from uuid import UUID

from krak.core.ids import uuid7
from krak.core.inbox.models import InboxEvent
from krak.core.outbox import services as outbox
from krak.core.transactions import transaction


def receive(*, provider: str, event_id: str, kind: str, body: str) -> UUID | None:
    """Keep an event and promise to process it.

    Returns the id of the new row, or None for an event that was kept before: its repeat
    changes nothing.
    """
    row = InboxEvent(id=uuid7(), provider=provider, event_id=event_id, type=kind, body=body)
    with transaction():
        InboxEvent.objects.bulk_create([row], ignore_conflicts=True)
        if not InboxEvent.objects.filter(id=row.id).exists():
            return None
        outbox.promise("inbox.process", {"inbox_event": str(row.id)})
    return row.id
