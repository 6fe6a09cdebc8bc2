"""What follows from what Stripe says of a payment, in whatever order it says it. Pure.

Source: Stripe's PaymentIntents, refunds and disputes.
"""

from datetime import datetime
from typing import Final

BANK_DEBIT: Final = {
    "USD": "us_bank_account",
    "EUR": "sepa_debit",
    "GBP": "bacs_debit",
    "CAD": "acss_debit",
    "AUD": "au_becs_debit",
}
"""Stripe's way to debit a bank account, by currency."""

_RANK: Final = {
    "payment_intent.created": 0,
    "payment_intent.processing": 1,
    "payment_intent.payment_failed": 2,
    "payment_intent.canceled": 3,
    "payment_intent.succeeded": 4,
}
ENDS: Final = frozenset({"payment_intent.canceled", "payment_intent.succeeded"})
"""Nothing follows these; a failed attempt may be followed by another."""

REFUND_FAILED: Final = frozenset({"failed", "canceled"})
INQUIRY: Final = "warning_"
"""A dispute's status that begins so is a question, and no money has moved for it."""


def is_news(*, told: str, told_at: datetime | None, said: str, said_at: datetime) -> bool:
    """Tell whether `said` is newer than what was `told`; of one second the later step counts."""
    if told in ENDS:
        return False
    if told_at is None or said in ENDS:
        return True
    return (said_at, _RANK[said]) > (told_at, _RANK[told])


def withdraws(kind: str, status: str) -> bool:
    """Tell whether an event says that Stripe has taken the disputed money from us.

    The event of the withdrawal itself may be lost or late: a lost dispute says it as well.
    """
    return kind == "charge.dispute.funds_withdrawn" or status == "lost"


def reinstates(kind: str, status: str) -> bool:
    """Tell whether an event says that Stripe has given the disputed money back."""
    return kind == "charge.dispute.funds_reinstated" or status == "won"
