"""What the network reports after the tap, as values. Source: the card policy, sections 3 to 5."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

STATUSES: Final = frozenset({"PENDING", "CLOSED", "REVERSED", "EXPIRED"})
"""Stripe's, in capitals."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A capture (`is_refund` false) or a refund; amounts positive, in the card's currency."""

    stripe_id: str
    card_stripe_id: str
    authorization_stripe_id: str | None
    is_refund: bool
    amount: Decimal
    currency: str
    atm_fee: Decimal
    cashback_amount: Decimal
    mcc: str
    merchant_name: str
    merchant_network_id: str
    merchant_currency: str
    merchant_amount_minor: int
    event_at: datetime

    @property
    def unrewarded(self) -> Decimal:
        """The part that earns nothing."""
        return min(self.amount, self.atm_fee + self.cashback_amount)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An authorization as Stripe saw it at `event_at`.

    `steps` is how many requests it already reflects; `reason` is that of the newest of them.
    """

    stripe_id: str
    card_stripe_id: str
    approved: bool
    first_approved: bool
    status: str
    amount: Decimal
    currency: str
    steps: int
    reason: str
    mcc: str
    merchant_name: str
    merchant_network_id: str
    merchant_country: str
    event_at: datetime


def hold_target(
    *, status: str, amount: Decimal, captured: Decimal, unseen_increments: Decimal
) -> Decimal:
    """Return what should stay set aside after a snapshot.

    `unseen_increments` is what we approved in steps that the snapshot does not reflect yet.
    Source: section 3, `pending`: max(0, amount − captured); anything else: 0.
    """
    if status != "PENDING":
        return Decimal(0)
    return max(Decimal(0), amount + unseen_increments - captured)
