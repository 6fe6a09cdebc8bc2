"""An authorization is brought to what Stripe says of it."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db.models import Sum

from cards.authorizations.models import Authorization, Decision
from cards.authorizations.services import raise_cash
from cards.clearing.rules import Snapshot, hold_target
from cards.clearing.services.standing import (
    cash_of,
    held_of,
    owner_of,
    set_hold,
    touch,
)
from cards.issuing.models import CardDirectory
from holdings.ledger import services as ledger
from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part

FLOAT_EMPTY: Final = "insufficient_funds"
"""Stripe's word, and about *our* balance there: the customer's was not even asked for."""
NETWORK_REASONS: Final = ("webhook_timeout", "webhook_error", "network_fallback")


@takes_part
def apply_snapshot(snapshot: Snapshot, *, now: datetime) -> None:
    """Bring an authorization to what Stripe says of it; an older snapshot than the last is ignored.

    Raises:
        CardNotOurs: the card is unknown.
    """
    owner = owner_of(snapshot.card_stripe_id)
    customer_id = owner.customer_id
    ledger.lock_books([customer_id])
    known = Authorization.objects.filter(
        customer_id=customer_id, stripe_id=snapshot.stripe_id
    ).first()
    if known and known.last_event_at and snapshot.event_at < known.last_event_at:
        return
    authorization = known or _record(snapshot, owner, now=now)
    promised = known is not None and known.approved
    authorization.status = snapshot.status
    authorization.steps = max(authorization.steps, snapshot.steps)
    flags: list[str] = []
    if not snapshot.approved and not snapshot.first_approved:
        if promised:
            flags.append(snapshot.reason)
        authorization.approved = False
        set_hold(customer_id, authorization, Decimal(0), now=now)
    else:
        _follow(authorization, snapshot, promised=promised, flags=flags, now=now)
    if known is None and not snapshot.approved and snapshot.reason == FLOAT_EMPTY:
        outbox.promise(
            "treasury.float_empty",
            {"currency": snapshot.currency, "authorization": snapshot.stripe_id},
        )
    authorization.amount = snapshot.amount
    touch(authorization, flags, event_at=snapshot.event_at, now=now)
    ledger.touch(customer_id=customer_id)


def _record(snapshot: Snapshot, owner: CardDirectory, *, now: datetime) -> Authorization:
    return Authorization(
        id=uuid7(),
        customer_id=owner.customer_id,
        card_id=owner.card_id,
        stripe_id=snapshot.stripe_id,
        currency=snapshot.currency,
        approved=False,
        amount=snapshot.amount,
        merchant_name=snapshot.merchant_name,
        merchant_network_id=snapshot.merchant_network_id,
        merchant_country=snapshot.merchant_country,
        mcc=snapshot.mcc,
        created_at=now,
        updated_at=now,
    )


def _follow(
    authorization: Authorization,
    snapshot: Snapshot,
    *,
    promised: bool,
    flags: list[str],
    now: datetime,
) -> None:
    """Set aside what an approved authorization needs; one approved without us is adopted."""
    customer_id = authorization.customer_id
    target = hold_target(
        status=snapshot.status,
        amount=snapshot.amount,
        captured=authorization.captured,
        unseen_increments=_approved_since(authorization, snapshot.steps),
    )
    if not promised and snapshot.approved:
        flags.append(snapshot.reason if snapshot.reason in NETWORK_REASONS else "adopted")
        authorization.approved = True
        cash = cash_of(customer_id, authorization.currency)
        raise_cash(
            customer_id=customer_id,
            currency=authorization.currency,
            shortfall=target - held_of(customer_id, authorization) - cash.available,
            cause=f"adoption:{authorization.stripe_id}:{snapshot.steps}",
            now=now,
        )
    set_hold(customer_id, authorization, target, now=now)
    if not promised and cash_of(customer_id, authorization.currency).available < 0:
        flags.append("overdrawn")


def _approved_since(authorization: Authorization, steps: int) -> Decimal:
    """Return what we approved in steps that a snapshot of `steps` requests does not reflect."""
    total: Decimal = Decision.objects.filter(
        customer_id=authorization.customer_id, authorization_id=authorization.id, step__gte=steps
    ).aggregate(total=Sum("approved_amount", default=Decimal(0)))["total"]
    return total
