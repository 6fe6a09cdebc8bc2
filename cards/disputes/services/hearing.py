"""Bring a dispute's money to where the dispute stands: each event once, in any order."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Sum

from cards.authorizations.services import raise_cash
from cards.clearing import queries as clearing_reads
from cards.clearing import services as clearing
from cards.clearing.rules import Kind as TransactionKind
from cards.disputes.models import Dispute
from cards.disputes.rules import CLOSED, COLUMN_OF, REINSTATED, SUBMITTED, Said, Standing, standing
from cards.disputes.services.notices import tell_owner
from cards.issuing import queries as issuing
from cards.issuing.events import EventRefused, EventWaits
from holdings.ledger import services as ledger
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from holdings.lots import services as lots
from krak.cases import services as cases
from krak.core.errors import Kind
from krak.core.ids import MalformedId, read, uuid7
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part

if TYPE_CHECKING:
    from cards.clearing.models import CardTransaction

HEARD: Final = (
    "stripe_id", "amount", "submitted_at", "lost_at", "reinstated_at", "rescinded_at",
    "expired_at", "reinstated_amount", "credited", "from_suspense", "from_network", "movements",
)  # fmt: skip
"""What events change; the rest is the owner's, or of the job that speaks to Stripe."""


class TransactionNotSeen(EventWaits):
    """A dispute names a transaction that has not arrived yet; it is applied when it has."""

    code = "disputes.transaction_not_seen"
    title = "The disputed transaction has not arrived yet."
    kind = Kind.NOT_FOUND


@dataclass(frozen=True, slots=True)
class DisputeEvent:
    """What Stripe says of a dispute; `amount` in the card's currency, `own_id` ours or ""."""

    type: str
    stripe_id: str
    transaction_stripe_id: str
    amount: Decimal
    currency: str
    status: str
    own_id: str
    event_at: datetime


@takes_part
def apply_event(event: DisputeEvent, *, now: datetime) -> None:
    """Note what was said and move what follows from all that was said; a repeat moves nothing.

    Raises:
        TransactionNotSeen: the disputed capture is not here yet.
        EventRefused: the event contradicts the transaction it names.
    """
    disputed = clearing_reads.transaction_named(event.transaction_stripe_id)
    if disputed is None:
        raise TransactionNotSeen(waits_for=event.transaction_stripe_id)
    _require_disputable(event, disputed)
    ledger.lock_books([disputed.customer_id])
    cases.settle_case(
        kind=TransactionNotSeen.code,
        subject=event.stripe_id,
        reason="The transaction has arrived and the dispute was applied.",
        now=now,
    )
    dispute = _dispute(event, disputed, now=now)
    stood = dispute.status
    column = COLUMN_OF[event.type]
    if event.type == CLOSED and event.status != "lost":
        if event.status == "expired" and dispute.expired_at is None:
            dispute.expired_at = event.event_at
        _keep(dispute)
        return
    if getattr(dispute, column) is None:
        setattr(dispute, column, event.event_at)
    if event.type == REINSTATED:
        dispute.reinstated_amount = event.amount
    elif event.type == SUBMITTED or dispute.submitted_at is None:
        dispute.amount = event.amount
    _move(dispute, disputed, now=now)
    _keep(dispute)
    if dispute.status != stood:
        tell_owner(dispute)
    _note_won(disputed)
    _look_for_overdraft(dispute, now=now)
    if disputed.group:
        outbox.promise(
            "cashback.settle", {"customer": str(disputed.customer_id), "group": disputed.group}
        )


def _require_disputable(event: DisputeEvent, disputed: "CardTransaction") -> None:
    if disputed.kind != TransactionKind.CAPTURE:
        raise EventRefused("only a capture can be disputed")
    if event.currency != disputed.currency:
        raise EventRefused(f"a dispute in {event.currency} of {disputed.currency}")
    if event.type == SUBMITTED and event.amount > disputed.amount:
        raise EventRefused("more is disputed than was captured")


def _look_for_overdraft(dispute: Dispute, *, now: datetime) -> None:
    """Put a customer before staff whom a lost dispute left with less than nothing."""
    if dispute.movements and not dispute.credited:
        clearing.look_for_overdraft(
            subject=dispute.stripe_id,
            customer_id=dispute.customer_id,
            about=dispute,
            amount=dispute.amount,
            currency=dispute.currency,
            now=now,
        )


