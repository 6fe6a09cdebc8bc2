"""Write rows to a file, let them go, bring them back.

A row leaves its table only by its id in a file that was read back whole. So a crash leaves a file
that nobody needs (it is dropped a day later), or rows both in a file and in their table (the
next run lets them go), and never rows that are in neither.

Files are written and read outside transactions.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import batched
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from krak.core.archive import files
from krak.core.archive.files import Damaged
from krak.core.archive.lines import line_of, packed, row_of
from krak.core.archive.models import DAY, Archive
from krak.core.archive.queries import rows_of_day
from krak.core.archive.registry import Archived, kind_of
from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.outbox.registry import NotYet
from krak.core.retention import AT_ONCE
from krak.core.transactions import transaction

MOST_ROWS: Final = 200_000
"""In a file, so that it is read and written in a minute; a longer day gets more files."""
READ_AT_ONCE: Final = 500
ABANDONED_AFTER: Final = DAY
"""No run writes a file for so long."""
LATER: Final = timedelta(minutes=10)


class StillThere(Exception):
    """The rows of an archive have not left their table, so there is nothing to restore."""


def write(kind: Archived, day: date, *, now: datetime) -> Archive | None:
    """Write what may go of a day to a new file, at most `MOST_ROWS` of it.

    Returns None if there is nothing any more, or another run has begun the same day anew.
    """
    archive = _begin(kind, day, now=now)
    return _filled(archive, map(line_of, _read(kind, day, now=now)), now=now)


def let_go(archive: Archive, *, now: datetime) -> int:
    """Drop the rows of an archive from their table, a batch a transaction; return how many.

    Raises:
        Damaged: the file is not what was written; nothing is dropped.
    """
    kind, ids = kind_of(archive.kind), verify(archive)
    for batch in batched(ids, AT_ONCE, strict=False):
        with transaction():
            kind.let_go(batch)
    Archive.objects.filter(id=archive.id, dropped_at=None).update(
        dropped_at=now, restored_until=None
    )
    return len(ids)


def verify(archive: Archive) -> list[UUID]:
    """Return the ids of the rows in the file of an archive.

    Raises:
        Damaged: the file is not what was written.
    """
    with files.opened(archive.name, sha256=bytes(archive.sha256 or b"")) as lines:
        ids = [UUID(json.loads(line)["id"]) for line in lines]
    if len(ids) != archive.rows:
        raise Damaged(f"{archive.name} has {len(ids)} rows, not {archive.rows}")
    return ids


def restore(archive: Archive, *, until: datetime) -> int:
    """Put the rows of an archive back into their table until a moment; return how many it has.

    Rows that are there already stay as they are.

    Raises:
        Damaged: the file is not what was written; nothing is restored.
        StillThere: the rows have not left their table yet.
    """
    archive.refresh_from_db()
    if archive.dropped_at is None and archive.restored_until is None:
        raise StillThere
    model, rows = kind_of(archive.kind).model, 0
    with files.opened(archive.name, sha256=bytes(archive.sha256 or b"")) as lines:
        # First: what a crash leaves half restored goes again, too.
        Archive.objects.filter(id=archive.id).update(dropped_at=None, restored_until=until)
        for batch in batched(lines, READ_AT_ONCE, strict=False):
            with transaction():
                model._default_manager.bulk_create(  # noqa: SLF001 - documented by Django
                    [row_of(line, model=model) for line in batch], ignore_conflicts=True
                )
            rows += len(batch)
    return rows


def rewrite(
    archive_id: UUID, change: Callable[[dict[str, Any]], dict[str, Any]], *, now: datetime
) -> bool:
    """Change rows of an archive for good, and tell whether there was any to change.

    `change` returns the columns of a row as they have to be. The old file is dropped.

    Raises:
        NotYet: the archive is being written.
        Damaged: the file is not what was written.
    """
    archive = Archive.objects.filter(id=archive_id).first()
    if archive is None:
        return False
    if archive.written_at is None:
        raise NotYet(f"{archive} is being written", after=LATER)
    with files.opened(archive.name, sha256=bytes(archive.sha256 or b"")) as lines:
        if not any(change(said := json.loads(line)) != said for line in lines):
            return False
    new, old = _new_name(archive.kind, archive.day), archive.name
    with transaction():
        _drop_unless_named(new, due_at=now + ABANDONED_AFTER)
    with files.opened(old, sha256=bytes(archive.sha256 or b"")) as lines:
        written = files.write(new, (packed(change(json.loads(line))) for line in lines))
    with transaction():
        if written is None or not Archive.objects.filter(id=archive_id, name=old).update(
            name=new, size=written.size, sha256=written.sha256
        ):
            raise NotYet(f"{archive} was rewritten meanwhile")
        _drop_unless_named(old)
    return True


@transaction
def forget(*, now: datetime) -> int:
    """Forget a batch of archives that the law has let go of, their files soon after."""
    before = now.date() - timedelta(days=settings.KEEP_DAYS["archives"])
    gone = Archive.objects.filter(day__lt=before, dropped_at__isnull=False)
    batch = dict(gone.order_by("day").values_list("id", "name")[:READ_AT_ONCE])
    Archive.objects.filter(id__in=batch).delete()
    for name in batch.values():
        _drop_unless_named(name)
    return len(batch)


def drop_unless_named(name: str) -> None:
    """Delete a file that is no archive's."""
    if not Archive.objects.filter(name=name).exists():
        files.delete(name)


def _read(kind: Archived, day: date, *, now: datetime) -> Iterator[Any]:
    rows, last = rows_of_day(kind, day, now=now), UUID(int=0)
    for _ in range(MOST_ROWS // READ_AT_ONCE):
        batch = list(rows.filter(id__gt=last)[:READ_AT_ONCE])
        if not batch:
            return
        yield from batch
        last = batch[-1].id


@transaction
def _begin(kind: Archived, day: date, *, now: datetime) -> Archive:
    """Begin a file of a day, or begin anew what a run has left that died.

    Its file, which it may still be writing, is dropped later.
    """
    begun = Archive.objects.select_for_update(no_key=True).filter(kind=kind.name, day=day)
    archive = begun.filter(written_at=None).first()
    if archive is None:
        archive = Archive(id=uuid7(), kind=kind.name, day=day)
    else:
        _drop_unless_named(archive.name, due_at=now + ABANDONED_AFTER)
    archive.name, archive.begun_at = _new_name(kind.name, day), now
    archive.save()
    return archive


def _filled(archive: Archive, lines: Iterable[bytes], *, now: datetime) -> Archive | None:
    """Write the file of an archive that was begun."""
    written = files.write(archive.name, lines)
    ours = Archive.objects.filter(id=archive.id, name=archive.name, written_at=None)
    if written is None:
        ours.delete()
        return None
    ours.update(rows=written.rows, size=written.size, sha256=written.sha256, written_at=now)
    return Archive.objects.filter(id=archive.id, name=archive.name).first()


def _new_name(kind: str, day: date) -> str:
    return f"{kind}/{day:%Y/%m/%d}-{uuid7().hex}.jsonl.gz"


def _drop_unless_named(name: str, *, due_at: datetime | None = None) -> None:
    outbox.promise("archive.drop_unless_named", {"name": name}, due_at=due_at)
