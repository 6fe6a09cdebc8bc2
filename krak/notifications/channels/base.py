"""What a channel takes, and how it says that it could not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID


class NotSent(Exception):
    """It certainly did not go out; it may be tried again."""


class Gone(Exception):
    """There is nobody at this address any more, nor will there be."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A notice on its way: `address` is an e-mail address or a phone's token."""

    customer_id: UUID
    address: str
    title: str
    text: str
    data: Mapping[str, Any]


class Push(Protocol):
    """A push provider: the setting `PUSH_BACKEND` names a class like this."""

    def send(self, parcel: Parcel) -> None:
        """Send one push.

        Raises:
            NotSent: it certainly did not go out.
            Gone: the token is dead.
        """
