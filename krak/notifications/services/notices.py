"""Keep notices and mark them read."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.retention import drop_older, kept_since
from krak.core.rows import insert_rows
from krak.core.transactions import takes_part
from krak.notifications import kinds
from krak.notifications.models import Notification
from krak.notifications.services import carrying
from krak.notifications.waking import wake


@dataclass(frozen=True, slots=True)
class Told:
    """What a customer is told: the kind of notice, and the facts of it."""

    customer_id: UUID
    kind: str
    facts: Mapping[str, Any]


def posted(kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a notice for the database's `notifications_tell`, which puts it into the inbox."""
    group = kinds.GROUPS[kinds.kind_of(kind).group]
    return {"id": str(uuid7()), "kind": kind, "facts": dict(facts), "mailed": group.email}


@takes_part
def promise(customer_id: UUID, kind: str, facts: Mapping[str, Any]) -> None:
    """Promise a notice, for who does not write it with the rest: it locks no feed here."""
    outbox.promise(
        "notifications.tell", {"customer": str(customer_id), "kind": kind, "facts": dict(facts)}
    )


@takes_part
def promise_all(customer_ids: Iterable[UUID], kind: str, facts: Mapping[str, Any]) -> None:
    """Promise one notice to several customers."""
    outbox.promise_all(
        "notifications.tell",
        ({"customer": str(each), "kind": kind, "facts": dict(facts)} for each in customer_ids),
    )


@takes_part
def keep(told: Iterable[Told], *, now: datetime) -> list[Notification]:
    """Put notices into their customers' inboxes, and promise each to the channels it goes on."""
    # In order of customer, because numbering a notice locks its customer's feed.
    notices = [
        Notification(
            id=uuid7(), customer_id=each.customer_id, kind=each.kind, facts=dict(each.facts),
            created_at=now,
        )
        for each in sorted(told, key=lambda each: each.customer_id)
    ]  # fmt: skip
    insert_rows(notices)
    carrying.plan(notices, now=now)
    transaction.on_commit(lambda: wake({notice.customer_id for notice in notices}))
    return notices


@takes_part
def carry(notices: Mapping[UUID, UUID], *, now: datetime) -> None:
    """Promise notices, given with their customers, to the channels they go on."""
    kept = Notification.objects.filter(customer_id__in=set(notices.values())).in_bulk(notices)
    carrying.plan(list(kept.values()), now=now)


@takes_part
def mark_read(*, customer_id: UUID, ids: Sequence[UUID] | None, now: datetime) -> None:
    """Mark these notices of the customer read, or all; others' and unknown ones are passed over."""
    unread = Notification.objects.filter(customer_id=customer_id, read_at=None)
    if ids is not None:
        unread = unread.filter(id__in=list(ids))
    unread.update(read_at=now)


@takes_part
def forget_people(*, customer_id: UUID, about: Collection[str]) -> None:
    """Take the other person and the note out of a customer's notices about these objects."""
    told = Notification.objects.filter(customer_id=customer_id)
    named = Q(facts__transfer__in=list(about)) | Q(facts__request__in=list(about))
    for notice in told.filter(named):
        notice.facts = {
            name: value
            for name, value in notice.facts.items()
            if name not in {"counterparty", "note"}
        }
        notice.save(update_fields=["facts"])


@takes_part
def purge(*, now: datetime) -> int:
    """Drop a batch of notices of long ago, read or not; return how many."""
    return drop_older(Notification.objects.all(), than=kept_since("notifications", now=now))
