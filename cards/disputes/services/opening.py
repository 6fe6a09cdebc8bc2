"""What owners do with a dispute before the network decides: open, submit, withdraw."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.conf import settings

from cards.clearing.rules import Kind
from cards.disputes import queries
from cards.disputes.models import Dispute, Reason, Status
from cards.disputes.services.notices import tell_owner
from holdings.ledger import services as ledger
from krak.core import errors
from krak.core.errors import DomainError
from krak.core.ids import uuid7
from krak.core.money import at_places, is_exact, places_of
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part, transaction

if TYPE_CHECKING:
    from cards.clearing.models import CardTransaction

MOST_EXPIRED_AT_ONCE: Final = 1000


class NotDisputable(DomainError):
    """What was disputed is a refund, or nothing of it is left to dispute."""

    code = "disputes.not_disputable"
    title = "There is nothing to dispute: it is a refund, or was refunded or disputed already."
    kind = errors.Kind.REFUSED


class AlreadyDisputed(DomainError):
    """A purchase is disputed once."""

    code = "disputes.already_disputed"
    title = "This purchase is disputed already."
    kind = errors.Kind.CONFLICT


class TooLate(DomainError):
    """The network's time for disputes of this purchase is over."""

    code = "disputes.too_late"
    title = "The time to dispute this purchase is over."
    kind = errors.Kind.REFUSED


class TooMuch(DomainError):
    """More is disputed than was paid and not refunded."""

    code = "disputes.too_much"
    title = "A dispute is at most of what was paid and not refunded."
    kind = errors.Kind.REFUSED


class AmountTooFine(DomainError):
    """The amount has more decimals than its currency."""

    code = "disputes.amount_too_fine"
    title = "The amount has more decimals than the card's currency."


class NotOpen(DomainError):
    """What was asked for comes too late in the life of a dispute."""

    code = "disputes.not_open"
    title = "The dispute is past that."
    kind = errors.Kind.CONFLICT


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says of a purchase; `amount` in its currency, None for all that is left."""

    reason: Reason
    explanation: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    amount: Decimal | None = None


@takes_part
def open_dispute(
    *, customer_id: UUID, purchase: "CardTransaction", claim: Claim, now: datetime
) -> Dispute:
    """Keep what a customer claims of a cleared purchase of theirs; nobody is told yet.

    Raises:
        NotDisputable, AlreadyDisputed, TooLate, TooMuch, AmountTooFine: why it cannot be opened.
    """
    ledger.lock_books([customer_id])
    if purchase.kind != Kind.CAPTURE:
        raise NotDisputable
    if earlier := queries.standing_disputes(purchase).first():
        raise AlreadyDisputed(dispute=earlier.shown_id)
    deadline = deadline_of(purchase)
    if now > deadline:
        raise TooLate(deadline_at=deadline.isoformat())
    dispute = Dispute.objects.create(
        id=uuid7(),
        customer_id=customer_id,
        transaction=purchase,
        reason=claim.reason,
        explanation=claim.explanation,
        evidence=dict(claim.evidence),
        amount=_amount(purchase, claim.amount),
        currency=purchase.currency,
        opened_at=now,
        deadline_at=deadline,
        created_at=now,
    )
    tell_owner(dispute)
    return dispute


def deadline_of(purchase: "CardTransaction") -> datetime:
    """Return until when a purchase can be disputed.

    Source: Stripe, "Issuing disputes": the window closes 110 days after the transaction.
    """
    return purchase.event_at + timedelta(days=settings.DISPUTE_DAYS)


def _amount(purchase: "CardTransaction", asked: Decimal | None) -> Decimal:
    most = queries.disputable(purchase)
    if most <= 0:
        raise NotDisputable
    if asked is None:
        return most
    places = places_of(purchase.currency)
    if not is_exact(asked, places):
        raise AmountTooFine
    if asked > most:
        raise TooMuch(most={"amount": at_places(most, places), "currency": purchase.currency})
    return asked


@takes_part
def submit(*, dispute: Dispute, now: datetime) -> Dispute:
    """Send an open dispute to the network, for good; a job tells Stripe.

    Raises:
        NotOpen: it was submitted, was withdrawn or ran out.
        TooLate: its deadline has passed.
        TooMuch: what was disputed has been refunded since; withdraw it and open another.
    """
    dispute = _locked(dispute)
    if dispute.status != Status.OPEN:
        raise NotOpen(status=dispute.status.lower())
    if dispute.deadline_at is not None and now > dispute.deadline_at:
        raise TooLate(deadline_at=dispute.deadline_at.isoformat())
    _amount(dispute.transaction, dispute.amount)
    dispute.sent_at, dispute.revision = now, dispute.revision + 1
    dispute.save(update_fields=["sent_at", "revision"])
    outbox.promise("disputes.tell", {"dispute": str(dispute.id)})
    return dispute


@takes_part
def withdraw(*, dispute: Dispute, now: datetime) -> Dispute:
    """End a dispute that Stripe has not been asked to make, or refused; again changes nothing.

    Raises:
        NotOpen: Stripe has it, or it has ended otherwise.
    """
    dispute = _locked(dispute)
    if dispute.status == Status.WITHDRAWN:
        return dispute
    is_here = not dispute.stripe_id and (dispute.asked_at is None or dispute.refusal)
    if not is_here or dispute.status not in {Status.OPEN, Status.SENT, Status.REFUSED}:
        raise NotOpen(status=dispute.status.lower())
    dispute.withdrawn_at = now
    dispute.save(update_fields=["withdrawn_at"])
    return dispute


def expire(*, now: datetime) -> int:
    """End open disputes whose deadline has passed; return how many."""
    due = Dispute.objects.filter(
        deadline_at__lt=now, sent_at=None, stripe_id="", withdrawn_at=None, expired_at=None
    ).order_by("deadline_at")[:MOST_EXPIRED_AT_ONCE]
    ended = 0
    for dispute_id, customer_id in due.values_list("id", "customer_id"):
        with transaction():
            ledger.lock_books([customer_id])
            ended += Dispute.objects.filter(
                id=dispute_id, sent_at=None, stripe_id="", withdrawn_at=None, expired_at=None
            ).update(expired_at=now)
    return ended


def _locked(dispute: Dispute) -> Dispute:
    ledger.lock_books([dispute.customer_id])
    return Dispute.objects.select_related("transaction").get(id=dispute.id)
