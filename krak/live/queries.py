"""What streams read, for many of them at once."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Min

from krak.notifications.api.inbox import NotificationSerializer
from krak.notifications.models import Feed, Notification

ROWS_PER_READ: Final = 50


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as clients read it, and its number."""

    sequence: int
    kind: str
    data: Mapping[str, Any]


def answers() -> bool:
    """Tell that the database answers; it raises what Django does when not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def bounds(customer_id: UUID) -> tuple[int, int]:
    """Return the numbers of the oldest and the newest notice of a customer; 0 and 0 for none."""
    newest = Feed.objects.filter(customer_id=customer_id).values_list("last", flat=True).first()
    if not newest:
        return 0, 0
    found = Notification.objects.filter(customer_id=customer_id).aggregate(oldest=Min("sequence"))
    return found["oldest"] or newest, newest


def newest_of(customers: Collection[UUID]) -> dict[UUID, int]:
    """Return the number of the newest notice of each customer who was told anything."""
    found = Feed.objects.filter(customer_id__in=customers)
    return dict(found.values_list("customer_id", "last"))


def read_after(asked: Sequence[tuple[UUID, int]]) -> list[list[Told]]:
    """Return for each (customer, number) the first notices after it, in order, by one query.

    Notices are numbered without a gap; only the oldest go.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT asked.place - 1, n.id, n.sequence, n.kind, n.facts, n.created_at, n.read_at
              FROM unnest(%s::uuid[], %s::bigint[]) WITH ORDINALITY asked (customer, after, place)
              JOIN notifications_notification n ON n.customer_id = asked.customer
                   AND n.sequence > asked.after AND n.sequence <= asked.after + %s
             ORDER BY asked.place, n.sequence
            """,
            [[customer for customer, _ in asked], [after for _, after in asked], ROWS_PER_READ],
        )
        rows = cursor.fetchall()
    answers: list[list[Told]] = [[] for _ in asked]
    for place, key, sequence, kind, facts, created_at, read_at in rows:
        notice = Notification(
            id=key, sequence=sequence, kind=kind, created_at=created_at, read_at=read_at,
            facts=facts if isinstance(facts, dict) else json.loads(facts),
        )  # fmt: skip
        answers[place].append(Told(sequence, kind, NotificationSerializer(notice).data))
    return answers
