"""What of an authorization or transaction must be the same at Stripe and with us. Pure."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from krak.core.money import plain


@dataclass(frozen=True, slots=True)
class TransactionFacts:
    """A capture, a refund or what takes one back; `amount` positive, in the card's currency."""

    kind: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class AuthorizationFacts:
    """Where an authorization stands; `captured` is the sum of its captures."""

    status: str
    approved: bool
    amount: Decimal
    currency: str


def fingerprint(event: str, stripe_object: dict[str, Any]) -> str:
    """Return a short name of an event of a state of a Stripe object: of another it is another."""
    text = json.dumps([event, stripe_object], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def kind_of(transaction: dict[str, Any]) -> str:
    """Return what we call a transaction of Stripe's: a refund below zero takes one back."""
    kind = str(transaction["type"]).upper()
    return "REFUND_REVERSAL" if kind == "REFUND" and transaction["amount"] < 0 else kind


def last_change(authorization: dict[str, Any]) -> datetime:
    """Return the newest moment that an authorization itself tells of."""
    moments = [authorization["created"]]
    for part in ("request_history", "transactions"):
        moments += [each["created"] for each in authorization.get(part) or ()]
    return datetime.fromtimestamp(max(moments), tz=UTC)


def differing(theirs: Any, ours: Any) -> dict[str, list[str]]:
    """Return what differs: field → [at Stripe, with us]."""
    there, here = asdict(theirs), asdict(ours)
    return {
        name: [_shown(value), _shown(here[name])]
        for name, value in there.items()
        if value != here[name]
    }


def _shown(value: Any) -> str:
    return plain(value) if isinstance(value, Decimal) else str(value)
