"""Top-ups by card or bank debit: written down first, then asked of Stripe, credited by its word."""

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from fx.assets import directory
from fx.prices.rules import Board
from holdings.funding import gateway, queries
from holdings.funding.models import Deposit, DepositKind, DepositState, TopUp
from holdings.funding.rules.payments import BANK_DEBIT, is_news
from holdings.funding.services.books import Movement, credit, tell
from holdings.funding.services.permission import lock_and_permit
from holdings.ledger import services as ledger
from krak.cases import services as cases
from krak.core.errors import DomainError, Kind
from krak.core.ids import MalformedId, read, show, uuid7
from krak.core.inbox import services as inbox
from krak.core.minor_units import to_minor
from krak.core.money import InexactAmount, UnknownCurrency, money, plain
from krak.core.outbox import services as outbox
from krak.core.rows import locked, save_row
from krak.core.transactions import takes_part, transaction
from krak.customers.models import Act, Customer
from krak.stripe.client import OWN_ID, StripeRefused

_LONGEST: Final = 200


class CurrencyNotTaken(DomainError):
    """Stripe does not take this currency, or not this way."""

    code = "funding.currency_not_taken"
    title = "This currency cannot be paid in this way."
    kind = Kind.REFUSED


class AmountTooFine(DomainError):
    """The amount has more decimals than can be moved."""

    code = "funding.amount_too_fine"
    title = "The amount has more decimals than can be moved."


@takes_part
def begin(
    *,
    customer: Customer,
    kind: DepositKind,
    amount: Decimal,
    currency: str,
    board: Board,
    now: datetime,
) -> TopUp:
    """Write down what shall be paid in; nothing has been asked of Stripe.

    Raises:
        UnknownAsset, CurrencyNotTaken, AmountTooFine: as their titles say.
        What `lock_and_permit` raises.
    """
    asset = directory.named(currency)
    if not asset.properties.is_cash or (
        kind is DepositKind.BANK_DEBIT and currency not in BANK_DEBIT
    ):
        raise CurrencyNotTaken(currency=currency)
    try:
        to_minor(money(amount, currency))
    except UnknownCurrency:
        raise CurrencyNotTaken(currency=currency) from None
    except InexactAmount:
        raise AmountTooFine(currency=currency) from None
    usd = queries.usd_value(amount, currency, board=board)
    lock_and_permit(customer, Act.DEPOSIT, usd=usd, board=board, now=now)
    deposit = Deposit.objects.create(
        id=uuid7(), customer=customer, kind=kind, currency=currency, amount=amount,
        usd_value=usd, created_at=now,
    )  # fmt: skip
    return TopUp.objects.create(
        id=uuid7(), customer=customer, deposit=deposit, asked_amount=amount,
        asked_currency=currency, created_at=now,
    )  # fmt: skip


def ask_stripe(top_up: TopUp) -> str:
    """Return the secret with which the app pays; not in a transaction, and safe to repeat.

    Raises:
        StripeUnavailable: nothing is lost; the same request again goes on from here.
        StripeRefused: the top-up has failed.
    """
    if top_up.stripe_id:
        return str(gateway.intent(top_up.stripe_id)["client_secret"])
    try:
        made = gateway.create_intent(_fields(top_up), key=f"top_up:{top_up.id}")
    except StripeRefused as refusal:
        _note_refused(top_up, refusal.detail)
        raise
    _note_asked(top_up, str(made["id"]))
    return str(made["client_secret"])


def _fields(top_up: TopUp) -> dict[str, Any]:
    currency = top_up.asked_currency
    by_card = top_up.deposit.kind == DepositKind.CARD
    return {
        "amount": to_minor(money(top_up.asked_amount, currency)),
        "currency": currency.lower(),
        "payment_method_types": ["card" if by_card else BANK_DEBIT[currency]],
        "metadata": {OWN_ID: show(TopUp.PREFIX, top_up.id)},
    }


@transaction
def end_unpaid(*, now: datetime, most: int = 500) -> int:
    """Promise to end top-ups that nobody paid in their time; return how many.

    They count against the limits of their day until then.
    """
    old = TopUp.objects.filter(
        deposit__state=DepositState.PENDING,
        deposit__kind__in=[DepositKind.CARD, DepositKind.BANK_DEBIT],
        deposit__created_at__lte=now - timedelta(hours=settings.TOP_UP_HOURS),
        processing=False,
        ending_at=None,
    ).order_by("deposit__created_at")
    ending = [top_up.id for top_up in locked(old, most=most, skip_locked=True, of=("self",))]
    TopUp.objects.filter(id__in=ending).update(ending_at=now)
    for top_up_id in ending:
        outbox.promise("funding.end_top_up", {"top_up": str(top_up_id)})
    return len(ending)


def end_at_stripe(top_up_id: UUID) -> None:
    """Have a top-up that nobody paid canceled at Stripe, whose event ends it here.

    Not in a transaction; safe to repeat. What was paid meanwhile Stripe refuses to cancel, and
    what it was never asked for, or not that we know, it is asked for by the same key first.

    Raises:
        StripeUnavailable: it is tried again later.
    """
    top_up = TopUp.objects.select_related("deposit").get(id=top_up_id)
    if top_up.deposit.state != DepositState.PENDING or top_up.processing:
        return
    with contextlib.suppress(StripeRefused):
        ask_stripe(top_up)
        gateway.cancel_intent(TopUp.objects.values_list("stripe_id", flat=True).get(id=top_up_id))


