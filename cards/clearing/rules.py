"""What the network reports after the tap, as values. Source: the card policy, sections 3 to 5."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What the network did."""

    CAPTURE = "CAPTURE"
    REFUND = "REFUND"
    REFUND_REVERSAL = "REFUND_REVERSAL"


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


APPROVED_BY_US: Final = "webhook_approved"
DECLINED_BY_US: Final = "webhook_declined"
NETWORK_REASONS: Final = frozenset({"webhook_timeout", "webhook_error", "network_fallback"})
"""Why a request was approved without us, in Stripe's words."""
FLOAT_EMPTY: Final = "insufficient_funds"
"""Stripe's word, and about *our* balance there: the customer's was not even asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How one request of an authorization was answered, by us or not, and why, in Stripe's words.

    `amount` is what was asked: of an increment, on top.
    """

    approved: bool
    reason: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An authorization as Stripe saw it at `event_at`; `answers` are oldest first."""

    stripe_id: str
    card_stripe_id: str
    approved: bool
    status: str
    amount: Decimal
    currency: str
    answers: tuple[Answer, ...]
    mcc: str
    merchant_name: str
    merchant_network_id: str
    merchant_country: str
    event_at: datetime

    @property
    def steps(self) -> int:
        """How many requests it reflects: told of at all, it has had its first one."""
        return max(1, len(self.answers))

    @property
    def newest(self) -> Answer:
        """The answer to the newest request, as far as is told."""
        return self.answers[-1] if self.answers else Answer(self.approved, "", self.amount)

    @property
    def reason(self) -> str:
        """Why the newest request was answered so."""
        return self.newest.reason

    @property
    def ever_approved(self) -> bool:
        """Tell whether it is approved, or was when it began."""
        return self.approved or bool(self.answers and self.answers[0].approved)

    def reasons_without_us(self) -> set[str]:
        """Return why requests were approved that we had not approved."""
        reasons = {
            answer.reason if answer.reason in NETWORK_REASONS else "adopted"
            for answer in self.answers
            if answer.approved and answer.reason != APPROVED_BY_US
        }
        return reasons or {"adopted"}

    def found_float_empty(self, *, since: int) -> bool:
        """Tell whether our balance did not cover a request after the first `since`."""
        return any(
            not answer.approved and answer.reason == FLOAT_EMPTY for answer in self.answers[since:]
        )


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
