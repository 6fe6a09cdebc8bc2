"""Journal entries as values."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from krak.core.money import plain, require_exact

DEBIT = "DEBIT"
CREDIT = "CREDIT"


class House(StrEnum):
    """The house's accounts, one of each per currency. They have no row and no locked balance.

    A row per house account would be the one that every customer's posting waits for.
    """

    INVENTORY = "INVENTORY"
    CARD_SETTLEMENT = "CARD_SETTLEMENT"
    SPREAD = "SPREAD"
    CASHBACK_EXPENSE = "CASHBACK_EXPENSE"
    SUSPENSE = "SUSPENSE"
    DISPUTE_RESULT = "DISPUTE_RESULT"
    IN_TRANSIT = "IN_TRANSIT"
    FEES = "FEES"
    CUSTODY = "CUSTODY"
    DUST = "DUST"


WORDS_OF_HOUSE: Final[Mapping[House, str]] = {
    House.INVENTORY: "what we trade customers against",
    House.CARD_SETTLEMENT: "owed to the card network",
    House.SPREAD: "our margin on conversions",
    House.CASHBACK_EXPENSE: "rewards we paid",
    House.SUSPENSE: "disputed amounts credited ahead",
    House.DISPUTE_RESULT: "differences of settled disputes",
    House.IN_TRANSIT: "between two customers",
    House.FEES: "fees earned",
    House.CUSTODY: "what banks and chains hold for us",
    House.DUST: "rounding left to the house",
}
"""What each is for."""


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
