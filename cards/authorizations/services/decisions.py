"""Decide on authorization requests: read one snapshot, think, compare and post.

Two round trips to Postgres when nobody interferes. No lock is held while Python thinks; a
book that moved meanwhile is read again, at most three times, the last one locked first.
"""

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from django.conf import settings
from django.db import OperationalError, connection, transaction

from cards.authorizations.rules.decision import AuthorizationRequest, Decline, decide
from cards.authorizations.rules.facts import facts_of, prices_of
from cards.authorizations.services.posting import posting_of
from cards.authorizations.services.strays import stray, stray_answer
from fx.prices import live
from krak.core.functions import call
from krak.core.ids import uuid7
from krak.core.patience import NoAnswer, answered_by
from krak.notifications.waking import wake_soon

logger = logging.getLogger(__name__)

ATTEMPTS: Final = 3
DEADLINE_SECONDS: Final = 1.0
"""Of Stripe's 2 s and our own 1.2 s: what is left is for the way back."""
_OWNER: Final = "(SELECT customer_id FROM issuing_carddirectory WHERE stripe_id = %s::text)"
PATIENCE_SECONDS: Final = 1.1
"""A database that says nothing is given up a little after it would refuse to post anyway."""
KEEPING_SECONDS: Final = 0.1
"""A decline that is not kept by so much later goes out all the same."""


class _Deadline:
    """When an answer must be posted, by the database's clock: ours may be another host's.

    The two are compared once, when the first snapshot arrives; its way back counts as ours.
    """

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.patience_ends = self.began + PATIENCE_SECONDS
        self.keeping_ends = self.patience_ends + KEEPING_SECONDS
        self.at: datetime | None = None

    def read(self, snapshot: dict[str, Any]) -> datetime:
        """Return the moment after which nothing is posted any more."""
        if self.at is None:
            left = DEADLINE_SECONDS - (time.monotonic() - self.began)
            self.at = datetime.fromisoformat(snapshot["read_at"]) + timedelta(seconds=left)
        return self.at


class _Moved(Exception):
    """The customer's book moved between snapshot and posting."""


class _Late(Exception):
    """The deadline passed before the decision could be posted."""


def authorize(request: AuthorizationRequest, *, now: datetime) -> dict[str, Any]:
    """Answer a request, with everything that follows from the answer committed.

    Returns the body for Stripe. The same (authorization, step) gets the first answer again.
    When the book cannot be had in time the answer is `system_busy`, when anything unexpected
    happens `system_error`; neither leaves a hold.
    """
    deadline = _Deadline()
    try:
        with answered_by(deadline.patience_ends):
            return _decided(request, now=now, deadline=deadline)
    except _Late:
        return stray(request, Decline.SYSTEM_BUSY, by=deadline.keeping_ends)
    except NoAnswer as error:
        # Whatever was sent is past its deadline when it is read, and nobody keeps the answer.
        return _unkept(request, Decline.SYSTEM_BUSY, error)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) in {"55P03", "57014"}:
            return stray(request, Decline.SYSTEM_BUSY, by=deadline.keeping_ends)
        return _broken(request, error, deadline=deadline)
    except Exception as error:  # noqa: BLE001 - the till gets an answer and we an alarm
        return _broken(request, error, deadline=deadline)


def _broken(
    request: AuthorizationRequest, error: Exception, *, deadline: _Deadline
) -> dict[str, Any]:
    if connection.connection is None:
        # There was no connecting, and there is no time to try again.
        return _unkept(request, Decline.SYSTEM_ERROR, error)
    logger.error("authorization %s: something broke", request.stripe_id, exc_info=error)
    connection.close_if_unusable_or_obsolete()
    return stray(request, Decline.SYSTEM_ERROR, by=deadline.keeping_ends)


def _unkept(request: AuthorizationRequest, reason: Decline, error: Exception) -> dict[str, Any]:
    logger.error("authorization %s: no database", request.stripe_id, exc_info=error)
    return stray_answer(uuid7(), reason)


def _decided(
    request: AuthorizationRequest, *, now: datetime, deadline: _Deadline
) -> dict[str, Any]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer, told = _attempt(request, now=now, deadline=deadline, lock=attempt == ATTEMPTS)
        except _Moved:
            logger.info("authorization %s: the book moved", request.stripe_id)
        else:
            if told is not None:
                wake_soon(told)
            return answer
    raise _Late


def _attempt(
    request: AuthorizationRequest, *, now: datetime, deadline: _Deadline, lock: bool
) -> tuple[dict[str, Any], UUID | None]:
    """Return the answer, and the customer who was told of a new decision."""
    if not lock:
        return _decide_once(request, now=now, deadline=deadline)
    with transaction.atomic():
        return _decide_once(request, now=now, deadline=deadline, lock=True)


def _decide_once(
    request: AuthorizationRequest, *, now: datetime, deadline: _Deadline, lock: bool = False
) -> tuple[dict[str, Any], UUID | None]:
    snapshot = read_snapshot(
        request.card_stripe_id, stripe_id=request.stripe_id, step=request.step, now=now, lock=lock
    )
    if snapshot is None:
        return stray(request, Decline.UNKNOWN_CARD, by=deadline.keeping_ends), None
    deadline.read(snapshot)
    if snapshot["repeat"] is not None:
        return snapshot["repeat"], None
    currency = snapshot["card"]["currency"]
    if request.currency != currency:
        logger.error(
            "authorization %s: %s on a card in %s", request.stripe_id, request.currency, currency
        )
        return stray(request, Decline.SYSTEM_ERROR, by=deadline.keeping_ends), None
    board = live.current()
    prices = prices_of(snapshot["balances"], board=board, currency=currency, now=now)
    facts = facts_of(snapshot, prices, livemode=request.livemode, ours=settings.STRIPE_LIVEMODE)
    verdict = decide(request, facts)
    posting = posting_of(request, verdict, snapshot=snapshot, prices=prices, board=board, now=now)
    _settle(snapshot, posting, deadline=deadline.read(snapshot))
    return posting["decision"]["answer"], UUID(snapshot["customer"])


def read_snapshot(
    card_stripe_id: str, *, stripe_id: str, step: int, now: datetime, lock: bool = False
) -> dict[str, Any] | None:
    """Return all that a decision on a card reads, at one moment; None when the card is unknown.

    With `lock` the customer's book is locked first, for the rest of the caller's transaction.
    """
    function = "authorizations_locked_snapshot" if lock else "authorizations_snapshot"
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    customer, owner = _OWNER, card_stripe_id
    if settings.DISTRIBUTED:
        # Only a customer that is there already says on which node the function has to run.
        customer, owner = "%s::uuid", call(f"SELECT {_OWNER}", [card_stripe_id])
    text = call(
        f"SELECT {function}({customer}, %s::text, %s::text, %s::int, %s::timestamptz,"
        " %s::timestamptz)",
        [owner, card_stripe_id, stripe_id, step, now, today],
    )
    return None if text is None else orjson.loads(text)


def _settle(snapshot: dict[str, Any], posting: dict[str, Any], *, deadline: datetime) -> None:
    result = call(
        "SELECT authorizations_settle(%s::uuid, %s::bigint, %s::timestamptz, %s::jsonb)",
        [snapshot["customer"], snapshot["version"], deadline, orjson.dumps(posting).decode()],
    )
    if result == "MOVED":
        raise _Moved
    if result == "LATE":
        raise _Late
