"""What a venue must do for us, whoever it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Protocol

from holdings.hedging.rules.exposure import Instrument, Side


class Refused(Exception):
    """The venue certainly did not take the order.

    `passing` when the same would be taken a little later (a limit of calls, a market that is
    closed just now): then nobody has to look at it.
    """

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


class Unsure(Exception):
    """Nobody can tell from the answer, or from its absence, whether the venue took the order."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order as a venue needs it; quantity in shown units, price in USD, None at market."""

    client_id: str
    pair: str
    tokenized: bool
    side: Side
    quantity: Decimal
    limit_price: Decimal | None
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Fill:
    """One piece of an order that was filled; `cost` and `fee` in USD."""

    id: str
    quantity: Decimal
    price: Decimal
    cost: Decimal
    fee: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """What a venue says of an order. `filled` may be ahead of the fills it can list."""

    order_id: str
    open: bool
    filled: Decimal
    fills: tuple[Fill, ...]

    @property
    def complete(self) -> bool:
        """Tell whether nothing more can come."""
        return not self.open and sum((f.quantity for f in self.fills), Decimal(0)) >= self.filled


class Venue(Protocol):
    """A place that orders are sent to. Its methods call out: never inside a transaction."""

    name: ClassVar[str]

    def place(self, ticket: Ticket, *, now: datetime, validate: bool = False) -> str:
        """Send an order, good at once or not at all, and return the venue's id of it.

        With `validate` the venue only checks it, and the id is empty.

        Raises:
            Refused: it was certainly not taken.
            Unsure: it may or may not have been.
        """

    def find(self, ticket: Ticket) -> Report | None:
        """Return what became of an order, or None if the venue does not know it.

        Raises:
            Unsure: the venue cannot be asked right now.
        """

    def cancel(self, ticket: Ticket) -> None:
        """Ask the venue to end an order; one that it does not know, or that has ended, is fine.

        Raises:
            Unsure: the venue cannot be asked right now.
        """

    def instruments(self) -> Iterable[tuple[str, Instrument]]:
        """Return what the venue trades against USD: our code and what it asks of orders.

        Raises:
            Unsure: the venue cannot be asked right now.
        """
