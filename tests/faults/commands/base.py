"""A command, who asks for it, and what goes over the wire."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg

from krak.sandbox.issuer import shapes

if TYPE_CHECKING:
    from tests.faults.commands.cards import Capture, Tap

Database = psycopg.Connection[Any]


@dataclass
class Person:
    """A customer of the driver's."""

    customer: str
    token: str
    card: str
    tag: str = ""
    """By which the others pay them."""
    destination: str = ""
    """Where they send coins."""
    deposits: int = 0
    withdrawals: int = 0
    clock_ahead: timedelta = timedelta(0)
    """By how much the network's clock is ahead of ours."""
    others: "list[Person]" = field(default_factory=list)
    approved: "list[Tap]" = field(default_factory=list)
    captured: "list[Capture]" = field(default_factory=list)

    def now(self) -> datetime:
        """Return the time by the network's clock."""
        return datetime.now(UTC) + self.clock_ahead


@dataclass
class Request:
    """What goes over the wire, once."""

    path: str
    body: str
    headers: dict[str, str]
    method: str = "POST"


@dataclass
class Command:
    """One thing asked for. `accepted` is None while nobody knows."""

    person: Person
    name: str = field(default_factory=lambda: secrets.token_hex(10))
    accepted: bool | None = None
    answer: Any = None
    attempts: int = 0
    kind: ClassVar[str] = ""

    def request(self) -> Request:
        """Return the request; the same in everything but its signature's time each time."""
        raise NotImplementedError

    def hear(self, status: int, answer: Any) -> None:
        """Take an answer that stands."""
        self.answer = answer
        self.accepted = status < 300

    def next(self) -> "Command | None":
        """Return what this very client asks for after it, if anything."""
        return None

    @classmethod
    def new(cls, person: Person, random: Random) -> "Command | None":
        """Return one made up at random; None if there is nothing to ask for now."""
        raise NotImplementedError

    @classmethod
    def effects(cls, database: Database, commands: Sequence[Any]) -> dict[str, int]:
        """Return how many effects each command had, by its name."""
        raise NotImplementedError

    def _asked(
        self, path: str, body: dict[str, Any] | None = None, *, step_up: str = ""
    ) -> Request:
        """Return the call of the API that their app makes, with the command's name as its key."""
        return Request(
            path,
            json.dumps(body) if body else "",
            {
                "Idempotency-Key": self.name,
                "Authorization": f"Bearer {self.person.token}",
                **({"Step-Up": step_up} if step_up else {}),
            },
        )

    def _signed(self, door: str, event: dict[str, Any], secret: str) -> Request:
        text, signature = shapes.signed(event, secret=secret, now=self.person.now())
        return Request(f"/webhooks/stripe/{door}", text, {"Stripe-Signature": signature})
