"""Reads of what was changed, and the proof that nobody changed that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import QuerySet

from krak.core import personal
from krak.core.audit.models import Link, RowChange

LINKS_AT_ONCE: Final = 2_000
"""A part of the proof is so much: half a second of work."""
LAST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the history of changes is not what was written."""

    place: int | None
    """Of its link in the chain; None for a change that has none."""
    change_id: UUID
    what: str

    def __str__(self) -> str:
        return f"at {self.place or 'no place'}: change {self.change_id}: {self.what}"


def changes_of(key: Any, *, tables: Sequence[str], most: int) -> QuerySet[RowChange]:
    """Return the newest changes of what has this key in any of the tables."""
    return RowChange.objects.filter(table__in=tables, row=str(key)).order_by("-at")[:most]


def head() -> Link | None:
    """Return the last link, whose hash speaks for all changes there ever were."""
    return Link.objects.order_by("sequence").last()


def is_in_chain(*, sequence: int, digest: bytes) -> bool:
    """Tell whether a link that was noted elsewhere is still where it was."""
    return Link.objects.filter(sequence=sequence, hash=digest).exists()


def breaks() -> list[Break]:
    """Prove the history of changes, the first broken place first. An empty list is the proof.

    A value may be erased only in a column that holds something about people.
    """
    found, after = breaks_after(0)
    while after is not None:
        more, after = breaks_after(after)
        found += more
    return found + strays()


def breaks_after(place: int) -> tuple[list[Break], int | None]:
    """Prove the part of the chain that follows a place, tied to the link there.

    Returns what is broken and the last place of the part; None when it was the last part.
    """
    links = Link.objects.filter(sequence__gt=place).order_by("sequence")
    last = links.values_list("sequence", flat=True)[LINKS_AT_ONCE - 1 :].first()
    with connection.cursor() as cursor:
        part = [place, LAST if last is None else last]
        cursor.execute("SELECT place, change, break FROM audit_breaks(%s, %s)", part)
        found = [Break(*row) for row in cursor.fetchall()]
        cursor.execute(
            'SELECT l.sequence, c.id, "table", key FROM audit_rowchange c'
            " JOIN audit_link l ON l.change_id = c.id, jsonb_each(c.changed)"
            ' WHERE value = \'["erased", "erased"]\' AND l.sequence > %s AND l.sequence <= %s'
            " ORDER BY 1",
            part,
        )
        erased = cursor.fetchall()
    may_be = {
        (apps.get_model(each.model)._meta.db_table, column)  # noqa: SLF001 - documented by Django
        for each in personal.tables()
        for column in each.erases
    }
    found += [
        Break(place, change, f"{column} of {table} was erased and is nobody's")
        for place, change, table, column in erased
        if (table, column) not in may_be
    ]
    return sorted(found, key=lambda each: each.place or 0), last


def strays() -> list[Break]:
    """Return the changes that were put in beside the chain."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT place, change, break FROM audit_strays()")
        return [Break(*row) for row in cursor.fetchall()]
