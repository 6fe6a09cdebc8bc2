"""Reads of the archive: what has to go next, what is late, what is where."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from krak.core.archive.models import DAY, Archive
from krak.core.archive.registry import Archived
from krak.core.ids import first_at, made_at
from krak.core.retention import kept_since


def next_day(kind: Archived, *, now: datetime) -> date | None:
    """Return the oldest day with rows that should be in a file, or None; whole days only."""
    oldest = _oldest(kind, now=now)
    return made_at(oldest).date() if oldest is not None else None


def overdue(kind: Archived, *, now: datetime) -> timedelta:
    """Return for how long the oldest row that should have left its table is still there."""
    oldest = _oldest(kind, now=now)
    if oldest is None:
        return timedelta(0)
    return kept_since(kind.name, now=now) - _begin_of(made_at(oldest).date() + DAY)


def rows_of_day(kind: Archived, day: date, *, now: datetime) -> QuerySet[Any, Any]:
    """Return the rows of a day that may go."""
    rows = kind.may_go(kept_since(kind.name, now=now))
    return rows.filter(_came_on(day)).order_by("id")


def written_before(kind: Archived, *, now: datetime) -> QuerySet[Archive]:
    """Return the archives whose rows have to leave their table: a run died, or they were restored.

    In the order of their days.
    """
    there = Archive.objects.filter(kind=kind.name, dropped_at=None, written_at__isnull=False)
    return there.filter(Q(restored_until=None) | Q(restored_until__lte=now)).order_by("day", "id")


def begun_since(kind: str, *, day: date) -> list[UUID]:
    """Return the archives of a kind from a day on, those that are being written among them."""
    there = Archive.objects.filter(kind=kind, day__gte=day)
    return list(there.values_list("id", flat=True))


def _oldest(kind: Archived, *, now: datetime) -> UUID | None:
    since = kept_since(kind.name, now=now)
    rows = kind.may_go(since).filter(id__lt=first_at(_begin_of(since.astimezone(UTC).date())))
    # What lies in a file and is still, or again, in its table.
    there = Archive.objects.filter(kind=kind.name, dropped_at=None, written_at__isnull=False)
    for day in there.values_list("day", flat=True):
        rows = rows.exclude(_came_on(day))
    oldest: UUID | None = rows.order_by("id").values_list("id", flat=True).first()
    return oldest


def _came_on(day: date) -> Q:
    begin = _begin_of(day)
    return Q(id__gte=first_at(begin), id__lt=first_at(begin + DAY))


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
