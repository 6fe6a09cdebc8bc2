"""Keep what the network says of authorizations: who hears it decides, here it is written down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from cards.authorizations.models import Authorization
from cards.authorizations.rules.explanation import Heard
from krak.core.ids import uuid7
from krak.core.rows import save_row, write_rows
from krak.core.transactions import takes_part


def never_seen(
    *,
    customer_id: UUID,
    card_id: UUID,
    stripe_id: str,
    currency: str,
    approved: bool,
    amount: Decimal,
    merchant_name: str,
    merchant_network_id: str,
    mcc: str,
    now: datetime,
    merchant_country: str = "",
) -> Authorization:
    """Return the row of an authorization that nobody asked us for, not saved."""
    return Authorization(
        id=uuid7(),
        customer_id=customer_id,
        card_id=card_id,
        stripe_id=stripe_id,
        currency=currency,
        approved=approved,
        amount=amount,
        merchant_name=merchant_name,
        merchant_network_id=merchant_network_id,
        merchant_country=merchant_country,
        mcc=mcc,
        created_at=now,
        updated_at=now,
    )


@takes_part
def record(unseen: Sequence[Authorization]) -> None:
    """Keep what `never_seen` made."""
    Authorization.objects.bulk_create(unseen)


@dataclass(frozen=True, slots=True)
class Captured:
    """What was captured of an authorization, and what is odd about that."""

    authorization: Authorization
    amount: Decimal
    flags: Sequence[str]
    event_at: datetime


@takes_part
def note_captured(captures: Iterable[Captured], *, now: datetime) -> None:
    """Add captures to their authorizations, of as many customers, whose books are locked."""
    rows = []
    for each in captures:
        each.authorization.captured += each.amount
        _touch(each.authorization, each.flags, event_at=each.event_at, now=now)
        rows.append(each.authorization)
    write_rows(rows, ["captured", "flags", "last_event_at", "updated_at"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an authorization stands by a snapshot of `event_at`; `flags` are those it adds."""

    status: str
    approved: bool
    amount: Decimal
    heard: Heard
    flags: Sequence[str]
    event_at: datetime


@takes_part
def bring(authorization: Authorization, standing: Standing, *, now: datetime) -> None:
    """Bring an authorization, known or `never_seen`, to where it stands; its book is locked.

    What was heard of more requests before stays.
    """
    authorization.status = standing.status
    authorization.approved = standing.approved
    authorization.amount = standing.amount
    if standing.heard.steps >= authorization.steps:
        authorization.steps = standing.heard.steps
        authorization.network_approved = standing.heard.approved
        authorization.network_reason = standing.heard.reason
    _touch(authorization, standing.flags, event_at=standing.event_at, now=now)
    authorization.snapshot_at = standing.event_at
    save_row(authorization)


def _touch(
    authorization: Authorization, flags: Iterable[str], *, event_at: datetime, now: datetime
) -> None:
    authorization.flags = sorted({*authorization.flags, *flags})
    authorization.last_event_at = max(event_at, authorization.last_event_at or event_at)
    authorization.updated_at = now
