"""What customers are told of what Stripe said: each answer and each end once.

What a tap has told already is not told again. What is heard of is counted on the authorization,
and so neither a repeat nor an older snapshot tells anything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from cards.authorizations.rules import Status
from cards.authorizations.rules.explanation import declined_by_network
from cards.clearing.rules import APPROVED_BY_US, Answer, Snapshot
from krak.core.money import amount_object, money
from krak.core.transactions import takes_part
from krak.notifications import services as notifications

if TYPE_CHECKING:
    from cards.authorizations.models import Authorization

ENDS: Final = {"REVERSED": "authorization.reversed", "EXPIRED": "authorization.expired"}


@dataclass(frozen=True, slots=True)
class Before:
    """An authorization as it stood before a snapshot was applied."""

    promised: bool
    status: str
    amount: Decimal
    heard: int
    decided: Mapping[int, Decimal | None]
    """What we approved, by step; None where we declined."""


@takes_part
def tell(
    snapshot: Snapshot,
    authorization: "Authorization",
    *,
    before: Before,
    held: Decimal,
    now: datetime,
) -> None:
    """Tell what a snapshot says that its customer does not know; `held` is set aside by now."""
    news = [
        *_answers(snapshot, authorization, before=before, held=held),
        *_end(snapshot, authorization, before=before),
    ]
    if news:
        notifications.keep(news, now=now)


def _answers(
    snapshot: Snapshot, authorization: "Authorization", *, before: Before, held: Decimal
) -> Iterator[notifications.Told]:
    if authorization.captured and not snapshot.ever_approved:
        # It was paid for all the same, and the capture has told so.
        return
    told = {step: approved is not None for step, approved in before.decided.items()}
    refused = False
    for step, answer in enumerate(snapshot.answers[before.heard :], before.heard):
        if told.get(step) is answer.approved:
            continue
        if not answer.approved:
            refused = True
            yield _declined(authorization, answer)
        # Our own yes is told by the tap, whether that was heard of or is still to come.
        elif held > 0 and (answer.reason != APPROVED_BY_US or step in told):
            yield _notice(authorization, "authorization.approved", answer.amount)
    if before.promised and not snapshot.ever_approved and not refused:
        yield _declined(authorization, snapshot.newest)


def _end(
    snapshot: Snapshot, authorization: "Authorization", *, before: Before
) -> Iterator[notifications.Told]:
    """Tell that what was promised is free again, if anything was and it is news."""
    kind = ENDS.get(snapshot.status)
    if kind is None or before.status != Status.PENDING:
        return
    if not (before.promised or snapshot.ever_approved):
        return
    approved = sum((each.amount for each in snapshot.answers if each.approved), Decimal(0))
    free = (before.amount if before.promised else approved) - authorization.captured
    if free > 0:
        yield _notice(authorization, kind, free)


def _declined(authorization: "Authorization", answer: Answer) -> notifications.Told:
    why = declined_by_network(answer.reason)
    return _notice(
        authorization,
        "authorization.declined",
        answer.amount,
        {"reason": why.reason, "message": why.message},
    )


def _notice(
    authorization: "Authorization",
    kind: str,
    amount: Decimal,
    more: Mapping[str, Any] | None = None,
) -> notifications.Told:
    shown = amount_object(money(amount, authorization.currency))
    return notifications.Told(
        customer_id=authorization.customer_id,
        kind=kind,
        facts={
            "authorization": authorization.shown_id,
            "amount": shown,
            **({} if kind in ENDS.values() else {"asked": shown}),
            "merchant": authorization.merchant_name,
            **(more or {}),
        },
    )
