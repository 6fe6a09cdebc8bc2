"""What the driver asks for, and how each command is told from its absence in the books.

A command is sent until it is acknowledged, the same one with the same name each time. Whoever adds
an operation that moves money adds a class here, with a name in `COMMANDS`: what it sends, and the
SQL that finds its effects by its name.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, ClassVar

import psycopg

from krak.sandbox.issuer import shapes

AUTHORIZATION_SECRET = "whsec_sandbox_authorization"
EVENTS_SECRET = "whsec_sandbox_events"
UNDECIDED = {"system_busy", "system_error"}
Database = psycopg.Connection[Any]


@dataclass
class Person:
    """A customer of the driver's."""

    customer: str
    token: str
    card: str
    deposits: int = 0
    clock_ahead: timedelta = timedelta(0)
    """By how much the network's clock is ahead of ours."""
    approved: list["Tap"] = field(default_factory=list)
    captured: list["Capture"] = field(default_factory=list)

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

    @classmethod
    def effects(cls, database: Database, commands: Sequence[Any]) -> dict[str, int]:
        """Return how many effects each command had, by its name."""
        raise NotImplementedError

    def _signed(self, door: str, event: dict[str, Any], secret: str) -> Request:
        text, signature = shapes.signed(event, secret=secret, now=self.person.now())
        return Request(f"/webhooks/stripe/{door}", text, {"Stripe-Signature": signature})


@dataclass
class Tap(Command):
    """A card is held to a terminal."""

    cents: int = 0
    kind = "tap"

    @classmethod
    def new(cls, person: Person, random: Random) -> "Tap":
        """Ask for 1 to 40 dollars."""
        return cls(person, cents=random.randint(100, 4000))

    @property
    def stripe_id(self) -> str:
        """The authorization's id."""
        return f"iauth_{self.name}"

    def request(self) -> Request:
        """Return the network's question."""
        created = int(self.person.now().timestamp())
        asked = shapes.authorization(
            stripe_id=self.stripe_id,
            card=_card(self.person),
            currency="usd",
            merchant_data=_merchant(),
            merchant_currency="usd",
            created=created,
            pending_request=shapes.pending_request(
                amount=self.cents,
                currency="usd",
                merchant_amount=self.cents,
                merchant_currency="usd",
            ),
        )
        event = shapes.event("issuing_authorization.request", asked, created=created)
        return self._signed("authorizations", event, AUTHORIZATION_SECRET)

    def hear(self, status: int, answer: Any) -> None:
        """Take the decision; what nobody could decide, after a lost answer, says nothing."""
        self.answer = answer
        approved = bool(answer.get("approved"))
        reason = answer.get("metadata", {}).get("decline_reason")
        if reason in UNDECIDED and self.attempts > 1:
            return
        self.accepted = approved
        if approved:
            self.person.approved.append(self)

    @property
    def undecided(self) -> bool:
        """Tell whether it was declined because nobody could decide."""
        return (self.answer or {}).get("metadata", {}).get("decline_reason") in UNDECIDED

    @classmethod
    def effects(cls, database: Database, commands: Sequence["Tap"]) -> dict[str, int]:
        """An approval, with its hold; sales that were posted more often than decided count too."""
        ids = [each.stripe_id for each in commands]
        rows = database.execute(
            """
            SELECT a.stripe_id,
                   greatest(count(DISTINCT d.id), count(DISTINCT h.id),
                            (SELECT count(*) FROM ledger_journalentry e
                              WHERE e.customer_id = a.customer_id
                                AND e.cause LIKE 'authorization:' || a.stripe_id || ':%%')
                            - sum(jsonb_array_length(d.sales)) + 1)
              FROM authorizations_authorization a
              JOIN authorizations_decision d
                ON d.authorization_id = a.id AND d.outcome <> 'DECLINED'
              JOIN ledger_hold h
                ON h.customer_id = a.customer_id AND h.reference = 'authorization:' || a.stripe_id
             WHERE a.stripe_id = ANY(%s) AND a.approved GROUP BY a.customer_id, a.stripe_id
            """,
            [ids],
        ).fetchall()
        found = {stripe_id.removeprefix("iauth_"): int(count) for stripe_id, count in rows}
        return {each.name: found.get(each.name, 0) for each in commands}