def _note_won(disputed: "CardTransaction") -> None:
    """Keep what all disputes of a transaction have won: what was disputed, not what came back."""
    won: Decimal = Dispute.objects.filter(
        customer_id=disputed.customer_id,
        transaction=disputed,
        reinstated_at__isnull=False,
        rescinded_at=None,
    ).aggregate(total=Sum("amount", default=Decimal(0)))["total"]
    clearing.note_won(transaction_id=disputed.id, amount=won)


def _dispute(event: DisputeEvent, disputed: "CardTransaction", *, now: datetime) -> Dispute:
    """Return the dispute that an event speaks of: a known one, one that was opened here, or new."""
    of_capture = Dispute.objects.filter(customer_id=disputed.customer_id, transaction=disputed)
    if found := of_capture.filter(stripe_id=event.stripe_id).first():
        return found
    if own := _own(event):
        # Stripe has made it, and the job that asked for it has not been answered yet.
        opened = of_capture.filter(id=own, stripe_id="", sent_at__isnull=False, withdrawn_at=None)
        if found := opened.first():
            found.stripe_id = event.stripe_id
            return found
    return Dispute(
        id=uuid7(),
        customer_id=disputed.customer_id,
        transaction=disputed,
        stripe_id=event.stripe_id,
        amount=event.amount,
        currency=disputed.currency,
        created_at=now,
    )


def _own(event: DisputeEvent) -> UUID | None:
    try:
        return read(Dispute.PREFIX, event.own_id)
    except MalformedId:
        return None


def _keep(dispute: Dispute) -> None:
    """Write what was heard and nothing else: a job may be telling Stripe at this moment."""
    is_new = not Dispute.objects.filter(id=dispute.id, customer_id=dispute.customer_id).update(
        **{name: getattr(dispute, name) for name in HEARD}
    )
    if is_new:
        dispute.save(force_insert=True)


def _move(dispute: Dispute, disputed: "CardTransaction", *, now: datetime) -> None:
    """Post the difference between where the dispute stands and what has moved for it."""
    policy = issuing.policy_in_force(
        customer_id=dispute.customer_id, currency=dispute.currency, at=dispute.created_at
    )
    target = standing(
        Said(
            submitted=dispute.submitted_at is not None,
            lost=dispute.lost_at is not None,
            reinstated=dispute.reinstated_at is not None,
            rescinded=dispute.rescinded_at is not None,
        ),
        amount=dispute.amount,
        reinstated=dispute.reinstated_amount,
        provisional=policy.provisional_credit,
    )
    account = ledger.account_of(customer_id=dispute.customer_id, currency=dispute.currency)
    legs = _legs(dispute, target, account.id)
    if not legs:
        return
    taken = dispute.credited - target.credited
    if taken > 0 and policy.sell_at_capture:
        raise_cash(
            customer_id=dispute.customer_id,
            currency=dispute.currency,
            shortfall=taken - (account.posted - account.held),
            cause=f"dispute:{dispute.stripe_id}:{dispute.movements}",
            now=now,
        )
    entry = Entry(
        id=uuid7(),
        customer_id=dispute.customer_id,
        cause=f"dispute:{dispute.stripe_id}:{dispute.movements}",
        kind="DISPUTE",
        event_at=now,
        created_at=now,
        legs=legs,
        details={
            "dispute": dispute.stripe_id,
            "transaction": disputed.stripe_id,
            "merchant": disputed.merchant_name,
        },
    )
    ledger.post(entry)
    if taken:
        follow = lots.spend if taken > 0 else lots.receive
        follow([lots.Moved(dispute.customer_id, dispute.currency, abs(taken), entry.id, now)])
    dispute.movements += 1
    dispute.credited, dispute.from_suspense, dispute.from_network = (
        target.credited,
        target.from_suspense,
        target.from_network,
    )


def _legs(dispute: Dispute, target: Standing, account: UUID) -> tuple[Leg, ...]:
    credited = target.credited - dispute.credited
    suspense = target.from_suspense - dispute.from_suspense
    network = target.from_network - dispute.from_network
    result = suspense + network - credited
    currency = dispute.currency
    legs = []
    if credited:
        side = CREDIT if credited > 0 else DEBIT
        legs.append(Leg(side, currency, abs(credited), account=account, forced=credited < 0))
    for house, debited in (
        ("SUSPENSE", suspense),
        ("CARD_SETTLEMENT", network),
        ("DISPUTE_RESULT", -result),
    ):
        if debited:
            side = DEBIT if debited > 0 else CREDIT
            legs.append(Leg(side, currency, abs(debited), house=house))
    return tuple(legs)
