"""What an issuer of tokenized shares must do for us, whoever it is. Its methods call out."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Protocol

from holdings.primary.rules import Fill, Side


class Unsure(Exception):
    """Nobody can tell from the answer, or from its absence, whether the issuer has the order."""


@dataclass(frozen=True, slots=True)
class Order:
    """What an issuer is asked to do. `key` names it for good: the same key again does no more.

    `amount` is what is given, all of it: dollars for a subscription, for a redemption base units,
    as the token's contract counts them. `token` is that contract or mint, `wallet` the party's.
    """

    key: str
    side: Side
    asset: str
    network: str
    token: str
    wallet: str
    amount: Decimal


class Verdict(StrEnum):
    """Where an order stands at the issuer."""

    ACCEPTED = "ACCEPTED"
    FILLED = "FILLED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an issuer says of an order: with FILLED the `fill`, with REFUSED the `reason`."""

    verdict: Verdict
    reference: str
    fill: Fill | None = None
    reason: str = ""


class Issuer(Protocol):
    """Who mints shares for cash, and burns them for it."""

    name: ClassVar[str]

    def submit(self, order: Order, *, now: datetime) -> Answer:
        """Give an order, once per key, and return where it stands.

        Raises:
            Unsure: it may or may not have been taken; the same call again is safe.
        """

    def find(self, key: str, *, now: datetime) -> Answer | None:
        """Return where an order stands, None if the issuer never heard of it.

        Raises:
            Unsure: it cannot be asked right now.
        """
