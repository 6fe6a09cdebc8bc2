"""What the clock asks for: proving the books, dropping what has had its time.

Both are safe to run twice, so that two beats do no harm.
"""

import logging

from celery import shared_task

from holdings.ledger import queries as ledger
from krak.core import clock
from krak.core.idempotency import services as idempotency
from krak.core.limits import services as limits
from krak.core.outbox import services as outbox
from krak.core.transactions import transaction
from krak.identity import services as identity

logger = logging.getLogger(__name__)


@shared_task(name="runtime.prove_books")
def prove_books(**_newer: object) -> None:
    """Prove all books; each break is an error in the log, and an alarm."""
    for found in ledger.breaks():
        logger.error("books: %s of %s: %s", found.kind, found.customer_id, found.subject)


@shared_task(name="runtime.purge")
def purge(**_newer: object) -> None:
    """Drop what has had its time: idempotency keys, done messages, counts, sessions, proofs."""
    now = clock.now()
    with transaction():
        idempotency.purge(now=now)
    with transaction():
        outbox.purge(now=now)
    limits.purge(now=now)
    with transaction():
        identity.purge(now=now)
