"""Where a dispute stands, from what was said of it in whatever order; what evidence is asked for.

Source: the card policy, section 7; Stripe's Issuing API for the evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

SUBMITTED: Final = "issuing_dispute.submitted"
CLOSED: Final = "issuing_dispute.closed"
REINSTATED: Final = "issuing_dispute.funds_reinstated"
RESCINDED: Final = "issuing_dispute.funds_rescinded"
COLUMN_OF: Final[Mapping[str, str]] = {
    SUBMITTED: "submitted_at",
    CLOSED: "lost_at",
    REINSTATED: "reinstated_at",
    RESCINDED: "rescinded_at",
}
"""When each of Stripe's events was, in a dispute's row; what is closed may be `expired_at`, too."""
_CAME: Final = ("expected_at", "product_description", "product_type")
_RETURNED: Final = ("returned_at", "return_status")
EVIDENCE_OF: Final[Mapping[str, frozenset[str]]] = {
    reason: frozenset(fields)
    for reason, fields in {
        "CANCELED": (
            "canceled_at", "cancellation_policy_provided", "cancellation_reason", *_CAME, *_RETURNED
        ),
        "DUPLICATE": (),
        "FRAUDULENT": (),
        "MERCHANDISE_NOT_AS_DESCRIBED": ("received_at", "return_description", *_RETURNED),
        "NOT_RECEIVED": _CAME,
        "NO_VALID_AUTHORIZATION": (),
        "OTHER": ("product_description", "product_type"),
        "SERVICE_NOT_AS_DESCRIBED": ("canceled_at", "cancellation_reason", "received_at"),
    }.items()
}  # fmt: skip
"""What can be said beside the explanation, by reason; all of it in Stripe's names."""
DAYS: Final = frozenset({"canceled_at", "expected_at", "received_at", "returned_at"})
"""What of it is a day: ours are ISO dates, Stripe's are the seconds of their beginning in UTC."""


def evidence_for_stripe(
    reason: str, *, explanation: str, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the `evidence` that Stripe is given: the explanation and what else was said."""
    told = {
        name: _seconds(value) if name in DAYS else value
        for name, value in given.items()
        if name in EVIDENCE_OF[reason]
    }
    return {"reason": reason.lower(), reason.lower(): {"explanation": explanation, **told}}


def _seconds(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def events_of(dispute: Mapping[str, Any]) -> frozenset[str]:
    """Return the events that must have told where a dispute of Stripe's stands."""
    status = dispute["status"]
    moved = [each["amount"] for each in dispute["balance_transactions"] or ()]
    told = {
        SUBMITTED: status not in {"unsubmitted", "expired"},
        REINSTATED: any(amount > 0 for amount in moved),
        RESCINDED: any(amount < 0 for amount in moved),
        CLOSED: status == "expired" or (status == "lost" and not moved),
    }
    return frozenset(event for event, was in told.items() if was)


@dataclass(frozen=True, slots=True)
class Said:
    """What Stripe has said so far."""

    submitted: bool
    lost: bool
    reinstated: bool
    rescinded: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What should have moved: to the customer, out of suspense, in from the network."""

    credited: Decimal
    from_suspense: Decimal
    from_network: Decimal


def standing(said: Said, *, amount: Decimal, reinstated: Decimal, provisional: bool) -> Standing:
    """Return where a dispute stands; the last word of the network wins, not the last to arrive.

    `amount` is what was disputed, `reinstated` what the network gave back. Won: the network's
    money makes suspense good; a customer who is credited ahead keeps that amount and the
    difference is the house's, one who is not gets what came. Lost, or rescinded after a win:
    nothing.
    """
    nothing = Decimal(0)
    ahead = said.submitted and provisional
    if said.rescinded:
        return Standing(nothing, nothing, nothing)
    if said.reinstated:
        return Standing(amount if ahead else reinstated, nothing, reinstated)
    if said.lost or not ahead:
        return Standing(nothing, nothing, nothing)
    return Standing(amount, amount, nothing)
