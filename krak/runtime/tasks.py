"""What the clock asks for: proving the books, archiving and dropping what has had its time."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from celery import shared_task

from fx.quotes import services as quotes
from holdings.hedging import queries as hedging
from holdings.ledger import queries as ledger
from holdings.lots import queries as lots
from holdings.transfers import queries as transfers
from krak.cases import services as cases
from krak.core import clock
from krak.core.archive import files
from krak.core.archive import services as archives
from krak.core.archive.models import Archive
from krak.core.archive.queries import next_day, written_before
from krak.core.archive.registry import kinds
from krak.core.audit import queries as audit
from krak.core.idempotency import services as idempotency
from krak.core.limits import services as limits
from krak.core.outbox import services as outbox
from krak.core.retention import AT_ONCE
from krak.core.schedule import services as schedule
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import THE_END, go_on, run_once
from krak.core.transactions import let_statements_last, takes_part, transaction
from krak.exports import services as exports
from krak.identity import services as identity
from krak.notifications import services as notifications

logger = logging.getLogger(__name__)

HOUR: Final = timedelta(hours=1)
PROOF_OF_BOOKS: Final = "runtime.prove_books"
PROOF_OF_HISTORY: Final = "runtime.prove_history"
PIECE_SECONDS: Final = 1.0
"""Of every six, so that Postgres is left to who is waited for, most of the time."""
PROOF_LASTS: Final = timedelta(minutes=5)
"""A statement of the proof: the house's is about all postings there are."""
MOST_FILES: Final = 200
"""Of a kind and a run; the next run goes on."""


@shared_task(name="runtime.prove_books")
def prove_books(**_newer: object) -> None:
    """Prove all books once an hour, a piece a tick; what is broken is an alarm and a case."""
    now = clock.now()
    go_on(
        lambda last: _prove_books(last, now=now),
        job=PROOF_OF_BOOKS, slot=slot_of(now, HOUR), now=now,
    )  # fmt: skip


def _prove_books(last: str, *, now: datetime) -> str:
    """Go on after the customer who was last; what is the house's comes in the end."""
    reached = _for_a_piece(partial(_prove_some_books, now=now), UUID(last) if last else None)
    if reached is None:
        _prove_the_house(now=now)
    return _bookmark(reached)


@transaction
def _prove_some_books(after: UUID | None, *, now: datetime) -> UUID | None:
    let_statements_last(PROOF_LASTS)
    broken, last = ledger.breaks_after(after)
    for found in broken:
        logger.error("books: %s of %s: %s", found.kind, found.customer_id, found.subject)
        _open_case(f"{found.kind} {found.subject}", found.customer_id, now=now)
    for customer_id, currency in lots.breaks(after=after, last=last):
        logger.error("books: lots of %s: %s", customer_id, currency)
        _open_case(f"lots {currency}", customer_id, now=now)
    return last


@transaction
def _prove_the_house(*, now: datetime) -> None:
    let_statements_last(PROOF_LASTS)
    for found in ledger.house_breaks():
        logger.error("books: %s of the house: %s", found.kind, found.subject)
        _open_case(f"{found.kind} {found.subject}", None, now=now)
    for asset in hedging.breaks():
        logger.error("hedging: the position in %s is not INVENTORY and all fills", asset)
        _open_case(f"position in {asset}", None, now=now)
    for currency in transfers.breaks():
        logger.error("transfers: what waits in %s is not IN_TRANSIT", currency)
        _open_case(f"in transit {currency}", None, now=now)


@shared_task(name="runtime.prove_history")
def prove_history(**_newer: object) -> None:
    """Prove the history of changes once an hour, a piece a tick, as `prove_books` does books."""
    now = clock.now()
    go_on(
        lambda place: _prove_history(place, now=now),
        job=PROOF_OF_HISTORY, slot=slot_of(now, HOUR), now=now,
    )  # fmt: skip


def _prove_history(place: str, *, now: datetime) -> str:
    """Go on after this place of the chain; what is beside it comes in the end."""
    reached = _for_a_piece(partial(_prove_some_history, now=now), int(place or 0))
    if reached is None:
        # Logs leave this machine: who rewrites the whole chain here does not rewrite them.
        logger.info("history of changes: head %s", audit.head())
    return _bookmark(reached)


@transaction
def _prove_some_history(after: int, *, now: datetime) -> int | None:
    let_statements_last(PROOF_LASTS)
    broken, last = audit.breaks_after(after)
    for found in broken if last is not None else [*broken, *audit.strays()]:
        logger.error("history of changes: %s", found)
        _open_case(f"history of changes {found.change_id}", None, now=now)
    return last


def _for_a_piece[P](prove: Callable[[P], P | None], after: P) -> P | None:
    """Prove part after part for `PIECE_SECONDS`; return the last one, None when all is proved."""
    until = time.monotonic() + PIECE_SECONDS
    reached = prove(after)
    while reached is not None and time.monotonic() <= until:
        reached = prove(reached)
    return reached


def _bookmark(reached: UUID | int | None) -> str:
    return THE_END if reached is None else str(reached)


@takes_part
def _open_case(subject: str, customer_id: UUID | None, *, now: datetime) -> None:
    cases.open_case(kind="books_broken", subject=subject[:120], customer_id=customer_id, now=now)


@shared_task(name="runtime.purge")
def purge(**_newer: object) -> None:
    """Drop what has had its time, from keys to quotes and sessions, once an hour."""
    now = clock.now()

    def drop() -> None:
        for service in (idempotency, outbox, schedule, quotes, identity, notifications):
            gone, all_gone = AT_ONCE, 0
            while gone >= AT_ONCE:
                with transaction():
                    gone = service.purge(now=now)
                all_gone += gone
            if all_gone:
                logger.info("purge: %s rows of %s", all_gone, service.__name__)
        for small in (limits, exports):
            with transaction():
                small.purge(now=now)

    run_once(drop, job="runtime.purge", slot=slot_of(now, HOUR), now=now, lasts=HOUR)


@shared_task(name="runtime.archive")
def archive(**_newer: object) -> None:
    """Move what may be asked for later from its table to files, once an hour, oldest days first."""
    now = clock.now()

    def move() -> None:
        for kind in kinds():
            for written in written_before(kind, now=now):
                _let_go(written, now=now)
            for _ in range(MOST_FILES):
                day = next_day(kind, now=now)
                made = archives.write(kind, day, now=now) if day is not None else None
                if made is None:
                    break
                _let_go(made, now=now)
        archives.forget(now=now)

    if files.there_is_one():
        run_once(move, job="runtime.archive", slot=slot_of(now, HOUR), now=now, lasts=HOUR)


def _let_go(written: Archive, *, now: datetime) -> None:
    """Drop from their table what is written; a damaged file is a case, and its rows stay."""
    try:
        gone = archives.let_go(written, now=now)
    except files.Damaged as problem:
        logger.error("archive: %s", problem)  # noqa: TRY400 - the traceback says no more
        _open_archive_case(written, problem, now=now)
    else:
        logger.info("archive: %s rows of %s are in %s", gone, written, written.name)


@transaction
def _open_archive_case(damaged: Archive, problem: files.Damaged, *, now: datetime) -> None:
    cases.open_case(
        kind="archive_damaged", subject=damaged.name, customer_id=None, now=now, about=damaged,
        problem=str(problem),
    )  # fmt: skip