@dataclass
class Ending(Command):
    """What the network tells of a tap that nobody could decide: that it was declined.

    A server that stands still in the middle of a commit finishes it when it goes on, long after
    the till was told; so this, which the network tells of every tap, has the last word.
    """

    tap: Tap | None = None
    kind = "ending"

    def request(self) -> Request:
        """Return Stripe's event."""
        if self.tap is None:
            raise LookupError("of no tap")
        created = int(self.person.now().timestamp())
        told = shapes.authorization(
            stripe_id=self.tap.stripe_id,
            card=_card(self.person),
            currency="usd",
            merchant_data=_merchant(),
            merchant_currency="usd",
            created=created,
            status="closed",
            request_history=[
                shapes.history_entry(
                    amount=self.tap.cents,
                    currency="usd",
                    merchant_amount=self.tap.cents,
                    merchant_currency="usd",
                    approved=False,
                    reason="webhook_declined",
                    created=created,
                )
            ],
        )
        event = shapes.event("issuing_authorization.created", told, created=created)
        event["id"] = f"evt_{self.name}"
        return self._signed("events", event, EVENTS_SECRET)

    @classmethod
    def effects(cls, database: Database, commands: Sequence["Ending"]) -> dict[str, int]:
        """One event kept."""
        rows = database.execute(
            "SELECT event_id, count(*) FROM inbox_inboxevent WHERE event_id = ANY(%s) GROUP BY 1",
            [[f"evt_{each.name}" for each in commands]],
        ).fetchall()
        found = {event_id.removeprefix("evt_"): int(count) for event_id, count in rows}
        return {each.name: found.get(each.name, 0) for each in commands}


@dataclass
class Capture(Command):
    """The network's final record of a tap."""

    tap: Tap | None = None
    cents: int = 0
    kind = "capture"

    @classmethod
    def new(cls, person: Person, random: Random) -> "Capture | None":
        """Capture a tap that was approved, whole."""
        if not person.approved:
            return None
        tap = person.approved.pop(random.randrange(len(person.approved)))
        return cls(person, tap=tap, cents=tap.cents)

    @property
    def stripe_id(self) -> str:
        """The transaction's id."""
        return f"ipi_{self.name}"

    def _transaction(self, kind: str, cents: int) -> Request:
        created = int(self.person.now().timestamp())
        told = shapes.transaction(
            stripe_id=self.stripe_id,
            kind=kind,
            amount=cents,
            currency="usd",
            card=self.person.card,
            cardholder="ich_faults",
            authorization_id=self.tap.stripe_id if self.tap else None,
            merchant_data=_merchant(),
            merchant_amount=cents,
            merchant_currency="usd",
            created=created,
        )
        event = shapes.event("issuing_transaction.created", told, created=created)
        event["id"] = f"evt_{self.name}"
        return self._signed("events", event, EVENTS_SECRET)

    def request(self) -> Request:
        """Return Stripe's event."""
        return self._transaction("capture", -self.cents)

    def hear(self, status: int, answer: Any) -> None:
        """Remember it, to be refunded perhaps."""
        super().hear(status, answer)
        if self.accepted and type(self) is Capture:
            self.person.captured.append(self)

    @classmethod
    def effects(cls, database: Database, commands: Sequence["Capture"]) -> dict[str, int]:
        """One event kept, one transaction, one journal entry of its amount."""
        rows = database.execute(
            """
            SELECT wanted.name,
                   greatest((SELECT count(*) FROM inbox_inboxevent
                              WHERE event_id = 'evt_' || wanted.name),
                            count(DISTINCT t.id), count(DISTINCT e.id)),
                   least(count(DISTINCT t.id), count(DISTINCT e.id), count(DISTINCT p.entry_id))
              FROM unnest(%s::text[], %s::numeric[]) AS wanted(name, amount)
              LEFT JOIN clearing_cardtransaction t ON t.stripe_id = 'ipi_' || wanted.name
              LEFT JOIN ledger_journalentry e
                ON e.customer_id = t.customer_id AND e.cause = 'transaction:' || t.stripe_id
              LEFT JOIN ledger_posting p
                ON p.customer_id = e.customer_id AND p.entry_id = e.id
               AND p.account_id IS NOT NULL AND p.amount = wanted.amount
             GROUP BY wanted.name
            """,
            [[each.name for each in commands], [each.cents / 100 for each in commands]],
        ).fetchall()
        return {name: 0 if least == 0 else most for name, most, least in rows}


@dataclass
class Refund(Capture):
    """A merchant gives a part back."""

    kind = "refund"

    @classmethod
    def new(cls, person: Person, random: Random) -> "Refund | None":
        """Refund a part of a capture, or all of it."""
        if not person.captured:
            return None
        capture = person.captured.pop(random.randrange(len(person.captured)))
        return cls(person, tap=capture.tap, cents=random.randint(1, capture.cents))

    def request(self) -> Request:
        """Return Stripe's event."""
        return self._transaction("refund", self.cents)


