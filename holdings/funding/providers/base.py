"""What a bank or a custodian must do for us, whoever it is. Its methods call out."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Protocol


class Refused(Exception):
    """The provider certainly did not and will not send the money."""


class Unsure(Exception):
    """Nobody can tell from the answer, or from its absence, whether the provider sends it."""


@dataclass(frozen=True, slots=True)
class Payout:
    """Money to be sent. `key` names it for good: the same key again sends nothing more.

    `amount` is in base units, as a token's contract counts them; `token` is that contract or mint,
    "" for money and for coins.
    """

    key: str
    rail: str
    account: str
    bic: str
    memo: str
    holder: str
    currency: str
    token: str
    amount: Decimal
    text: str


class PayoutState(StrEnum):
    """What a provider says became of a payout."""

    TAKEN = "TAKEN"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    RETURNED = "RETURNED"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a payout stands at the provider; `reference` is its own id, or a transaction's."""

    state: PayoutState
    reference: str
    reason: str = ""


class Provider(Protocol):
    """A bank or custodian."""

    name: ClassVar[str]

    def open_account(self, *, key: str, currency: str, holder: str) -> tuple[str, str]:
        """Return IBAN and BIC of an account in the holder's name; the same key, the same account.

        Raises:
            Unsure: it cannot be asked right now.
        """

    def open_address(self, *, key: str, network: str) -> tuple[str, str]:
        """Return address and memo ("" for none) for one customer; the same key, the same ones.

        Raises:
            Unsure: it cannot be asked right now.
        """

    def send(self, payout: Payout, *, now: datetime) -> str:
        """Send money, once per key, and return the provider's reference.

        Raises:
            Refused: it certainly will not.
            Unsure: it may or may not have; the same call again is safe.
        """

    def find(self, key: str) -> Standing | None:
        """Return where a payout stands, None if the provider never heard of it.

        Raises:
            Unsure: it cannot be asked right now.
        """
