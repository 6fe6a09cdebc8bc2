"""Requests that are declined without a customer's book: unknown card, busy or broken."""

import logging
from dataclasses import fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from cards.authorizations.models import Decision, StrayRequest
from cards.authorizations.rules.decision import AuthorizationRequest, Decline, Verdict, answer_of
from krak.core.ids import show, uuid7
from krak.core.money import plain
from krak.core.patience import answered_by

logger = logging.getLogger(__name__)


def stored_request(request: AuthorizationRequest) -> dict[str, Any]:
    """Return what is kept of a request."""
    values = ((field.name, getattr(request, field.name)) for field in fields(request))
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values}


def stray(request: AuthorizationRequest, reason: Decline, *, by: float) -> dict[str, Any]:
    """Decline without a book, and keep the answer; a repeat gets the one that was kept.

    What cannot be kept by a moment, of `time.monotonic`, is answered all the same.
    """
    stray_id = uuid7()
    answer = stray_answer(stray_id, reason)
    logger.warning("authorization %s: declined, %s", request.stripe_id, reason)
    row = StrayRequest(
        id=stray_id,
        stripe_id=request.stripe_id,
        step=request.step,
        card_stripe_id=request.card_stripe_id,
        reason=reason,
        request=stored_request(request),
        answer=answer,
    )
    try:
        with answered_by(by):
            return _kept(row)
    except DatabaseError:
        logger.exception("authorization %s: the answer could not be kept", request.stripe_id)
        return answer


def stray_answer(stray_id: UUID, reason: Decline) -> dict[str, Any]:
    """Return the answer that declines a request without a book."""
    nothing = Verdict(reason, Decimal(0), Decimal(0), Decimal(0), Decimal(0), ())
    return answer_of(nothing, decision_id=show("dec", stray_id), amount_minor=0)


def _kept(row: StrayRequest) -> dict[str, Any]:
    """Keep a stray's answer, unless the same request was answered meanwhile: return what stands."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT authorizations_lock_request(%s, %s)", [row.stripe_id, row.step])
        decided = Decision.objects.filter(
            authorization__stripe_id=row.stripe_id, step=row.step
        ).first()
        if decided is not None:
            answer: dict[str, Any] = decided.answer
            return answer
        StrayRequest.objects.bulk_create([row], ignore_conflicts=True)
        kept = StrayRequest.objects.get(stripe_id=row.stripe_id, step=row.step)
        first: dict[str, Any] = kept.answer
        return first
