"""Journal entries as values."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from krak.core.money import plain, require_exact

DEBIT = "DEBIT"
CREDIT = "CREDIT"


class Unbalanced(ValueError):
    """The legs of an entry do not sum to zero in every currency."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg: exactly one of `account` (a customer's) and `house` (the house's) is given.

    `amount` is positive, in base units of `currency`. `forced` lets a customer's account
    go below zero: only for what the card network has decided already.
    """

    side: str
    currency: str
    amount: Decimal
    account: UUID | None = None
    house: str | None = None
    forced: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return what `ledger_post` reads."""
        leg: dict[str, Any] = {
            "side": self.side,
            "currency": self.currency,
            "amount": plain(self.amount),
        }
        if self.account is not None:
            leg["account"] = str(self.account)
        else:
            leg["house"] = self.house
        if self.forced:
            leg["forced"] = True
        return leg


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal entry to be posted; `cause` names the event that it records, once."""

    id: UUID
    customer_id: UUID
    cause: str
    kind: str
    event_at: datetime
    created_at: datetime
    legs: tuple[Leg, ...]
    details: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Say a mistake early that the database would refuse anyway.

        Raises:
            Unbalanced: some currency does not sum to zero, or nothing is moved.
            InexactAmount: an amount has more decimals than the ledger keeps.
        """
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for leg in self.legs:
            require_exact(leg.amount)
            sums[leg.currency] += leg.amount if leg.side == CREDIT else -leg.amount
        if not sums or any(sums.values()):
            raise Unbalanced(f"{self.cause}: {dict(sums)}")

    def as_json(self) -> dict[str, Any]:
        """Return what `ledger_post` reads."""
        return {
            "customer": str(self.customer_id),
            "id": str(self.id),
            "cause": self.cause,
            "kind": self.kind,
            "event_at": self.event_at.isoformat(),
            "created_at": self.created_at.isoformat(),
            "details": dict(self.details),
            "legs": [leg.as_json() for leg in self.legs],
        }
