"""Compare Stripe's records with ours; what a lost webhook left out comes in by the same door.

A difference is first taken for a lost event: the object as it stands is put into the inbox,
under a name made of its state. Should it still differ in a later run, that state was applied and
explains nothing: a case.
"""

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F
from django.db.models.functions import Coalesce

from cards.authorizations import queries as authorizations
from cards.clearing import queries as clearing
from cards.clearing.rules import Kind
from cards.disputes.queries import heard_of
from cards.disputes.rules import events_of
from cards.issuing import queries as issuing
from cards.reconciliation import gateway
from cards.reconciliation.models import Run
from cards.reconciliation.rules import (
    AuthorizationFacts,
    TransactionFacts,
    differing,
    fingerprint,
    kind_of,
    last_change,
)
from krak.cases import services as cases
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.inbox import services as inbox
from krak.core.transactions import transaction
from krak.stripe.events import id_of, read_amount

logger = logging.getLogger(__name__)

QUIET: Final = timedelta(minutes=10)
"""What changed later may still have its webhook on the way."""
CLOCKS_APART: Final = timedelta(seconds=60)
"""How far Stripe's clock may be from ours, so that an event on its way is not taken for old."""
DEAD_AFTER: Final = timedelta(minutes=3)
"""A run that has asked for no page for so long is no more: the next one does not wait for it."""
BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Found:
    """One object at Stripe that is not as ours. `kind` is the event that would have told."""

    kind: str
    stripe_object: dict[str, Any]
    differs: dict[str, list[str]]
    card_is_ours: bool


def reconcile(
    *, since: datetime, now: datetime, disputes_since: datetime | None = None
) -> Run | None:
    """Compare everything that Stripe made since; None when such a run is under way.

    Disputes live longer than purchases: of them what was made since another moment. Not in a
    transaction: Stripe is read page by page. Returns the finished run with its counts.

    Raises:
        StripeUnavailable: the next run begins anew; what was repaired stays repaired.
    """
    run = _begin(since=since, now=now)
    if run is None:
        return None
    try:
        run.transactions = _compare_transactions(run, now=now)
        run.authorizations = _compare_authorizations(run, now=now)
        run.disputes = _compare_disputes(run, since=disputes_since or since, now=now)
    finally:
        run.finished_at = max(now, run.started_at)
        with transaction():
            run.save()
    logger.info("reconciliation: %s repaired, %s unexplained", run.repaired, run.unexplained)
    return run


def _begin(*, since: datetime, now: datetime) -> Run | None:
    with transaction():
        seen = Coalesce("alive_at", "started_at")
        Run.objects.filter(finished_at=None).alias(seen=seen).filter(
            seen__lt=now - DEAD_AFTER
        ).update(finished_at=F("started_at"))
    try:
        with transaction():
            return Run.objects.create(id=uuid7(), since=since, started_at=now)
    except IntegrityError:
        return None


def _pages(run: Run, stream: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], ...]]:
    """Yield what Stripe has in batches; each is a sign of life."""
    for page in batched(stream, BATCH):
        run.alive_at = clock.now()
        run.save(update_fields=["alive_at"])
        yield page


def _compare_transactions(run: Run, *, now: datetime) -> int:
    seen: set[str] = set()
    stream = gateway.transactions(created_since=int(run.since.timestamp()))
    for page in _pages(run, stream):
        seen.update(each["id"] for each in page)
        quiet = [e for e in page if e["created"] < (now - QUIET).timestamp()]
        for found in _differing_transactions(quiet):
            _repair_or_tell(run, found, event_at=found.stripe_object["created"], now=now)
    _tell_of_strangers(run, seen, now=now)
    return len(seen)


def _differing_transactions(page: Iterable[dict[str, Any]]) -> Iterator[Found]:
    by_id = {each["id"]: each for each in page}
    ours = clearing.transactions_named(by_id)
    cards = _owners_of_cards(by_id.values())
    for stripe_id, theirs in by_id.items():
        row = ours.get(stripe_id)
        differs = (
            {"transaction": ["there", "missing"]}
            if row is None
            else differing(
                TransactionFacts(
                    kind=Kind(kind_of(theirs)),
                    amount=read_amount(abs(theirs["amount"]), theirs["currency"]),
                    currency=theirs["currency"].upper(),
                ),
                TransactionFacts(kind=Kind(row.kind), amount=row.amount, currency=row.currency),
            )
        )
        if differs:
            ours_is_card = id_of(theirs["card"]) in cards
            yield Found("issuing_transaction.created", theirs, differs, ours_is_card)


