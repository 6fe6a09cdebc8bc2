"""An authorization is brought to what Stripe says of it."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from cards.authorizations import queries as authorizations
from cards.authorizations.rules.explanation import Heard
from cards.authorizations.services import Standing, bring, never_seen, raise_cash
from cards.clearing.rules import Snapshot, hold_target
from cards.clearing.services.keeping import flag_captures
from cards.clearing.services.standing import (
    UNSEEN,
    authorization_of,
    cash_of,
    held_of,
    open_cases,
    owner_of,
    set_hold,
)
from cards.clearing.services.telling import Before, tell
from cards.issuing.queries import Owned
from holdings.ledger import queries as ledger_reads
from holdings.ledger import services as ledger
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part

if TYPE_CHECKING:
    from cards.authorizations.models import Authorization


@takes_part
def apply_snapshot(snapshot: Snapshot, *, now: datetime) -> None:
    """Bring an authorization to what Stripe says of it; an older snapshot than the last is ignored.

    What was captured before anything was told of it is judged when the first snapshot comes.

    Raises:
        CardNotOurs: the card is unknown.
        EventRefused: the snapshot contradicts the card or the authorization it names.
    """
    owner = owner_of(snapshot.card_stripe_id, currency=snapshot.currency)
    customer_id = owner.customer_id
    ledger.lock_books([customer_id])
    known = authorization_of(customer_id, snapshot.stripe_id)
    if known and _is_stale(snapshot, known):
        return
    captured_on_declined = known is not None and _is_declined_now(snapshot, known)
    authorization = known or _record(snapshot, owner, now=now)
    before = Before(
        promised=known is not None and known.approved,
        status=authorization.status,
        amount=authorization.amount,
        heard=authorization.steps,
        decided=authorizations.approved_by_step(authorization),
    )
    unseen = _approved(before, since=snapshot.steps)
    flags: list[str] = []
    if snapshot.ever_approved:
        approved = _follow(
            authorization, snapshot, before=before, unseen=unseen, flags=flags, now=now
        )
    else:
        approved = False
        if before.promised and snapshot.reason:
            flags.append(snapshot.reason)
        if captured_on_declined:
            flag_captures(authorization, "capture_on_declined", now=now)
        set_hold(customer_id, authorization, Decimal(0), now=now)
    if snapshot.found_float_empty(since=before.heard):
        outbox.promise(
            "treasury.float_empty",
            {"currency": snapshot.currency, "authorization": snapshot.stripe_id},
        )
    bring(
        authorization,
        Standing(
            status=snapshot.status,
            approved=approved,
            amount=snapshot.amount + unseen,
            heard=Heard(snapshot.steps, snapshot.newest.approved, snapshot.newest.reason),
            flags=[*flags, "capture_on_declined"] if captured_on_declined else flags,
            event_at=snapshot.event_at,
        ),
        now=now,
    )
    tell(
        snapshot, authorization, before=before, held=held_of(customer_id, authorization), now=now
    )  # fmt: skip
    open_cases(
        flags,
        subject=snapshot.stripe_id,
        customer_id=customer_id,
        about=authorization,
        amount=snapshot.amount,
        currency=snapshot.currency,
        now=now,
        merchant=snapshot.merchant_name,
        reason=snapshot.reason,
    )
    ledger.touch(customer_id=customer_id)


def _is_declined_now(snapshot: Snapshot, known: "Authorization") -> bool:
    """Tell whether what was captured unseen turns out to have been declined."""
    return not snapshot.ever_approved and UNSEEN in known.flags and known.snapshot_at is None


def _is_stale(snapshot: Snapshot, known: "Authorization") -> bool:
    """Tell whether a snapshot is older than what was applied of its authorization.

    An end is held against snapshots alone: what was captured after it does not undo it. Stripe
    tells the time in seconds: of two events of one second, what has ended stays ended, and the one
    that reflects more requests is the newer.
    """
    if _is_declined_now(snapshot, known):
        return False
    newest = known.last_event_at if snapshot.status == "PENDING" else known.snapshot_at
    if newest is None or snapshot.event_at > newest:
        return False
    if snapshot.event_at < newest:
        return True
    has_ended = known.status != "PENDING" and snapshot.status == "PENDING"
    return has_ended or snapshot.steps < known.steps


def _record(snapshot: Snapshot, owner: Owned, *, now: datetime) -> "Authorization":
    return never_seen(
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
        now=now,
    )


def _follow(
    authorization: "Authorization",
    snapshot: Snapshot,
    *,
    before: Before,
    unseen: Decimal,
    flags: list[str],
    now: datetime,
) -> bool:
    """Set aside what an approved authorization needs; what was approved without us is adopted.

    That may be the whole authorization or an increment. What more is to be held is sold for.
    Returns whether it is approved by now.
    """
    customer_id, currency = authorization.customer_id, authorization.currency
    target = hold_target(
        status=snapshot.status,
        amount=snapshot.amount,
        captured=authorization.captured,
        unseen_increments=unseen,
    )
    more = target - held_of(customer_id, authorization)
    ours = _approved(before) - unseen
    adopted = snapshot.approved and (not before.promised or (more > 0 and snapshot.amount > ours))
    if adopted:
        flags.extend(snapshot.reasons_without_us())
    if more > 0:
        raise_cash(
            customer_id=customer_id,
            currency=currency,
            shortfall=more - cash_of(customer_id, currency).available,
            cause=_adoption(customer_id, authorization.stripe_id),
            now=now,
        )
    set_hold(customer_id, authorization, target, now=now)
    if flags and cash_of(customer_id, currency).available < 0:
        flags.append("overdrawn")
    return authorization.approved or adopted


def _adoption(customer_id: UUID, stripe_id: str) -> str:
    """Return the cause of what is sold now; an authorization may grow without us several times."""
    cause = f"adoption:{stripe_id}:"
    return f"{cause}{ledger_reads.count_causes(customer_id=customer_id, beginning=cause)}"


def _approved(before: Before, *, since: int = 0) -> Decimal:
    """Return what we approved of an authorization, from a step on."""
    approved = (amount for step, amount in before.decided.items() if step >= since)
    return sum(filter(None, approved), Decimal(0))
