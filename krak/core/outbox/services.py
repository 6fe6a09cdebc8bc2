"""Promise work, claim what is due, do it once.

A message is due, then claimed (its `due_at` moves into the future, so a lost claim comes back
by itself), then published to the broker, then done in the same transaction as its effect.
Losing the broker, a worker or the relay at any point therefore loses nothing and doubles nothing.
"""

import json
import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.db import transaction as django_transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from krak.core import logs
from krak.core.audit.context import because
from krak.core.errors import DomainError
from krak.core.functions import call, call_each
from krak.core.ids import uuid7
from krak.core.outbox.models import OutboxMessage
from krak.core.outbox.registry import NotYet, handler_of, topics_of_many
from krak.core.outbox.rules import Share
from krak.core.retention import drop_older, kept_since
from krak.core.transactions import takes_part, transaction

logger = logging.getLogger(__name__)

CLAIM_LASTS: Final = timedelta(seconds=25)
"""A task that its broker lost, too, is published again within half a minute, like others."""
FOLLOWED_WITHIN: Final = timedelta(seconds=5)
"""What a delivery promises and does itself next; if it dies before, the relay comes to it then."""
CALL_LASTS: Final = timedelta(seconds=60)
"""No call to a vendor takes longer: gateways give up well before."""
RETRY_AFTER: Final = tuple(timedelta(seconds=s) for s in (1, 2, 5, 15, 60, 300, 900))
MOST_ATTEMPTS: Final = len(RETRY_AFTER) + 1
_shares: Final[defaultdict[str, Share]] = defaultdict(Share)
"""What this process has learnt of its topics."""
LONGEST_PAUSE: Final = timedelta(hours=1)
"""However long a vendor asks us to wait."""
SOON: Final = timedelta(seconds=1)
LATER: Final = timedelta(minutes=5)
"""Between what is put off and its next time: as long as it has waited, within these two."""
_PROMISE: Final = """
INSERT INTO outbox_outboxmessage (id, topic, payload, due_at)
SELECT (message->>'id')::uuid, %s, message->'payload',
       coalesce(statement_timestamp() + %s::interval, transaction_timestamp())
  FROM jsonb_array_elements(%s::jsonb) AS _(message)
"""
_CLAIM: Final = """
WITH claimed AS (
    UPDATE outbox_outboxmessage SET due_at = statement_timestamp() + %s::interval
     WHERE id IN (
           SELECT id FROM outbox_outboxmessage
            WHERE done_at IS NULL AND dead_at IS NULL AND due_at <= statement_timestamp()
            ORDER BY due_at, id LIMIT %s::int FOR UPDATE SKIP LOCKED)
    RETURNING topic, id)
SELECT array_agg(id ORDER BY topic, id) FROM claimed
"""
_following: Final[ContextVar[list[UUID] | None]] = ContextVar("following", default=None)
"""What the delivery that is under way does next."""


@takes_part
def promise(topic: str, payload: dict[str, Any], *, due_at: datetime | None = None) -> None:
    """Write down work that must follow the commit of this transaction."""
    message = OutboxMessage(id=uuid7(), topic=topic, payload=payload)
    if due_at is not None:
        message.due_at = due_at
    elif within := _followed_within(topic, [message.id]):
        message.due_at = Now() + within
    message.save(force_insert=True)


@takes_part
def promise_all(topic: str, payloads: Iterable[dict[str, Any]]) -> None:
    """Write down several pieces of work of one kind, as `promise` does one."""
    messages = {uuid7(): payload for payload in payloads}
    if messages:
        told = [{"id": str(each), "payload": payload} for each, payload in messages.items()]
        within = _followed_within(topic, messages)
        call_each(_PROMISE, [[topic, within, json.dumps(told)]])


def _followed_within(topic: str, ids: Iterable[UUID]) -> timedelta | None:
    """Have the delivery that promises these, if one does, do them next where they go together.

    Returns how long the relay leaves them to it, None if they are the relay's.
    """
    following = _following.get()
    if following is None or topic not in topics_of_many():
        return None
    following.extend(ids)
    return FOLLOWED_WITHIN


