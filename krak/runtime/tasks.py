"""What the clock asks for: proving the books, dropping what has had its time."""

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from celery import shared_task

from fx.quotes import services as quotes
from holdings.hedging import queries as hedging
from holdings.ledger import queries as ledger
from holdings.transfers import queries as transfers
from krak.cases import services as cases
from krak.core import clock
from krak.core.audit import queries as audit
from krak.core.idempotency import services as idempotency
from krak.core.inbox import services as inbox
from krak.core.limits import services as limits
from krak.core.outbox import services as outbox
from krak.core.retention import AT_ONCE
from krak.core.schedule import services as schedule
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once
from krak.core.transactions import transaction
from krak.exports import services as exports
from krak.identity import services as identity
from krak.notifications import services as notifications

logger = logging.getLogger(__name__)

HOUR: Final = timedelta(hours=1)


@shared_task(name="runtime.prove_books")
def prove_books(**_newer: object) -> None:
    """Prove all books once an hour; each break is an error in the log, an alarm, and a case."""
    now = clock.now()
    run_once(
        lambda: _prove_books(now=now), job="runtime.prove_books", slot=slot_of(now, HOUR), now=now
    )


def _prove_books(*, now: datetime) -> None:
    for found in ledger.breaks():
        logger.error("books: %s of %s: %s", found.kind, found.customer_id, found.subject)
        _open_case(f"{found.kind} {found.subject}", found.customer_id, now=now)
    for asset in hedging.breaks():
        logger.error("hedging: the position in %s is not INVENTORY and all fills", asset)
        _open_case(f"position in {asset}", None, now=now)
    for currency in transfers.breaks():
        logger.error("transfers: what waits in %s is not IN_TRANSIT", currency)
        _open_case(f"in transit {currency}", None, now=now)
    for broken in audit.breaks():
        logger.error("history of changes: %s", broken)
        _open_case(f"history of changes {broken.change_id}", None, now=now)
    # Logs leave this machine: who rewrites the whole chain here does not rewrite them.
    logger.info("history of changes: head %s", audit.head())


@transaction
def _open_case(subject: str, customer_id: UUID | None, *, now: datetime) -> None:
    cases.open_case(kind="books_broken", subject=subject[:120], customer_id=customer_id, now=now)


@shared_task(name="runtime.purge")
def purge(**_newer: object) -> None:
    """Drop what has had its time, from keys to quotes and sessions, once an hour."""
    now = clock.now()

    def drop() -> None:
        for service in (idempotency, outbox, inbox, schedule, quotes, identity, notifications):
            gone = AT_ONCE
            while gone >= AT_ONCE:
                with transaction():
                    gone = service.purge(now=now)
        for small in (limits, exports):
            with transaction():
                small.purge(now=now)

    run_once(drop, job="runtime.purge", slot=slot_of(now, HOUR), now=now, lasts=HOUR)
