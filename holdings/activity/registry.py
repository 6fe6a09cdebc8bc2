"""How entries read. A feature names its kinds in a room of its own, `activity.py`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet


class Group(StrEnum):
    """What a customer would call it; more may be added."""

    CARD = "card"
    TRADE = "trade"
    CASHBACK = "cashback"
    DISPUTE = "dispute"
    TRANSFER = "transfer"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Moved:
    """A journal entry and what it changed of its customer's: signed base units by currency."""

    id: UUID
    customer_id: UUID
    sequence: int
    kind: str
    cause: str
    details: Mapping[str, Any]
    event_at: datetime
    created_at: datetime
    changes: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Words:
    """How one entry reads.

    `party` is the merchant or the other person, `links` are the ids clients see of what it is
    about, by what they name: {"authorization": "auth_…"}. Whatever `names_people` in party or
    note is kept where it can be forgotten, and nowhere else.
    """

    title: str
    party: str = ""
    note: str = ""
    status: str = "completed"
    links: Mapping[str, str] = field(default_factory=dict)
    names_people: bool = False


type Describe = Callable[[Sequence[Moved]], Mapping[UUID, Words]]
"""Words by entry id for entries of the kind, of one customer, in a query or two for all of them.
An entry left out reads by its kind's title."""
type Search = Callable[[UUID, str], QuerySet[Any, Any]]
"""Ids of the customer's entries that a text finds beyond what their `details` say, as a subquery
(one column) that reads no other customer's rows."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How entries of one kind read, and how they are found."""

    kind: str
    group: Group
    title: str
    describe: Describe | None = None
    search: Search | None = None


_readings: dict[str, Reading] = {}
_GUESSES: Final = {
    "CARD": Group.CARD,
    "DEPOSIT": Group.DEPOSIT,
    "TOPUP": Group.DEPOSIT,
    "TRANSFER": Group.TRANSFER,
    "WITHDRAWAL": Group.WITHDRAWAL,
}


def reads(
    kind: str,
    *,
    group: Group,
    title: str,
    describe: Describe | None = None,
    search: Search | None = None,
) -> None:
    """Say how entries of a kind read; `details` named in `SEARCHED` are found without `search`."""
    reading = Reading(kind, group, title, describe, search)
    if _readings.setdefault(kind, reading) != reading:
        raise ValueError(f"{kind} reads in two ways")


def reading_of(kind: str) -> Reading:
    """Return how a kind reads; one that nobody described reads by its name."""
    known = _readings.get(kind)
    if known is not None:
        return known
    guess = _GUESSES.get(kind.partition("_")[0], Group.OTHER)
    return Reading(kind, guess, kind.replace("_", " ").capitalize())


def readings() -> Sequence[Reading]:
    """Return all that were described."""
    return tuple(_readings.values())
