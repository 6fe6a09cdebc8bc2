"""Captures and refunds: the network's final records, each posted once."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from cards.authorizations.models import Authorization
from cards.authorizations.services import raise_cash
from cards.clearing import queries as clearing
from cards.clearing.models import CardTransaction, Kind
from cards.clearing.rules import Transaction
from cards.clearing.services.standing import (
    authorization_of,
    cash_of,
    held_of,
    open_cases,
    owner_of,
    set_hold,
    touch,
)
from cards.issuing import queries as issuing
from cards.issuing.events import EventRefused
from cards.issuing.models import CardDirectory
from holdings.ledger import services as ledger
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from krak.api.shapes import AmountSerializer
from krak.core.errors import DomainError
from krak.core.errors import Kind as ErrorKind
from krak.core.ids import show, uuid7
from krak.core.inbox import services as inbox
from krak.core.money import money
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part
from krak.notifications import services as notifications

FLAG_OF_STATUS: Final = {"EXPIRED": "capture_on_expired", "REVERSED": "capture_on_reversed"}


class RefundNotFound(DomainError):
    """A refund that was taken back is not here."""

    code = "clearing.refund_not_found"
    title = "There is no such refund."
    kind = ErrorKind.NOT_FOUND


@takes_part
def apply_transaction(transaction: Transaction, *, now: datetime) -> None:
    """Post a capture in full, or credit a refund, exactly once per transaction id.

    Raises:
        CardNotOurs: the card is unknown.
        EventRefused: the transaction contradicts the card or the authorization it names.
    """
    owner = owner_of(transaction.card_stripe_id, currency=transaction.currency)
    ledger.lock_books([owner.customer_id])
    posted_for = CardTransaction.objects.filter(stripe_id=transaction.stripe_id).values_list(
        "customer_id", flat=True
    )
    if owner.customer_id in posted_for:
        return
    if posted_for:
        raise EventRefused("the transaction was posted for another customer")
    if transaction.is_refund:
        _refund(transaction, owner, now=now)
    else:
        _capture(transaction, owner, now=now)


def _capture(transaction: Transaction, owner: CardDirectory, *, now: datetime) -> None:
    customer_id = owner.customer_id
    flags: list[str] = []
    authorization = _authorization_captured(transaction, owner, flags, now=now)
    if authorization is not None:
        _release(customer_id, authorization, most=transaction.amount, now=now)
    cash = cash_of(customer_id, transaction.currency)
    policy = issuing.policy_in_force(customer_id=customer_id, currency=transaction.currency, at=now)
    if policy.sell_at_capture:
        raise_cash(
            customer_id=customer_id,
            currency=transaction.currency,
            shortfall=transaction.amount - cash.available,
            cause=f"transaction:{transaction.stripe_id}",
            now=now,
        )
    entry = _entry(transaction, customer_id, cash.account_id, now=now)
    ledger.post(entry)
    if cash_of(customer_id, transaction.currency).available < 0:
        flags.append("overdrawn")
    group = transaction.authorization_stripe_id or transaction.stripe_id
    _keep(transaction, owner, authorization, entry, group=group, flags=flags, now=now)
    if authorization is not None:
        authorization.captured += transaction.amount
        touch(authorization, flags, event_at=transaction.event_at, now=now)
    _owe_cashback(customer_id, group)
    _tell("purchase.cleared", transaction, customer_id, authorization)


def _authorization_captured(
    transaction: Transaction, owner: CardDirectory, flags: list[str], *, now: datetime
) -> Authorization | None:
    """Return the authorization of a capture; one never seen is recorded for its late snapshot."""
    stripe_id = transaction.authorization_stripe_id
    if stripe_id is None:
        flags.append("force_capture")
        return None
    found = authorization_of(owner.customer_id, stripe_id)
    if found is None:
        flags.append("capture_unknown_auth")
        return Authorization.objects.create(
            id=uuid7(),
            customer_id=owner.customer_id,
            card_id=owner.card_id,
            stripe_id=stripe_id,
            currency=transaction.currency,
            approved=True,
            amount=Decimal(0),
            merchant_name=transaction.merchant_name,
            merchant_network_id=transaction.merchant_network_id,
            mcc=transaction.mcc,
            created_at=now,
            updated_at=now,
        )
    if flag := FLAG_OF_STATUS.get(found.status):
        flags.append(flag)
    elif not found.approved:
        flags.append("capture_on_declined")
    return found


def _release(
    customer_id: UUID, authorization: Authorization, *, most: Decimal, now: datetime
) -> None:
    held = held_of(customer_id, authorization)
    set_hold(customer_id, authorization, held - min(held, most), now=now)


def _refund(transaction: Transaction, owner: CardDirectory, *, now: datetime) -> None:
    customer_id = owner.customer_id
    cash = cash_of(customer_id, transaction.currency)
    entry = _entry(transaction, customer_id, cash.account_id, now=now)
    ledger.post(entry)
    group = transaction.authorization_stripe_id or _matching_group(transaction, customer_id)
    flags = [] if group else ["unmatched_refund"]
    authorization = authorization_of(customer_id, transaction.authorization_stripe_id)
    _keep(transaction, owner, authorization, entry, group=group, flags=flags, now=now)
    if group:
        _owe_cashback(customer_id, group)
    _tell("refund.received", transaction, customer_id, authorization)


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
    if refund.group:
        _owe_cashback(refund.customer_id, refund.group)


@takes_part
def note_won(*, transaction_id: UUID, amount: Decimal) -> None:
    """Keep what disputes of a capture have won in all; it earns nothing."""
    CardTransaction.objects.filter(id=transaction_id).update(won_back=amount)


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


def _entry(
    transaction: Transaction, customer_id: UUID, account_id: UUID, *, now: datetime
) -> Entry:
    """Return the entry: a capture is forced, a refund is a credit."""
    side, other = (CREDIT, DEBIT) if transaction.is_refund else (DEBIT, CREDIT)
    amount, currency = transaction.amount, transaction.currency
    return Entry(
        id=uuid7(),
        customer_id=customer_id,
        cause=f"transaction:{transaction.stripe_id}",
        kind="REFUND" if transaction.is_refund else "CAPTURE",
        event_at=transaction.event_at,
        created_at=now,
        legs=(
            Leg(side, currency, amount, account=account_id, forced=not transaction.is_refund),
            Leg(other, currency, amount, house="CARD_SETTLEMENT"),
        ),
        details={"merchant": transaction.merchant_name, "mcc": transaction.mcc},
    )


def _keep(
    transaction: Transaction,
    owner: CardDirectory,
    authorization: Authorization | None,
    entry: Entry,
    *,
    group: str,
    flags: list[str],
    now: datetime,
) -> None:
    row = CardTransaction.objects.create(
        id=uuid7(),
        customer_id=owner.customer_id,
        card_id=owner.card_id,
        authorization=authorization,
        entry_id=entry.id,
        stripe_id=transaction.stripe_id,
        kind=Kind.REFUND if transaction.is_refund else Kind.CAPTURE,
        amount=transaction.amount,
        unrewarded=Decimal(0) if transaction.is_refund else transaction.unrewarded,
        currency=transaction.currency,
        mcc=transaction.mcc,
        merchant_name=transaction.merchant_name,
        merchant_network_id=transaction.merchant_network_id,
        merchant_currency=transaction.merchant_currency,
        merchant_amount_minor=transaction.merchant_amount_minor,
        group=group,
        flags=flags,
        event_at=transaction.event_at,
        created_at=now,
    )
    open_cases(
        flags,
        subject=transaction.stripe_id,
        customer_id=owner.customer_id,
        about=row,
        amount=transaction.amount,
        currency=transaction.currency,
        now=now,
        merchant=transaction.merchant_name,
        kind_of_transaction=row.kind,
        authorization=transaction.authorization_stripe_id,
    )
    inbox.arrived(provider="stripe", name=transaction.stripe_id)


def _owe_cashback(customer_id: UUID, group: str) -> None:
    outbox.promise("cashback.settle", {"customer": str(customer_id), "group": group})


def _tell(
    kind: str, transaction: Transaction, customer_id: UUID, authorization: Authorization | None
) -> None:
    facts = {
        "authorization": show(Authorization.PREFIX, authorization.id) if authorization else None,
        "amount": AmountSerializer(money(transaction.amount, transaction.currency)).data,
        "merchant": transaction.merchant_name,
    }
    notifications.promise(customer_id=customer_id, kind=kind, facts=facts)