@takes_part
def put_off(topic: str, payload: dict[str, Any], *, now: datetime) -> None:
    """Promise the same again, which could not be done yet through no fault of anybody's."""
    waited = waited_for(payload, now=now)
    since = (now - waited).isoformat()
    promise(topic, payload | {"since": since}, due_at=now + min(max(waited, SOON), LATER))


def waited_for(payload: dict[str, Any], *, now: datetime) -> timedelta:
    """Return for how long what this payload says was put off so far."""
    return now - datetime.fromisoformat(payload["since"]) if "since" in payload else timedelta(0)


def claim(*, most: int) -> list[UUID]:
    """Take up to `most` due messages for publishing, oldest first; return their ids by topic."""
    return call(_CLAIM, [CLAIM_LASTS, most]) or []


def unclaim(ids: Iterable[UUID], *, now: datetime) -> None:
    """Give messages back that could not be published; they are due again at once."""
    OutboxMessage.objects.filter(id__in=list(ids), done_at=None, dead_at=None).update(due_at=now)


def deliver(ids: Sequence[UUID], *, now: datetime) -> list[UUID]:
    """Do each message's work, in one transaction with the mark that it is done.

    Work that calls a vendor runs outside transactions, reserved for `CALL_LASTS`, and is marked
    after. Done, dead, locked and reserved messages are passed over. A failure is recorded and
    retried with growing pauses; after the last attempt the message is dead: staff see it and may
    resend.

    Messages of a topic that takes many at once are first tried together, and what they promise of
    such a topic is done next, without a way through the relay and the broker.

    Returns the messages whose failure could not be recorded, because the database is away. They
    come back by themselves when their claim runs out; who can should deliver them again sooner.
    """
    unrecorded: list[UUID] = []
    while ids:
        with _followed() as following:
            unrecorded += _deliver(ids, now=now)
        ids = following
    return unrecorded


@contextmanager
def _followed() -> Iterator[list[UUID]]:
    """Gather what is promised meanwhile and is to be done next."""
    following: list[UUID] = []
    token = _following.set(following)
    try:
        yield following
    finally:
        _following.reset(token)


def _deliver(ids: Sequence[UUID], *, now: datetime) -> list[UUID]:
    unrecorded = []
    done = _done_together(ids, now=now) if len(ids) > 1 else set()
    for message_id in ids:
        if message_id in done:
            continue
        logs.begin(message=str(message_id))
        try:
            message = _done_or_to_call(message_id, now=now)
            if message is not None:
                handler_of(message.topic).handle(payload=message.payload, now=now)
                OutboxMessage.objects.filter(id=message_id).update(done_at=now, running_until=None)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is recorded and retried
            if not _record_failure(message_id, error, now=now):
                unrecorded.append(message_id)
    return unrecorded


def _done_together(ids: Sequence[UUID], *, now: datetime) -> set[UUID]:
    """Do the messages that can be done in one go with others of their topic, and return which."""
    many = OutboxMessage.objects.filter(
        id__in=ids, topic__in=topics_of_many(), done_at=None, dead_at=None
    ).order_by("topic", "id")
    done: set[UUID] = set()
    for topic, group in groupby(many.values_list("topic", "id"), key=lambda found: found[0]):
        alike = [message_id for _, message_id in group]
        share = _shares[topic]
        while len(alike) > 1:
            some, alike = alike[: share.size], alike[share.size :]
            began = time.monotonic()
            done |= _done_alike(topic, some, now=now)
            share.took(time.monotonic() - began, many=len(some))
    return done


