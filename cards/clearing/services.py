"""Apply what the network reports: each event once, in whatever order it comes."""

import logging
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Sum

from cards.authorizations.models import Authorization, Decision
from cards.authorizations.services import raise_cash
from cards.clearing import queries as clearing
from cards.clearing.models import CardTransaction, Kind
from cards.clearing.rules import Snapshot, Transaction, hold_target
from cards.issuing import queries as issuing
from cards.issuing.models import CardDirectory
from holdings.ledger import services as ledger
from holdings.ledger.models import Hold
from holdings.ledger.queries import Balance
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from krak.core.errors import DomainError
from krak.core.errors import Kind as ErrorKind
from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part

logger = logging.getLogger(__name__)

FLAG_OF_STATUS: Final = {"EXPIRED": "capture_on_expired", "REVERSED": "capture_on_reversed"}
NETWORK_REASONS: Final = ("webhook_timeout", "webhook_error", "network_fallback")


class CardNotOurs(DomainError):
    """An event names a card that is not in our directory."""

    code = "clearing.card_not_ours"
    title = "The event names a card that we do not know."
    kind = ErrorKind.NOT_FOUND


@takes_part
def apply_transaction(transaction: Transaction, *, now: datetime) -> None:
    """Post a capture in full, or credit a refund, exactly once per transaction id.

    Raises:
        CardNotOurs: the card is unknown.
    """
    owner = _owner(transaction.card_stripe_id)
    ledger.lock_books([owner.customer_id])
    if CardTransaction.objects.filter(
        customer_id=owner.customer_id, stripe_id=transaction.stripe_id
    ).exists():
        return
    if transaction.is_refund:
        _refund(transaction, owner, now=now)
    else:
        _capture(transaction, owner, now=now)


def _owner(card_stripe_id: str) -> CardDirectory:
    found = CardDirectory.objects.filter(stripe_id=card_stripe_id).first()
    if found is None:
        raise CardNotOurs(card=card_stripe_id)
    return found


def _capture(transaction: Transaction, owner: CardDirectory, *, now: datetime) -> None:
    customer_id = owner.customer_id
    flags: list[str] = []
    authorization = _authorization_captured(transaction, owner, flags, now=now)
    if authorization is not None:
        _release(customer_id, authorization, most=transaction.amount, now=now)
    cash = _cash(customer_id, transaction.currency)
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
    if _cash(customer_id, transaction.currency).available < 0:
        flags.append("overdrawn")
    group = transaction.authorization_stripe_id or transaction.stripe_id
    _keep(transaction, owner, authorization, entry, group=group, flags=flags, now=now)
    if authorization is not None:
        authorization.captured += transaction.amount
        _touch(authorization, flags, event_at=transaction.event_at, now=now)
    _owe_cashback(customer_id, group)


def _authorization_captured(
    transaction: Transaction, owner: CardDirectory, flags: list[str], *, now: datetime
) -> Authorization | None:
    """Return the authorization of a capture; one never seen is recorded for its late snapshot."""
    stripe_id = transaction.authorization_stripe_id
    if stripe_id is None:
        flags.append("force_capture")
        return None
    found = Authorization.objects.filter(customer_id=owner.customer_id, stripe_id=stripe_id).first()
    if found is None:
        flags.append("capture_unknown_auth")
        return Authorization.objects.create(
            id=uuid7(),
            customer_id=owner.customer_id,
            card_id=owner.card_id,
            stripe_id=stripe_id,
            currency=transaction.currency,
            approved=True,
            amount=transaction.amount,
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


def _refund(transaction: Transaction, owner: CardDirectory, *, now: datetime) -> None:
    customer_id = owner.customer_id
    cash = _cash(customer_id, transaction.currency)
    entry = _entry(transaction, customer_id, cash.account_id, now=now)
    ledger.post(entry)
    group = transaction.authorization_stripe_id or _matching_group(transaction, customer_id)
    flags = [] if group else ["unmatched_refund"]
    authorization = Authorization.objects.filter(
        customer_id=customer_id, stripe_id=transaction.authorization_stripe_id
    ).first()
    _keep(transaction, owner, authorization, entry, group=group, flags=flags, now=now)
    if group:
        _owe_cashback(customer_id, group)


def _matching_group(transaction: Transaction, customer_id: UUID) -> str:
    """Return the newest purchase at the same merchant that the refund fits into, or ""."""
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
    for group in dict.fromkeys(groups):
        purchase = clearing.purchase(customer_id=customer_id, group=group)
        if purchase and purchase.net() >= transaction.amount:
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
    CardTransaction.objects.create(
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


def _owe_cashback(customer_id: UUID, group: str) -> None:
    outbox.promise("cashback.settle", {"customer": str(customer_id), "group": group})


def _cash(customer_id: UUID, currency: str) -> Balance:
    account = ledger.account_of(customer_id=customer_id, currency=currency)
    return Balance(account.id, currency, account.posted, account.held)


def _held(customer_id: UUID, authorization: Authorization) -> Decimal:
    hold = Hold.objects.filter(
        customer_id=customer_id, reference=authorization.hold_reference
    ).first()
    return hold.amount if hold else Decimal(0)


def _release(
    customer_id: UUID, authorization: Authorization, *, most: Decimal, now: datetime
) -> None:
    held = _held(customer_id, authorization)
    _set_hold(customer_id, authorization, held - min(held, most), now=now)


def _set_hold(
    customer_id: UUID, authorization: Authorization, amount: Decimal, *, now: datetime
) -> None:
    ledger.set_hold(
        customer_id=customer_id,
        account_id=_cash(customer_id, authorization.currency).account_id,
        reference=authorization.hold_reference,
        amount=amount,
        now=now,
        forced=True,
    )


def _touch(
    authorization: Authorization, flags: list[str], *, event_at: datetime, now: datetime
) -> None:
    authorization.flags = sorted({*authorization.flags, *flags})
    authorization.last_event_at = max(event_at, authorization.last_event_at or event_at)
    authorization.updated_at = now
    authorization.save()


@takes_part
def apply_snapshot(snapshot: Snapshot, *, now: datetime) -> None:
    """Bring an authorization to what Stripe says of it; an older snapshot than the last is ignored.

    Raises:
        CardNotOurs: the card is unknown.
    """
    owner = _owner(snapshot.card_stripe_id)
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
    flags: list[str] = []
    if not snapshot.approved and not snapshot.first_approved:
        if promised:
            flags.append(snapshot.reason)
        authorization.approved = False
        _set_hold(customer_id, authorization, Decimal(0), now=now)
    else:
        _follow(authorization, snapshot, promised=promised, flags=flags, now=now)
    authorization.amount = snapshot.amount
    _touch(authorization, flags, event_at=snapshot.event_at, now=now)
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
        cash = _cash(customer_id, authorization.currency)
        raise_cash(
            customer_id=customer_id,
            currency=authorization.currency,
            shortfall=target - _held(customer_id, authorization) - cash.available,
            cause=f"adoption:{authorization.stripe_id}:{snapshot.steps}",
            now=now,
        )
    _set_hold(customer_id, authorization, target, now=now)
    if not promised and _cash(customer_id, authorization.currency).available < 0:
        flags.append("overdrawn")


def _approved_since(authorization: Authorization, steps: int) -> Decimal:
    """Return what we approved in steps that a snapshot of `steps` requests does not reflect."""
    total: Decimal = Decision.objects.filter(
        customer_id=authorization.customer_id, authorization_id=authorization.id, step__gte=steps
    ).aggregate(total=Sum("approved_amount", default=Decimal(0)))["total"]
    return total
