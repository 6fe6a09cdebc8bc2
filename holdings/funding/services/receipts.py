"""What banks and chains say came in: found an owner, waited for, credited once, or put in a queue.

The owner's book is locked first and the receipt after it, here as in `unmatched`.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from fx.assets import directory
from fx.assets import queries as assets
from fx.assets.rules import Status
from fx.eligibility.queries import NotEligible, SuitabilityNeeded, require_eligible
from fx.prices import live
from fx.quotes.queries import NoPriceNow, rate_from_usd
from holdings.funding import queries
from holdings.funding.models import (
    Deposit,
    DepositAccount,
    DepositAddress,
    DepositKind,
    DepositState,
    Receipt,
    ReceiptState,
)
from holdings.funding.rules.networks import BANK, NETWORKS
from holdings.funding.services.books import Movement, credit, tell, told_of
from holdings.funding.services.top_ups import deposit_facts
from holdings.ledger import services as ledger
from krak.cases import services as cases
from krak.core.ids import show, uuid7
from krak.core.money import STORED_PLACES, floor_to, plain
from krak.core.rows import save_row
from krak.core.transactions import takes_part
from krak.customers.models import Act, Customer
from krak.customers.queries import LimitPassed, NotVerified, permitted, require_within

_REFERENCE: Final = re.compile(r"KRAK[0-9A-Z]{14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptSaid:
    """What a provider says of one incoming transfer; `amount` as fine as the rail has it."""

    provider: str
    provider_reference: str
    rail: str
    currency: str
    amount: Decimal
    account: str
    reference: str
    sender_name: str
    sender_account: str
    confirmations: int
    block: str
    dropped: bool
    said_at: datetime


@takes_part
def hear_of_receipt(said: ReceiptSaid, *, now: datetime) -> None:
    """Bring a receipt to where its provider says it stands; older words and repeats do nothing.

    Credited once it is final. What nobody is found for is kept and becomes a case.
    """
    owner, why = _owner_of(said, now=now)
    if owner is not None:
        ledger.lock_books([owner])
    receipt = _kept(said, now=now)
    if receipt is None:
        return
    if said.dropped:
        _drop(receipt, now=now)
        return
    receipt.confirmations, receipt.block = said.confirmations, said.block
    if receipt.state in {ReceiptState.PENDING, ReceiptState.DROPPED}:
        receipt.state = ReceiptState.FINAL if _is_final(said) else ReceiptState.PENDING
    receipt.save()
    if receipt.deposit_id is not None:
        _go_on(receipt, now=now)
    elif owner is not None and not why:
        begin_deposit(receipt, customer_id=owner, now=now)
    elif receipt.state == ReceiptState.FINAL:
        _queue(receipt, owner, why, now=now)


def _owner_of(said: ReceiptSaid, *, now: datetime) -> tuple[UUID | None, str]:
    """Return whose money it is, and why it is not credited to them all the same."""
    if said.rail == BANK:
        account = _account_of(said)
        owner = account.customer_id if account else None
        why = "" if account and account.currency == said.currency else "wrong_currency"
    else:
        address = (
            DepositAddress.objects.filter(
                network=said.rail, address=said.account, memo=said.reference
            )
            .exclude(address="")
            .first()
        )
        owner, why = (address.customer_id if address else None), ""
    if owner is None:
        return None, "unknown_account"
    return owner, held_back(owner, said.currency, now=now) or why


def held_back(owner: UUID, currency: str, *, now: datetime) -> str:
    """Return why an asset that came in is not credited to a customer now, "" for no reason."""
    customer = Customer.objects.get(id=owner)
    if customer.frozen_at is not None:
        return "account_frozen"
    if assets.statuses([currency]).get(currency) is Status.DELISTED:
        # Credited, it would become cash at a last price that it has no more.
        return "delisted"
    try:
        require_eligible(customer=customer, asset=directory.named(currency), now=now)
    except (NotEligible, SuitabilityNeeded):
        return "not_eligible"
    return ""


def _account_of(said: ReceiptSaid) -> DepositAccount | None:
    if said.account:
        own = DepositAccount.objects.filter(iban=said.account).first()
        if own is not None:
            return own
    named = _REFERENCE.findall(re.sub(r"[^0-9A-Z]", "", said.reference.upper()))
    found = DepositAccount.objects.filter(reference__in=named)
    return found[0] if len(found) == 1 else None


def _is_final(said: ReceiptSaid) -> bool:
    return said.rail == BANK or said.confirmations >= NETWORKS[said.rail].confirmations


def _kept(said: ReceiptSaid, *, now: datetime) -> Receipt | None:
    """Return the locked receipt, new or not, or None when there is nothing new to hear of it."""
    new = Receipt(
        id=uuid7(), provider=said.provider, provider_reference=said.provider_reference,
        rail=said.rail, currency=said.currency, amount=floor_to(said.amount, STORED_PLACES),
        account=said.account, reference=said.reference, sender_name=said.sender_name,
        sender_account=said.sender_account, told_at=said.said_at, created_at=now,
    )  # fmt: skip
    Receipt.objects.bulk_create([new], ignore_conflicts=True)
    receipt = Receipt.objects.select_for_update(no_key=True).get(
        provider=said.provider, provider_reference=said.provider_reference
    )
    facts = ["rail", "currency", "amount"]
    if receipt.account:
        # Whose it was may have been erased since.
        facts.append("account")
    if any(getattr(receipt, name) != getattr(new, name) for name in facts):
        cases.open_case(
            kind="receipt_differs", subject=said.provider_reference[:120], customer_id=None,
            now=now, about=receipt, amount=plain(said.amount), currency=said.currency,
        )  # fmt: skip
        return None
    if receipt.id != new.id and said.said_at <= receipt.told_at:
        return None
    receipt.told_at = said.said_at
    return receipt


def _drop(receipt: Receipt, *, now: datetime) -> None:
    """Undo what a chain took back; what was credited already is for staff."""
    if receipt.state == ReceiptState.PENDING:
        receipt.state, receipt.confirmations, receipt.block = ReceiptState.DROPPED, 0, ""
        deposit = receipt.deposit
        if deposit is not None:
            deposit.state = DepositState.UNDONE
            deposit.save(update_fields=["state"])
            tell(
                deposit.customer_id, "deposit.returned",
                reason="reorganised", **_words(deposit, now=now),
            )  # fmt: skip
    elif receipt.state != ReceiptState.DROPPED:
        cases.open_case(
            kind="receipt_dropped", subject=show(Receipt.PREFIX, receipt.id),
            customer_id=receipt.deposit.customer_id if receipt.deposit else None,
            now=now, about=receipt,
        )  # fmt: skip
    receipt.save()


@takes_part
def begin_deposit(receipt: Receipt, *, customer_id: UUID, now: datetime) -> Deposit:
    """Give a receipt to a customer, and credit it if it is final. Their book must be locked."""
    asset = directory.named(receipt.currency)
    credited = floor_to(receipt.amount, asset.decimals)
    deposit = Deposit.objects.create(
        id=uuid7(),
        customer_id=customer_id,
        kind=DepositKind.BANK_TRANSFER if receipt.rail == BANK else DepositKind.ON_CHAIN,
        currency=receipt.currency,
        amount=credited or receipt.amount,
        facts=_facts(receipt),
        usd_value=queries.usd_or_nothing(credited, receipt.currency, board=live.current()),
        created_at=now,
    )
    receipt.deposit = deposit
    receipt.unmatched_because = ""
    receipt.save()
    if receipt.state == ReceiptState.FINAL:
        _settle(receipt, now=now)
    elif receipt.state == ReceiptState.PENDING:
        tell(customer_id, "deposit.pending", **_words(deposit, now=now))
    return deposit


def _go_on(receipt: Receipt, *, now: datetime) -> None:
    deposit = receipt.deposit
    if deposit is None:
        return
    if deposit.state == DepositState.UNDONE:
        deposit.state = DepositState.PENDING
        deposit.save(update_fields=["state"])
    if receipt.state == ReceiptState.FINAL and deposit.state == DepositState.PENDING:
        _settle(receipt, now=now)


def _settle(receipt: Receipt, *, now: datetime) -> None:
    """Credit a final deposit, or keep it uncredited below the minimum."""
    deposit = receipt.deposit
    if deposit is None:
        raise LookupError("there is no deposit to settle")
    places = directory.named(receipt.currency).decimals
    credited = floor_to(receipt.amount, places)
    if credited == 0 or credited < _minimum(receipt, places, now=now):
        deposit.state = DepositState.TOO_SMALL
        deposit.failure = "Less than the smallest deposit."
        deposit.save(update_fields=["state", "failure"])
        return
    deposit.entry_id = credit(
        Movement(
            customer_id=deposit.customer_id,
            currency=deposit.currency,
            amount=credited,
            cause=f"deposit:{deposit.id}",
            kind="DEPOSIT",
            details={
                "deposit": show(Deposit.PREFIX, deposit.id),
                "method": deposit.kind.lower(),
                "rail": receipt.rail,
                "provider_reference": receipt.provider_reference,
            },
            event_at=min(receipt.told_at, now),
        ),
        dust=receipt.amount - credited,
        now=now,
    )
    deposit.state, deposit.credited_at = DepositState.CREDITED, now
    save_row(deposit)
    tell(deposit.customer_id, "deposit.received", **_words(deposit, now=now))
    _look_at_limits(deposit, now=now)


def _minimum(receipt: Receipt, places: int, *, now: datetime) -> Decimal:
    try:
        terms = queries.terms_of(
            rail=receipt.rail, code=receipt.currency, places=places, board=live.current(), now=now
        )
    except NoPriceNow:
        return Decimal(0)
    return terms.minimum_deposit


def _look_at_limits(deposit: Deposit, *, now: datetime) -> None:
    """Put before staff what came though the customer's level does not allow so much."""
    customer = Customer.objects.select_related("user").get(id=deposit.customer_id)
    moved = queries.deposited(customer_id=customer.id, now=now)
    try:
        allowance = permitted(customer, Act.DEPOSIT, now=now)
        rate = rate_from_usd(allowance.currency, board=live.current())
        require_within(allowance, day=moved.day * rate, month=moved.month * rate)
    except (LimitPassed, NotVerified) as refusal:
        cases.open_case(
            kind="deposit_above_limit", subject=show(Deposit.PREFIX, deposit.id),
            customer_id=customer.id, now=now, about=deposit, refusal=refusal.code,
        )  # fmt: skip
    except NoPriceNow:
        pass


def _words(deposit: Deposit, *, now: datetime) -> dict[str, str]:
    """Return what a notice says of what came by a rail: shares as they are shown."""
    return deposit_facts(deposit) | told_of(deposit.currency, now=now, amount=deposit.amount)


def _facts(receipt: Receipt) -> dict[str, Any]:
    if receipt.rail == BANK:
        return {
            "rail": BANK,
            "sender_name": receipt.sender_name,
            "sender_account": receipt.sender_account,
            "reference": receipt.reference,
        }
    return {
        "rail": receipt.rail,
        "network": receipt.rail,
        "transaction": receipt.provider_reference.partition(":")[2].rpartition(":")[0],
        "address": receipt.account,
    }


def _queue(receipt: Receipt, owner: UUID | None, why: str, *, now: datetime) -> None:
    Receipt.objects.filter(id=receipt.id).update(unmatched_because=why)
    cases.open_case(
        kind="receipt_unmatched",
        subject=show(Receipt.PREFIX, receipt.id),
        customer_id=owner,
        now=now,
        about=receipt,
        why=why,
        amount=plain(receipt.amount),
        currency=receipt.currency,
    )