def _owners_of_cards(stripe_objects: Iterable[dict[str, Any]]) -> dict[str, UUID]:
    """Return whose the cards of these objects are; those that are nobody's here are left out."""
    owners = issuing.owners_of_cards(id_of(each["card"]) for each in stripe_objects)
    return {stripe_id: owner.customer_id for stripe_id, owner in owners.items()}


def _tell_of_strangers(run: Run, seen: set[str], *, now: datetime) -> None:
    """Put before staff what we posted and Stripe does not know."""
    for stripe_id in clearing.happened(since=run.since, until=now - QUIET):
        if stripe_id not in seen:
            _open_case(run, stripe_id, {"transaction": ["missing", "there"]}, now=now)


def _compare_authorizations(run: Run, *, now: datetime) -> int:
    count = 0
    stream = gateway.authorizations(created_since=int(run.since.timestamp()))
    for page in _pages(run, stream):
        count += len(page)
        quiet = [each for each in page if last_change(each) < now - QUIET]
        for found in _differing_authorizations(quiet, now=now):
            _repair_or_tell(run, found, event_at=_just_before(now), now=now)
    return count


def _differing_authorizations(page: Iterable[dict[str, Any]], *, now: datetime) -> Iterator[Found]:
    by_id = {each["id"]: each for each in page}
    cards = _owners_of_cards(by_id.values())
    ours = authorizations.seen_before(
        {
            stripe_id: cards[card]
            for stripe_id, each in by_id.items()
            if (card := id_of(each["card"])) in cards
        }
    )
    for stripe_id, theirs in by_id.items():
        row = ours.get(stripe_id)
        if row is not None and row.last_event_at and row.last_event_at > now - QUIET:
            continue
        differs = (
            {"authorization": ["there", "missing"]}
            if row is None
            else differing(
                AuthorizationFacts(
                    status=theirs["status"].upper(),
                    approved=theirs["approved"],
                    amount=read_amount(theirs["amount"], theirs["currency"]),
                    currency=theirs["currency"].upper(),
                ),
                AuthorizationFacts(
                    status=row.status,
                    approved=row.approved,
                    amount=row.amount,
                    currency=row.currency,
                ),
            )
        )
        if differs:
            ours_is_card = id_of(theirs["card"]) in cards
            yield Found("issuing_authorization.updated", theirs, differs, ours_is_card)


def _compare_disputes(run: Run, *, since: datetime, now: datetime) -> int:
    """Compare what was heard. One event more of those that are on their way does no harm."""
    count = 0
    for page in _pages(run, gateway.disputes(created_since=int(since.timestamp()))):
        count += len(page)
        for found in _unheard_disputes(page):
            _repair_or_tell(run, found, event_at=_just_before(now), now=now)
    return count


def _unheard_disputes(page: Iterable[dict[str, Any]]) -> Iterator[Found]:
    by_id = {each["id"]: each for each in page}
    disputed = {id_of(each["transaction"]) for each in by_id.values()}
    ours = clearing.transactions_named(disputed)
    heard = heard_of(by_id, customer_ids={row.customer_id for row in ours.values()})
    for stripe_id, theirs in by_id.items():
        for event in sorted(events_of(theirs) - heard.get(stripe_id, frozenset())):
            differs = {event: ["said", "not heard"]}
            yield Found(event, theirs, differs, id_of(theirs["transaction"]) in ours)


def _just_before(now: datetime) -> int:
    """Return when a state is said to have been told whose own moment is not known."""
    return int((now - CLOCKS_APART).timestamp())


def _repair_or_tell(run: Run, found: Found, *, event_at: int, now: datetime) -> None:
    """Let the inbox apply a state once; when that did not help, put it before staff."""
    stripe_id = found.stripe_object["id"]
    event_id = f"reconciled:{stripe_id}:{fingerprint(found.kind, found.stripe_object)}"
    body = {
        "id": event_id,
        "object": "event",
        "type": found.kind,
        "created": event_at,
        "livemode": found.stripe_object["livemode"],
        "data": {"object": found.stripe_object},
    }
    received = inbox.receive(
        provider="stripe", event_id=event_id, kind=found.kind, body=json.dumps(body)
    )
    if received is not None:
        run.repaired += 1
    elif found.card_is_ours:
        # One that is nobody's here has its case since it was applied.
        _open_case(run, stripe_id, found.differs, now=now)


def _open_case(run: Run, stripe_id: str, differs: dict[str, list[str]], *, now: datetime) -> None:
    run.unexplained += 1
    with transaction():
        cases.open_case(
            kind="reconciliation_break",
            subject=stripe_id,
            customer_id=None,
            now=now,
            at_stripe_and_with_us=differs,
        )