@transaction
def _note_asked(top_up: TopUp, stripe_id: str) -> None:
    ledger.lock_books([top_up.customer_id])
    _know(top_up, stripe_id)


@transaction
def _note_refused(top_up: TopUp, why: str) -> None:
    ledger.lock_books([top_up.customer_id])
    Deposit.objects.filter(id=top_up.deposit_id, state=DepositState.PENDING).update(
        state=DepositState.FAILED, failure=why[:_LONGEST]
    )


@takes_part
def _know(top_up: TopUp, stripe_id: str) -> None:
    """Keep by what name Stripe calls it; what waited for that name is applied now."""
    TopUp.objects.filter(id=top_up.id).update(stripe_id=stripe_id)
    inbox.arrived(provider="stripe", names=[f"top_up:{stripe_id}"])


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSaid:
    """A payment as an event tells of it; `received` is 0 unless it succeeded."""

    event: str
    stripe_id: str
    own_id: str
    received: Decimal
    currency: str
    failure: str
    event_at: datetime


@takes_part
def hear_of_payment(said: PaymentSaid, *, now: datetime) -> None:
    """Bring a top-up to where Stripe says it stands; older words and repeats change nothing."""
    found = _named(said)
    if found is None:
        return
    ledger.lock_books([found.customer_id])
    top_up = TopUp.objects.select_related("deposit").get(id=found.id)
    if not is_news(
        told=top_up.told, told_at=top_up.told_at, said=said.event, said_at=said.event_at
    ):
        return
    if not top_up.stripe_id:
        _know(top_up, said.stripe_id)
    processing = said.event == "payment_intent.processing"
    TopUp.objects.filter(id=top_up.id).update(
        told=said.event, told_at=said.event_at, processing=processing
    )
    match said.event.removeprefix("payment_intent."):
        case "processing":
            _wait_for(top_up)
        case "payment_failed":
            _end(top_up, DepositState.FAILED, said.failure or "The payment was declined.")
        case "canceled":
            _end(top_up, DepositState.CANCELED, said.failure or "The payment was canceled.")
        case "succeeded":
            _credit(top_up, said, now=now)


def _named(said: PaymentSaid) -> TopUp | None:
    """Return the top-up of an event, which may be faster than the answer that told its id."""
    named = Q(stripe_id=said.stripe_id)
    with contextlib.suppress(MalformedId):
        named |= Q(id=read(TopUp.PREFIX, said.own_id), stripe_id="")
    return TopUp.objects.filter(named).first()


def _wait_for(top_up: TopUp) -> None:
    deposit = top_up.deposit
    deposit.state, deposit.failure = DepositState.PENDING, ""
    deposit.save(update_fields=["state", "failure"])
    tell(deposit.customer_id, "deposit.pending", **deposit_facts(deposit))


def _end(top_up: TopUp, state: DepositState, why: str) -> None:
    deposit = top_up.deposit
    deposit.state, deposit.failure = state, why[:_LONGEST]
    deposit.save(update_fields=["state", "failure"])
    tell(
        deposit.customer_id, "top_up.failed",
        top_up=show(TopUp.PREFIX, top_up.id), reason=deposit.failure, **deposit_facts(deposit),
    )  # fmt: skip


def _credit(top_up: TopUp, said: PaymentSaid, *, now: datetime) -> None:
    """Credit what was really received, and put it before staff if that is not what was asked."""
    deposit = top_up.deposit
    if (said.received, said.currency) != (top_up.asked_amount, top_up.asked_currency):
        cases.open_case(
            kind="top_up_differs",
            subject=said.stripe_id,
            customer_id=deposit.customer_id,
            now=now,
            about=deposit,
            asked=f"{plain(top_up.asked_amount)} {top_up.asked_currency}",
            received=f"{plain(said.received)} {said.currency}",
        )
    deposit.amount, deposit.currency = said.received, said.currency
    deposit.entry_id = credit(
        Movement(
            customer_id=deposit.customer_id,
            currency=said.currency,
            amount=said.received,
            cause=f"top_up:{top_up.id}",
            kind="TOP_UP",
            details={
                "deposit": show(Deposit.PREFIX, deposit.id),
                "top_up": show(TopUp.PREFIX, top_up.id),
                "method": deposit.kind.lower(),
                "provider_reference": said.stripe_id,
            },
            event_at=said.event_at,
        ),
        now=now,
    )
    deposit.state, deposit.credited_at, deposit.failure = DepositState.CREDITED, now, ""
    save_row(deposit)
    inbox.arrived(provider="stripe", names=[f"credited:{said.stripe_id}"])
    tell(deposit.customer_id, "deposit.received", **deposit_facts(deposit))


def deposit_facts(deposit: Deposit) -> dict[str, str]:
    """Return what a notice says of a deposit."""
    return {
        "deposit": show(Deposit.PREFIX, deposit.id),
        "kind": deposit.kind.lower(),
        "amount": plain(deposit.amount),
        "currency": deposit.currency,
    }
