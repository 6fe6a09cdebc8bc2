"""Take in what providers send."""

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, Q

from krak.core import sealing
from krak.core.archive import queries as archives
from krak.core.ids import uuid7
from krak.core.inbox.models import InboxEvent, PastEvent
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part, transaction

KIND: Final = "inbox"
"""What the archive calls events."""

ERASED: Final = '{"erased": true}'


def receive(*, provider: str, event_id: str, kind: str, body: str) -> UUID | None:
    """Keep an event and promise to process it.

    Returns the id of the new row, or None for an event that was kept before, also if it lies in
    the archive by now: its repeat changes nothing.
    """
    row = InboxEvent(id=uuid7(), provider=provider, event_id=event_id, type=kind, body=body)
    past = PastEvent.objects.filter(id=_key_of(provider, event_id))
    with transaction():
        InboxEvent.objects.bulk_create([row], ignore_conflicts=True)
        # Looked at last: whoever lets the event go meanwhile has the insert wait for them.
        if not InboxEvent.objects.filter(~Exists(past), id=row.id).exists():
            InboxEvent.objects.filter(id=row.id).delete()
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
def empty(words: Sequence[str], *, since: datetime) -> None:
    """Empty the processed events that have any of these words, which name one person only.

    That an event came, and which, stays. Those in the archive that came since then are
    emptied soon after.
    """
    named = Q()
    for word in words:
        named |= Q(body__icontains=word)
    if words:
        InboxEvent.objects.filter(named, processed_at__isnull=False).update(body=ERASED)
        outbox.promise(
            "inbox.empty_archives",
            {"words": sealing.seal(json.dumps(list(words))), "since": since.date().isoformat()},
        )


@takes_part
def empty_archives(*, words: str, since: date) -> None:
    """Have each file of events emptied, from a day on; `words` are sealed.

    One that was being written when its events were emptied in their table is among them: it is
    begun before they are read.
    """
    for archive in archives.begun_since(KIND, day=since):
        outbox.promise("inbox.empty_archive", {"archive": str(archive), "words": words})


def emptied(event: dict[str, Any], *, words: Sequence[str]) -> dict[str, Any]:
    """Return an archived event, emptied if it has any of these words."""
    body = event["body"].lower()
    return event | {"body": ERASED} if any(word.lower() in body for word in words) else event


@takes_part
def let_go(ids: Sequence[UUID]) -> None:
    """Drop events that lie in the archive, and remember that they came."""
    rows = InboxEvent.objects.filter(id__in=ids)
    named = rows.values_list("provider", "event_id")
    PastEvent.objects.bulk_create(
        [PastEvent(id=_key_of(provider, event_id)) for provider, event_id in named],
        ignore_conflicts=True,
    )
    rows.delete()


def _key_of(provider: str, event_id: str) -> UUID:
    return UUID(bytes=hashlib.sha256(f"{provider} {event_id}".encode()).digest()[:16])
