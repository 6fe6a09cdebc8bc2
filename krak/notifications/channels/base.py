"""What a channel takes, and how it says that it could not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from krak.core.outbox.registry import NotYet


class SendAgain(NotYet):
    """It did not go out, or a second one will replace it: it is to be sent again."""


class Refused(Exception):
    """It did not go out, nor would it if it were sent again: somebody has to look at it."""


class Gone(Exception):
    """There is nobody at this address any more, nor will there be."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A notice on its way: `address` is an e-mail address or a phone's token.

    `key` is the same when it is sent again: on a phone the second replaces the first.
    """

    customer_id: UUID
    key: str
    address: str
    title: str
    text: str
    data: Mapping[str, Any]


class Push(Protocol):
    """A push provider; which one is used is the setting `KRAK_PUSH_BACKEND`."""

    def send(self, parcel: Parcel) -> None:
        """Send one push. It calls out: never inside a transaction, and for less than a minute.

        Raises:
            SendAgain: it did not go out, or nobody knows whether it did.
            Refused: it did not, and never will.
            Gone: the token is dead.
        """
