"""Events of long ago, and what the clock does with them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from krak.core import clock
from krak.core.archive import services
from krak.core.archive.models import Archive
from krak.core.archive.queries import next_day, written_before
from krak.core.archive.registry import kind_of
from krak.core.ids import first_at
from krak.core.inbox.models import InboxEvent
from krak.core.outbox import services as outbox

MORNING = datetime(2020, 1, 5, 9, 30, 15, 123_456, UTC)
DAY = date(2020, 1, 5)
LONG_AFTER = MORNING + timedelta(days=120)
"""When events of that morning, and nobody else's, have had their time."""
INBOX = kind_of("inbox")


def made_at(moment: datetime) -> UUID:
    """Return a new id as it would have been made at a moment."""
    return UUID(int=first_at(moment).int | uuid4().int & 0xFFFF_FFFF_FFFF)


def event(name: str, *, at: datetime = MORNING, **given: Any) -> InboxEvent:
    """Return an event that came and was applied at a moment."""
    usual = {"provider": "test", "type": "t", "body": '{"a": 1}', "processed_at": at}
    return InboxEvent.objects.create(
        id=made_at(at), event_id=name, received_at=at, **(usual | given)
    )


def names() -> set[str]:
    """Return which of these events are in the inbox."""
    return set(InboxEvent.objects.filter(provider="test").values_list("event_id", flat=True))


def move(kind: str = "inbox", *, now: datetime = LONG_AFTER) -> list[Archive]:
    """Do what the job does; return the archives that it made."""
    made = []
    for written in written_before(kind_of(kind), now=now):
        services.let_go(written, now=now)
    while day := next_day(kind_of(kind), now=now):
        archive = services.write(kind_of(kind), day, now=now)
        assert archive is not None
        services.let_go(archive, now=now)
        made.append(archive)
    return made


def files(folder: Any) -> set[str]:
    """Return the files there are, as the archive calls them, once what is due was done."""
    outbox.drain(now=clock.now())
    return {str(each.relative_to(folder)) for each in folder.rglob("*.gz")}
