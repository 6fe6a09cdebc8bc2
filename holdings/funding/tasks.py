"""The worker's, the clock's and the approvals' doors to funding."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from celery import shared_task

from holdings.funding import queries
from holdings.funding.events import (
    applies_event,
    read_dispute,
    read_output,
    read_payment,
    read_payout,
    read_refund,
    read_transfer,
)
from holdings.funding.services import places, release, sending, top_ups, unmatched
from holdings.funding.services.receipts import ReceiptSaid, hear_of_receipt
from holdings.funding.services.sending import PayoutSaid
from holdings.funding.services.take_backs import TakeBackSaid, hear_of_take_back
from holdings.funding.services.top_ups import PaymentSaid, hear_of_payment
from krak.approvals.registry import carries_out
from krak.approvals.rules import Proposed
from krak.core import clock
from krak.core.outbox.registry import calls_out
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once

FOLLOWED_EVERY: Final = timedelta(minutes=1)
ENDED_EVERY: Final = timedelta(minutes=10)


@applies_event(
    "stripe",
    "payment_intent.processing",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "payment_intent.succeeded",
    read=read_payment,
)
def payment(said: PaymentSaid, *, now: datetime) -> None:
    """Bring a top-up to where Stripe says it stands."""
    hear_of_payment(said, now=now)


@applies_event("stripe", "refund.created", "refund.updated", "refund.failed", read=read_refund)
def refund(said: TakeBackSaid, *, now: datetime) -> None:
    """Take back what Stripe refunded."""
    hear_of_take_back(said, now=now)


@applies_event(
    "stripe",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    read=read_dispute,
)
def dispute(said: TakeBackSaid, *, now: datetime) -> None:
    """Take back what a dispute took, or give it back."""
    hear_of_take_back(said, now=now)


@applies_event("bank", "transfer.received", read=read_transfer)
def transfer(said: ReceiptSaid, *, now: datetime) -> None:
    """Credit what came to somebody's IBAN."""
    hear_of_receipt(said, now=now)


@applies_event("chain", "deposit.seen", "deposit.dropped", read=read_output)
def output(said: ReceiptSaid, *, now: datetime) -> None:
    """Wait for what came to somebody's address, and credit it."""
    hear_of_receipt(said, now=now)


_PAYOUTS: Final = ("payout.taken", "payout.completed", "payout.failed", "payout.returned")


@applies_event("bank", *_PAYOUTS, read=read_payout)
def bank_payout(said: PayoutSaid, *, now: datetime) -> None:
    """Bring a withdrawal to where the bank says it stands."""
    sending.hear_of_payout(said, now=now)


@applies_event("chain", *_PAYOUTS, read=read_payout)
def chain_payout(said: PayoutSaid, *, now: datetime) -> None:
    """Bring a withdrawal to where the custodian says it stands."""
    sending.hear_of_payout(said, now=now)


@calls_out("funding.open_account")
def open_account(*, payload: dict[str, Any], now: datetime) -> None:
    """Have an IBAN opened."""
    places.open_account(UUID(payload["account"]), now=now)


@calls_out("funding.open_address")
def open_address(*, payload: dict[str, Any], now: datetime) -> None:
    """Have an address made."""
    places.open_address(UUID(payload["address"]), now=now)


@calls_out("funding.send")
def send(*, payload: dict[str, Any], now: datetime) -> None:
    """Send a withdrawal, once."""
    sending.send(UUID(payload["withdrawal"]), now=now)


@calls_out("funding.send_back")
def send_back(*, payload: dict[str, Any], now: datetime) -> None:
    """Send back what nobody was found for."""
    unmatched.return_now(UUID(payload["receipt"]), now=now)


@calls_out("funding.end_top_up")
def end_top_up(*, payload: dict[str, Any], now: datetime) -> None:  # noqa: ARG001 - as all are called
    """Cancel at Stripe what nobody paid."""
    top_ups.end_at_stripe(UUID(payload["top_up"]))


@shared_task(name="funding.end_top_ups")
def end_top_ups(**_newer: object) -> None:
    """End top-ups that nobody paid in their time, once per slot."""
    now = clock.now()
    run_once(
        lambda: top_ups.end_unpaid(now=now),
        job="funding.end_top_ups", slot=slot_of(now, ENDED_EVERY), now=now,
    )  # fmt: skip


@shared_task(name="funding.follow")
def follow(**_newer: object) -> None:
    """Ask after withdrawals that are under way, once a minute however many beats tick."""
    now = clock.now()
    run_once(
        lambda: sending.follow(now=now),
        job="funding.follow", slot=slot_of(now, FOLLOWED_EVERY), now=now,
    )  # fmt: skip


def describe_release(proposed: Proposed) -> Iterable[tuple[str, str]]:
    """Say in words what shall be sent where, which the database lets nobody change meanwhile."""
    wanted = proposed.payload
    there = queries.destination_of_withdrawal(proposed.subject)
    yield "Customer", wanted["customer"]
    yield "Sends", f"{wanted['amount']} {wanted['currency']} and {wanted['fee']} of fee"
    yield "By", wanted["rail"]
    yield "To", f"{there.account} {there.memo}".rstrip()


@carries_out(
    release.KIND,
    title="Release of a large withdrawal",
    propose="funding.propose_withdrawal",
    approve="funding.approve_withdrawal",
    describe=describe_release,
    turned_down=release.turn_down,
)
def release_withdrawal(*, proposed: Proposed, now: datetime) -> str:
    """Send it."""
    return release.release(proposed=proposed, now=now)


def describe_receipt(proposed: Proposed) -> Iterable[tuple[str, str]]:
    """Say in words what came, who sent it, and who shall have it."""
    receipt = queries.receipt_named(proposed.subject)
    yield "Customer", proposed.payload["customer"]
    yield "Received", f"{proposed.payload['amount']} {proposed.payload['currency']}"
    yield "From", receipt.sender_name
    yield "Text", receipt.reference


@carries_out(
    unmatched.KIND,
    title="Owner of a large receipt",
    propose="funding.propose_receipt",
    approve="funding.approve_receipt",
    describe=describe_receipt,
)
def assign_receipt(*, proposed: Proposed, now: datetime) -> str:
    """Credit it."""
    return unmatched.carry_out(proposed=proposed, now=now)