@dataclass
class Deposit(Command):
    """Money comes from a bank; no two of a person are of one amount."""

    cents: int = 0
    kind = "deposit"

    @classmethod
    def new(cls, person: Person, random: Random) -> "Deposit":
        """Deposit a cent more than the last time."""
        person.deposits += 1
        return cls(person, cents=100 + person.deposits)

    def request(self) -> Request:
        """Return the sandbox's call, with its key."""
        return Request(
            f"/v1/sandbox/customers/{self.person.customer}/deposits",
            json.dumps({"amount": f"{self.cents / 100:.2f}"}),
            {"Idempotency-Key": self.name},
        )

    @classmethod
    def effects(cls, database: Database, commands: Sequence["Deposit"]) -> dict[str, int]:
        """The entries of that amount."""
        from krak.core.ids import read

        owners = [read("cus", each.person.customer) for each in commands]
        rows = database.execute(
            """
            SELECT wanted.name, count(e.id)
              FROM unnest(%s::text[], %s::uuid[], %s::numeric[]) AS wanted(name, owner, amount)
              LEFT JOIN ledger_posting p
                ON p.customer_id = wanted.owner AND p.house = 'CUSTODY' AND p.currency = 'USD'
               AND p.amount = wanted.amount
              LEFT JOIN ledger_journalentry e
                ON e.customer_id = p.customer_id AND e.id = p.entry_id
               AND e.cause LIKE 'sandbox:deposit:%%'
             GROUP BY wanted.name
            """,
            [[each.name for each in commands], owners, [each.cents / 100 for each in commands]],
        ).fetchall()
        return dict(rows)


@dataclass
class Quote(Command):
    """A price is asked for; it moves nothing and is followed by a `Trade`."""

    sell: str = "USDC"
    buy: str = "USD"
    amount: str = "1"
    kind = "quote"

    @classmethod
    def new(cls, person: Person, random: Random) -> "Quote":
        """Sell a few stable coins."""
        return cls(person, amount=str(random.randint(2, 20)))

    def request(self) -> Request:
        """Return the call."""
        return Request(
            "/v1/quotes",
            json.dumps({"sell": self.sell, "buy": self.buy, "sell_amount": self.amount}),
            {"Idempotency-Key": self.name, "Authorization": f"Bearer {self.person.token}"},
        )

    @classmethod
    def effects(cls, database: Database, commands: Sequence["Quote"]) -> dict[str, int]:
        """Return the quotes that are kept under the ids that were answered."""
        return {each.name: 1 if each.accepted else 0 for each in commands}


@dataclass
class Trade(Command):
    """A quote is accepted."""

    quote: str = ""
    kind = "trade"

    def request(self) -> Request:
        """Return the call."""
        return Request(
            f"/v1/quotes/{self.quote}/accept",
            "",
            {"Idempotency-Key": self.name, "Authorization": f"Bearer {self.person.token}"},
        )

    @classmethod
    def effects(cls, database: Database, commands: Sequence["Trade"]) -> dict[str, int]:
        """The trades of the quote, and their entries."""
        from krak.core.ids import read

        quotes = {str(read("quo", each.quote)): each.name for each in commands}
        rows = database.execute(
            """
            SELECT wanted.id, greatest(count(DISTINCT t.id), count(DISTINCT e.id))
              FROM unnest(%s::uuid[]) AS wanted(id)
              LEFT JOIN trading_trade t ON t.quote_id = wanted.id
              LEFT JOIN ledger_journalentry e
                ON e.customer_id = t.customer_id AND e.cause = 'quote:' || wanted.id
             GROUP BY wanted.id
            """,
            [list(quotes)],
        ).fetchall()
        return {quotes[str(quote)]: count for quote, count in rows}


# How often each is asked for. Transfers and top-ups: a class above, a line here.
COMMANDS: tuple[tuple[Any, int], ...] = (
    (Tap, 45),
    (Capture, 25),
    (Refund, 5),
    (Deposit, 15),
    (Quote, 10),
)


def _card(person: Person) -> dict[str, Any]:
    return {
        "id": person.card,
        "object": "issuing.card",
        "cardholder": "ich_faults",
        "currency": "usd",
        "livemode": False,
        "status": "active",
    }


def _merchant() -> dict[str, Any]:
    return shapes.merchant(name="RAMEN TOKYO", mcc="5812", country="JP")
