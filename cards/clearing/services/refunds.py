"""Refunds, and refunds that the network takes back."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from cards.clearing import queries as clearing
from cards.clearing.models import CardTransaction, Kind
from cards.clearing.rules import Transaction
from cards.clearing.services.keeping import entry_of, keep, owe_cashback, row_of
from cards.clearing.services.standing import authorization_of, cash_of, open_cases
from cards.issuing import queries as issuing
from cards.issuing.models import CardDirectory
from holdings.ledger import services as ledger
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from krak.core.errors import DomainError
from krak.core.errors import Kind as ErrorKind
from krak.core.ids import uuid7
from krak.core.transactions import takes_part


class RefundNotFound(DomainError):
    """A refund that was taken back is not here."""

    code = "clearing.refund_not_found"
    title = "There is no such refund."
    kind = ErrorKind.NOT_FOUND


@takes_part
def refund(told: Transaction, owner: CardDirectory, *, now: datetime) -> None:
    """Credit a refund to a customer whose book is locked.

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
    keep([row], now=now)


@takes_part
def reverse_refund(*, refund_stripe_id: str, stripe_id: str, now: datetime) -> None:
    """Undo a refund that the network took back, money and reward, once per `stripe_id`.

    Stripe has no event for it; staff and the reconciliation call this.

    Raises:
        RefundNotFound: there is no such refund.
    """
    refund = CardTransaction.objects.filter(stripe_id=refund_stripe_id, kind=Kind.REFUND).first()
    if refund is None:
        raise RefundNotFound(refund=refund_stripe_id)
    ledger.lock_books([refund.customer_id])
    if CardTransaction.objects.filter(
        customer_id=refund.customer_id,
        kind=Kind.REFUND_REVERSAL,
        group=refund.group,
        stripe_id=stripe_id,
    ).exists():
        return
    cash = cash_of(refund.customer_id, refund.currency)
    entry = Entry(
        id=uuid7(),
        customer_id=refund.customer_id,
        cause=f"transaction:{stripe_id}",
        kind="REFUND_REVERSAL",
        event_at=now,
        created_at=now,
        legs=(
            Leg(DEBIT, refund.currency, refund.amount, account=cash.account_id, forced=True),
            Leg(CREDIT, refund.currency, refund.amount, house="CARD_SETTLEMENT"),
        ),
        details={"refund": refund.stripe_id, "merchant": refund.merchant_name},
    )
    ledger.post(entry)
    flags = ["overdrawn"] if cash_of(refund.customer_id, refund.currency).available < 0 else []
    refund.pk, refund.kind, refund.stripe_id = uuid7(), Kind.REFUND_REVERSAL, stripe_id
    refund.entry_id, refund.event_at, refund.created_at = entry.id, now, now
    refund.flags = flags
    refund.won_back = Decimal(0)
    refund.save(force_insert=True)
    open_cases(
        flags,
        subject=stripe_id,
        customer_id=refund.customer_id,
        about=refund,
        amount=refund.amount,
        currency=refund.currency,
        now=now,
        merchant=refund.merchant_name,
        kind_of_transaction=refund.kind,
    )
    owe_cashback([refund])


def _matching_group(transaction: Transaction, customer_id: UUID) -> str:
    """Return the newest purchase at the same merchant whose eligible net covers it, or ""."""
    groups = (
        CardTransaction.objects.filter(
            customer_id=customer_id,
            kind=Kind.CAPTURE,
            merchant_network_id=transaction.merchant_network_id,
        )
        .exclude(merchant_network_id="")
        .order_by("-event_at", "-id")
        .values_list("group", flat=True)
    )
    policy = issuing.policy_in_force(
        customer_id=customer_id, currency=transaction.currency, at=transaction.event_at
    )
    for group in dict.fromkeys(groups):
        purchase = clearing.purchase(customer_id=customer_id, group=group)
        if purchase and purchase.net(frozenset(policy.unrewarded_mccs)) >= transaction.amount:
            return str(group)
    return ""
