"""Make files in batches that a killed worker does not lose and nobody waits for.

Each batch is a message of the outbox: it reads in a read-only snapshot, which blocks no writer,
then keeps what it got together with the promise of the next. Whoever does a batch again, because
a worker died after it, finds its number taken and leaves it.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.snapshots import snapshot
from krak.core.transactions import takes_part, transaction
from krak.exports.models import Export, ExportFile, ExportPart, State
from krak.exports.registry import File, Maker, Part, maker_of

KEPT_FOR: Final = timedelta(days=7)
GIVEN_UP_AFTER: Final = timedelta(days=1)
MOST_AT_ONCE: Final = 5


class TooMany(DomainError):
    """So many are being made for the customer that another has to wait."""

    code = "exports.too_many"
    title = f"At most {MOST_AT_ONCE} exports are made at once."
    kind = Kind.CONFLICT
    retryable = True


class NotReady(DomainError):
    """The file is not whole yet, or never will be; `facts.state` says which."""

    code = "exports.not_ready"
    title = "The file is not ready."
    kind = Kind.CONFLICT


class Expired(DomainError):
    """The file was dropped; it can be asked for again."""

    code = "exports.expired"
    title = "The file has expired; ask for it again."
    kind = Kind.NOT_FOUND


@takes_part
def request(*, customer_id: UUID, kind: str, params: Mapping[str, Any], now: datetime) -> Export:
    """Let a file be made for a customer, soon and by a worker.

    Raises:
        TooMany: `MOST_AT_ONCE` are being made for them.
    """
    if _under_way(customer_id=customer_id).count() >= MOST_AT_ONCE:
        raise TooMany
    export = Export.objects.create(
        id=uuid7(), customer_id=customer_id, kind=kind, params=dict(params), created_at=now
    )
    _promise_step(export)
    return export


def step(*, export_id: UUID, number: int, now: datetime) -> None:
    """Do batch `number` of an export, outside transactions; one that was done is left alone.

    A refusal ends the export, a bug is raised and tried again.
    """
    export = _waiting_for(export_id, number)
    if export is None:
        return
    maker = maker_of(export.kind)
    try:
        if export.started_at is None:
            _begin(export, maker, now=now)
        else:
            _batch(export, maker, now=now)
    except DomainError as refusal:
        _fail(export_id, refusal.code, now=now)


def _begin(export: Export, maker: Maker, *, now: datetime) -> None:
    begun = maker.begin(customer_id=export.customer_id, params=export.params, now=now)
    with transaction():
        locked = _locked(export)
        if locked is not None:
            locked.started_at, locked.rows_total, locked.cursor = now, begun.total, begun.cursor
            _go_on(locked)


def _batch(export: Export, maker: Maker, *, now: datetime) -> None:
    if export.cursor is None:
        with snapshot():
            parts = [
                Part(content=bytes(content), name=name)
                for content, name in export.parts.order_by("number").values_list("content", "name")
            ]
        _finish(export, maker.finish(params=export.params, parts=parts), now=now)
        return
    with snapshot():
        made = maker.step(
            customer_id=export.customer_id, params=export.params, cursor=export.cursor
        )
    with transaction():
        locked = _locked(export)
        if locked is None:
            return
        first = locked.parts.count()
        ExportPart.objects.bulk_create(
            [
                ExportPart(export=locked, number=number, name=part.name, content=part.content)
                for number, part in enumerate(made.parts, start=first)
            ]
        )
        locked.rows_done += made.rows
        # What came while it was made: there may be more than was counted in the beginning.
        locked.rows_total = max(locked.rows_total or 0, locked.rows_done)
        locked.cursor = made.cursor
        _go_on(locked)


def _finish(export: Export, file: File, *, now: datetime) -> None:
    with transaction():
        locked = _locked(export)
        if locked is None:
            return
        locked.file_name, locked.media_type = file.name, file.media_type
        locked.size, locked.sha256 = len(file.content), hashlib.sha256(file.content).digest()
        locked.rows_total = locked.rows_done
        locked.finished_at, locked.expires_at = now, now + KEPT_FOR
        locked.save()
        ExportFile.objects.create(export=locked, content=file.content, expires_at=locked.expires_at)
        locked.parts.all().delete()
        facts = {"export": locked.shown_id, "kind": locked.kind}
        outbox.promise(
            "notifications.tell",
            {"customer": str(locked.customer_id), "kind": "export.ready", "facts": facts},
        )


def _fail(export_id: UUID, code: str, *, now: datetime) -> None:
    with transaction():
        _of(export_id).update(failed_at=now, failure=code)
        ExportPart.objects.filter(export_id=export_id).delete()


def read_file(export: Export, *, now: datetime) -> bytes:
    """Return the file of an export.

    Raises:
        NotReady: it is not whole, or failed.
        Expired: it was there and is not any more.
    """
    state = export.state_at(now)
    if state == State.EXPIRED:
        raise Expired
    if state != State.READY:
        raise NotReady(state=state.lower(), failure=export.failure or None)
    file = ExportFile.objects.filter(export_id=export.id).first()
    if file is None:
        raise Expired
    return bytes(file.content)


@takes_part
def purge(*, now: datetime) -> None:
    """Drop files whose time is over, and give up what has not become a file in a day."""
    ExportFile.objects.filter(expires_at__lte=now).delete()
    stuck = Export.objects.filter(
        finished_at=None, failed_at=None, created_at__lte=now - GIVEN_UP_AFTER
    )
    ExportPart.objects.filter(export__in=stuck).delete()
    stuck.update(failed_at=now, failure="exports.given_up")


@takes_part
def drop_all(*, customer_id: UUID, now: datetime) -> None:
    """Drop every file of a customer, finished or not, at once."""
    ExportFile.objects.filter(export__customer_id=customer_id).delete()
    ExportPart.objects.filter(export__customer_id=customer_id).delete()
    _under_way(customer_id=customer_id).update(failed_at=now, failure="exports.given_up")
    Export.objects.filter(customer_id=customer_id, expires_at__gt=now).update(expires_at=now)


def _under_way(*, customer_id: UUID) -> QuerySet[Export]:
    return Export.objects.filter(customer_id=customer_id, finished_at=None, failed_at=None)


def _of(export_id: UUID) -> QuerySet[Export]:
    return Export.objects.filter(id=export_id, finished_at=None, failed_at=None)


def _waiting_for(export_id: UUID, number: int) -> Export | None:
    return _of(export_id).filter(steps=number).first()


def _locked(export: Export) -> Export | None:
    waiting = _of(export.id).filter(steps=export.steps)
    return waiting.select_for_update(no_key=True).first()


def _go_on(export: Export) -> None:
    export.steps += 1
    export.save()
    _promise_step(export)


def _promise_step(export: Export) -> None:
    outbox.promise("exports.step", {"export": str(export.id), "number": export.steps})
