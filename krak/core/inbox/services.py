"""Take in what providers send."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from krak.core.ids import uuid7
from krak.core.inbox.models import InboxEvent
from krak.core.outbox import services as outbox
from krak.core.retention import drop_older, kept_since
from krak.core.transactions import takes_part, transaction

ERASED: Final = '{"erased": true}'


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


@takes_part
def arrived(*, provider: str, names: Collection[str]) -> None:
    """Have the events applied that waited for what `names` name, which this transaction brings."""
    lock_names(provider=provider, names=names)
    waiting = InboxEvent.objects.filter(provider=provider, waits_for__in=names)
    if events := list(waiting.values_list("id", flat=True)):
        outbox.promise_all("inbox.process", ({"inbox_event": str(event)} for event in events))
        waiting.update(waits_for="")


@takes_part
def lock_names(*, provider: str, names: Collection[str]) -> None:
    """Let nobody else bring or wait for what `names` name until this transaction ends.

    So an event finds what it is about, or whoever brings that finds the event.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(key) FROM ("
            " SELECT hashtextextended(name, 0) AS key FROM unnest(%s::text[]) AS name"
            " ORDER BY key OFFSET 0) AS ordered",
            [[f"{provider} {name}" for name in names]],
        )


@takes_part
def empty(words: Sequence[str]) -> None:
    """Empty the processed events that have any of these words, which name one person only.

    That an event came, and which, stays.
    """
    named = Q()
    for word in words:
        named |= Q(body__icontains=word)
    if words:
        InboxEvent.objects.filter(named, processed_at__isnull=False).update(body=ERASED)


@takes_part
def purge(*, now: datetime) -> int:
    """Drop a batch of events that were processed long ago; return how many.

    One that nobody repeats any more: an event that is gone would be taken for new.
    """
    since = kept_since("inbox", now=now)
    return drop_older(InboxEvent.objects.filter(processed_at__lt=since), than=since)
