"""Let a request with a key take effect once, and remember what was answered.

`begin` comes first in the effect's own transaction and `finish` last, so the effect and its
answer commit together or not at all: a refusal rolls both back and the key is free again.

Keys are kept for `KEPT_FOR` and may then be used anew. Whoever repeats a payment later than that
is stopped by the payment's own name (each journal entry has a unique cause), not by its key.
"""

import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from krak.core.errors import DomainError, Kind
from krak.core.idempotency.models import KeptAnswer
from krak.core.ids import uuid7
from krak.core.retention import drop_some
from krak.core.transactions import takes_part

KEPT_FOR: Final = timedelta(hours=48)
WELL_FORMED: Final = re.compile(r"[\x21-\x7e]{1,255}")


class MalformedKey(DomainError):
    """The key is not 1 to 255 visible ASCII characters."""

    code = "idempotency.key_malformed"
    title = "An Idempotency-Key is 1 to 255 visible ASCII characters."
    kind = Kind.INVALID


class KeyRequired(DomainError):
    """A request that moves money came without a key."""

    code = "idempotency.key_required"
    title = "This request needs an Idempotency-Key."
    kind = Kind.INVALID


class InProgress(DomainError):
    """The first request with this key is still running; the same again will get its answer."""

    code = "idempotency.in_progress"
    title = "A request with this Idempotency-Key is still running."
    kind = Kind.CONFLICT
    retryable = True


class KeyReused(DomainError):
    """The key was used for another request."""

    code = "idempotency.key_reused"
    title = "This Idempotency-Key was used for another request."
    kind = Kind.REFUSED


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered the first time; `body` is JSON text."""

    status: int
    body: str


def fingerprint(*, method: str, path: str, body: Any) -> bytes:
    """Return the SHA-256 of a request; spaces and the order of keys in its JSON do not count."""
    text = json.dumps([method, path, body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


@takes_part
def begin(*, owner: UUID, key: str, fingerprint: bytes, now: datetime) -> Answer | None:
    """Take the key for this transaction, or return the answer that was given with it before.

    Nobody waits: while another transaction has the key, this raises at once.

    Raises:
        MalformedKey: the key is not 1 to 255 visible ASCII characters.
        InProgress: a request with this key is running.
        KeyReused: the key was used for something else.
    """
    if not WELL_FORMED.fullmatch(key):
        raise MalformedKey
    if not _alone(owner, key):
        raise InProgress
    if _claimed(owner, key, fingerprint, now=now):
        return None
    kept = KeptAnswer.objects.get(owner=owner, key=key)
    if bytes(kept.fingerprint) != fingerprint:
        raise KeyReused(
            f"It was first used at {kept.created_at.isoformat()}.",
            first_used_at=kept.created_at.isoformat(),
            **_object_of(kept),
        )
    if kept.status is None:
        raise RuntimeError(f"{kept} was committed without an answer")
    return Answer(status=kept.status, body=kept.body)


@takes_part
def finish(*, owner: UUID, key: str, answer: Answer, now: datetime) -> None:
    """Keep the answer to the request that took the key in this transaction."""
    KeptAnswer.objects.filter(owner=owner, key=key, finished_at=None).update(
        status=answer.status, body=answer.body, finished_at=now
    )


@takes_part
def forget(*, owner: UUID, words: Collection[str], about: Collection[str]) -> None:
    """Take `words` and the notes out of the answers an owner got about these objects."""
    for kept in KeptAnswer.objects.filter(owner=owner, finished_at__isnull=False):
        if not any(shown_id in kept.body for shown_id in about):
            continue
        body = json.loads(kept.body)
        for word in words:
            body = json.loads(json.dumps(body).replace(json.dumps(word), '"erased"'))
        if "note" in body:
            body["note"] = ""
        KeptAnswer.objects.filter(id=kept.id).update(body=json.dumps(body, ensure_ascii=False))


def purge(*, now: datetime) -> int:
    """Forget a batch of the answers that are older than `KEPT_FOR`; return how many."""
    return drop_some(KeptAnswer.objects.filter(created_at__lt=now - KEPT_FOR), by="created_at")


def _alone(owner: UUID, key: str) -> bool:
    # The row of a running request is not committed, so inserting ours would wait for it. The
    # lock says so without waiting, and Postgres lets go of it only once the row can be seen.
    digest = hashlib.sha256(f"idempotency:{owner}:{key}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], signed=True)]
        )
        (alone,) = cursor.fetchone()
        return bool(alone)


def _claimed(owner: UUID, key: str, fingerprint: bytes, *, now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO idempotency_keptanswer (id, owner, key, fingerprint, created_at)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (owner, key) DO NOTHING",
            [uuid7(), owner, key, fingerprint, now],
        )
        return bool(cursor.rowcount == 1)


def _object_of(kept: KeptAnswer) -> dict[str, str]:
    """Return the id of the object that the key made first, if its answer was one."""
    body = json.loads(kept.body)
    first = body.get("id") if isinstance(body, dict) else None
    return {"first_object": first} if isinstance(first, str) else {}
