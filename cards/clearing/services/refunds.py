"""Refunds, and refunds that the network takes back."""

from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from cards.clearing import queries as clearing
from cards.clearing.models import CardTransaction
from cards.clearing.rules import Kind, Transaction
from cards.clearing.services.keeping import entry_of, keep, moved_by, reversal_row, row_of, tell
from cards.clearing.services.standing import authorization_of, cash_of
from cards.issuing import queries as issuing
from cards.issuing.queries import Owned
from holdings.ledger import services as ledger
from holdings.lots import services as lots
from krak.approvals import services as approvals
from krak.core.errors import DomainError
from krak.core.errors import Kind as ErrorKind
from krak.core.ids import show
from krak.core.money import plain
from krak.core.transactions import takes_part, transaction
from krak.customers.models import Customer, User

if TYPE_CHECKING:
    from krak.approvals.models import Proposal

REVERSAL: Final = "clearing.reverse_refund"


class RefundNotFound(DomainError):
    """A refund that was taken back is not here."""

    code = "clearing.refund_not_found"
    title = "There is no such refund."
    kind = ErrorKind.NOT_FOUND


class RefundGone(DomainError):
    """The network took the refund back before, or this name is another transaction's."""

    code = "clearing.refund_gone"
    title = "This refund was taken back before, or the name is taken."
    kind = ErrorKind.CONFLICT


@takes_part
def refund(told: Transaction, owner: Owned, *, now: datetime) -> CardTransaction:
    """Credit a refund to a customer whose book is locked; return its row.

    Raises:
        EventRefused: it names an authorization of another customer's.
    """
    customer_id = owner.customer_id
    authorization = authorization_of(customer_id, told.authorization_stripe_id)
    row = row_of(told, owner, authorization, flags=[], now=now)
    row.group = told.authorization_stripe_id or _matching_group(told, customer_id)
    if not row.group:
        row.flags.append("unmatched_refund")
    ledger.post(entry_of(row, cash_of(customer_id, told.currency).account_id))
    lots.receive([moved_by(row)])
    keep([row], now=now)
    return row


@transaction
def propose_reversal(
    *, refund: CardTransaction, stripe_id: str, reason: str, by: User, now: datetime
) -> "Proposal":
    """Put before a second person that the network took a refund back, as Stripe calls it.

    Raises:
        RefundGone: it was taken back before.
        NotAllowed, WordsMissing, AlreadyProposed: as of `approvals.services.propose`.
    """
    if clearing.reversal_of(refund):
        raise RefundGone(refund=refund.stripe_id)
    return approvals.propose(
        kind=REVERSAL,
        subject=show(CardTransaction.PREFIX, refund.id),
        payload={
            "customer": show(Customer.PREFIX, refund.customer_id),
            "refund": refund.stripe_id,
            "amount": plain(refund.amount),
            "currency": refund.currency,
            "merchant": refund.merchant_name,
            "at_stripe": stripe_id,
        },
        reason=reason,
        by=by,
        now=now,
    )


@takes_part
def reverse_refund(*, refund_stripe_id: str, stripe_id: str, now: datetime) -> CardTransaction:
    """Undo a refund that the network took back, money and reward, once per `stripe_id`.

    No event says which refund it is: two people of the staff agree on it. Returns the reversal.

    Raises:
        RefundNotFound: there is no such refund.
        RefundGone: it was undone before under another name, or the name is taken.
    """
    refund = CardTransaction.objects.filter(stripe_id=refund_stripe_id, kind=Kind.REFUND).first()
    if refund is None:
        raise RefundNotFound(refund=refund_stripe_id)
    ledger.lock_books([refund.customer_id])
    named = CardTransaction.objects.filter(customer_id=refund.customer_id, stripe_id=stripe_id)
    before = clearing.reversal_of(refund)
    if before and before.stripe_id == stripe_id:
        return before
    if before or named.exists():
        raise RefundGone(refund=refund_stripe_id)
    row = reversal_row(refund, stripe_id=stripe_id, now=now)
    cash = cash_of(row.customer_id, row.currency)
    ledger.post(entry_of(row, cash.account_id))
    lots.spend([moved_by(row)])
    if cash_of(row.customer_id, row.currency).available < 0:
        row.flags.append("overdrawn")
    keep([row], now=now)
    tell([row], now=now)
    return row


def _matching_group(told: Transaction, customer_id: UUID) -> str:
    """Return the newest purchase at the same merchant whose eligible net covers it, or ""."""
    groups = (
        CardTransaction.objects.filter(
            customer_id=customer_id,
            kind=Kind.CAPTURE,
            currency=told.currency,
            merchant_network_id=told.merchant_network_id,
        )
        .exclude(merchant_network_id="")
        .order_by("-event_at", "-id")
        .values_list("group", flat=True)
    )
    policy = issuing.policy_in_force(
        customer_id=customer_id, currency=told.currency, at=told.event_at
    )
    for group in dict.fromkeys(groups):
        purchase = clearing.purchase(customer_id=customer_id, group=group)
        if purchase and purchase.net(frozenset(policy.unrewarded_mccs)) >= told.amount:
            return str(group)
    return ""