def _done_alike(topic: str, ids: Sequence[UUID], *, now: datetime) -> set[UUID]:
    """Do messages of one topic in one transaction, and return which; none if any of them fails."""
    handle_many = handler_of(topic).handle_many
    assert handle_many is not None  # noqa: S101 - it is a topic of many
    try:
        with transaction():
            messages = dict(
                OutboxMessage.objects.select_for_update(skip_locked=True, no_key=True)
                .filter(id__in=ids, done_at=None, dead_at=None)
                .order_by("id")
                .values_list("id", "payload")
            )
            if not messages:
                return set()
            left = handle_many(payloads=list(messages.values()), now=now) or ()
            done = {message_id for n, message_id in enumerate(messages) if n not in left}
            OutboxMessage.objects.filter(id__in=done).update(done_at=now)
    except Exception as error:  # noqa: BLE001 - each is tried alone, where a failure is recorded
        logger.info("outbox: %s not together: %s", topic, error)
        return set()
    return done


def _done_or_to_call(message_id: UUID, *, now: datetime) -> OutboxMessage | None:
    """Do a message's work, or return it reserved for a handler that runs outside transactions."""
    with transaction():
        message = (
            OutboxMessage.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(id=message_id, done_at=None, dead_at=None)
            .filter(Q(running_until=None) | Q(running_until__lte=Now()))
            .first()
        )
        if message is None:
            return None
        handler = handler_of(message.topic)
        if handler.calls_out:
            until = Now() + CALL_LASTS
            OutboxMessage.objects.filter(id=message_id).update(running_until=until, due_at=until)
            return message
        handler.handle(payload=message.payload, now=now)
        OutboxMessage.objects.filter(id=message_id).update(done_at=now)
        return None


def _record_failure(message_id: UUID, error: Exception, *, now: datetime) -> bool:
    """Write down a failure; False if the database is away."""
    try:
        with django_transaction.atomic():
            message = (
                OutboxMessage.objects.select_for_update(no_key=True)
                .filter(id=message_id, done_at=None, dead_at=None)
                .first()
            )
            if message is None:
                # Another delivery did the work between our failure and this lock.
                return True
            message.attempts += 1
            message.running_until = None
            message.last_error = f"{type(error).__name__}: {error}"[:2000]
            if message.attempts >= MOST_ATTEMPTS:
                message.dead_at = now
                logger.error("outbox: %s is dead after %s", message, message.last_error)
            else:
                # From the failure on: of a call that takes long nothing of the pause is left.
                message.due_at = Now() + _pause(error, attempts=message.attempts)
                # A refusal says all there is to say; a bug needs its traceback.
                trace = None if isinstance(error, DomainError | NotYet) else error
                logger.warning("outbox: %s: %s", message, message.last_error, exc_info=trace)
            message.save()
    except (InterfaceError, OperationalError):
        logger.warning("outbox: %s failed and could not be recorded: %s", message_id, error)
        return False
    return True


def _pause(error: Exception, *, attempts: int) -> timedelta:
    usual = RETRY_AFTER[attempts - 1]
    return max(usual, min(error.after, LONGEST_PAUSE)) if isinstance(error, NotYet) else usual


def resend(message_id: UUID, *, reason: str, now: datetime) -> bool:
    """Give a dead message all its attempts again, and tell whether it was dead.

    A trigger records who did so and why (`krak/backoffice/sql/resent.sql`).
    """
    dead = OutboxMessage.objects.filter(id=message_id, dead_at__isnull=False)
    with because(reason):
        return dead.update(dead_at=None, due_at=now, attempts=F("attempts") * 0) > 0


@takes_part
def purge(*, now: datetime) -> int:
    """Drop a batch of messages that were done long ago; return how many."""
    since = kept_since("outbox", now=now)
    return drop_older(OutboxMessage.objects.filter(done_at__lt=since), than=since)


@takes_part
def drop_done(*, customer_id: UUID, about: Collection[str]) -> None:
    """Drop what was done for a customer about these objects, before its time."""
    facts = Q(payload__facts__transfer__in=list(about)) | Q(payload__facts__request__in=list(about))
    OutboxMessage.objects.filter(
        facts, done_at__isnull=False, payload__customer=str(customer_id)
    ).delete()


def drain(*, now: datetime) -> int:
    """Deliver what is due in this process until nothing is left; return how many messages.

    For tests and maintenance: the same delivery as through the broker, without one.
    """
    delivered = 0
    while ids := claim(most=100):
        deliver(ids, now=now)
        delivered += len(ids)
    return delivered
