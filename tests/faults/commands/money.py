"""What customers ask for: money in, conversions, money to others, money out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from krak.core.ids import read
from tests.faults.commands.base import Command, Database, Person, Request

ON = "base"
FEE_AGREED = "0.1"
"""Twice what sending a stable coin costs there; a lower fee is taken as it is."""


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
        asked = {"sell": self.sell, "buy": self.buy, "sell_amount": self.amount}
        return self._asked("/v1/quotes", asked)

    def next(self) -> "Command | None":
        """Return its acceptance."""
        return Trade(self.person, quote=self.answer["id"]) if self.accepted else None

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
        return self._asked(f"/v1/quotes/{self.quote}/accept")

    @classmethod
    def effects(cls, database: Database, commands: Sequence["Trade"]) -> dict[str, int]:
        """The trades of the quote, and their entries."""
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


@dataclass
class Transfer(Command):
    """Somebody pays somebody else by their tag; the note is the command's name."""

    to: str = ""
    coins: int = 0
    kind = "transfer"

    @classmethod
    def new(cls, person: Person, random: Random) -> "Transfer | None":
        """Pay a few stable coins to one of the others."""
        if not person.others:
            return None
        return cls(person, to=random.choice(person.others).tag, coins=random.randint(1, 20))

    def request(self) -> Request:
        """Return the call."""
        amount = {"amount": str(self.coins), "currency": "USDC"}
        return self._asked("/v1/transfers", {"to": self.to, "amount": amount, "note": self.name})

    @classmethod
    def effects(cls, database: Database, commands: Sequence["Transfer"]) -> dict[str, int]:
        """One transfer, one entry in the book of each of the two, of its amount."""
        rows = database.execute(
            """
            SELECT wanted.name,
                   greatest(count(DISTINCT t.id), count(DISTINCT s.id), count(DISTINCT r.id)),
                   least(count(DISTINCT t.id), count(DISTINCT paid.entry_id),
                         count(DISTINCT got.entry_id))
              FROM unnest(%s::text[], %s::numeric[]) AS wanted(name, amount)
              LEFT JOIN transfers_transfer t ON t.note = wanted.name
              LEFT JOIN ledger_journalentry s
                ON s.customer_id = t.customer_id AND s.cause = 'transfer:' || t.id || ':sent'
              LEFT JOIN ledger_journalentry r
                ON r.customer_id = t.recipient_id AND r.cause = 'transfer:' || t.id || ':received'
              LEFT JOIN ledger_posting paid
                ON paid.customer_id = s.customer_id AND paid.entry_id = s.id
               AND paid.account_id IS NOT NULL AND paid.side = 'DEBIT'
               AND paid.amount = wanted.amount
              LEFT JOIN ledger_posting got
                ON got.customer_id = r.customer_id AND got.entry_id = r.id
               AND got.account_id IS NOT NULL AND got.side = 'CREDIT'
               AND got.amount = wanted.amount
             GROUP BY wanted.name
            """,
            [[each.name for each in commands], [each.coins for each in commands]],
        ).fetchall()
        return {name: 0 if least == 0 else most for name, most, least in rows}


@dataclass
class Proof(Command):
    """Somebody proves that it is them, for exactly one withdrawal, which follows.

    No two withdrawals of a person are of one amount.
    """

    cents: int = 0
    kind = "proof"

    @classmethod
    def new(cls, person: Person, random: Random) -> "Proof | None":
        """Ask to send a cent more than the last time."""
        if not person.destination:
            return None
        person.withdrawals += 1
        return cls(person, cents=100 + person.withdrawals)

    @property
    def subject(self) -> dict[str, str]:
        """What they agree to."""
        return {
            "destination": self.person.destination,
            "amount": f"{self.cents / 100:.2f}".rstrip("0").rstrip("."),
            "currency": "USDC",
            "fee": FEE_AGREED,
        }

    def request(self) -> Request:
        """Return the call."""
        return self._asked(
            "/v1/step-up", {"action": "withdraw", "subject": self.subject, "code": "424242"}
        )

    def next(self) -> "Command | None":
        """Return what was proved for."""
        if not self.accepted:
            return None
        return Withdrawal(self.person, cents=self.cents, proof=self.answer["id"])

    @classmethod
    def effects(cls, database: Database, commands: Sequence["Proof"]) -> dict[str, int]:
        """A proof moves nothing."""
        return {each.name: 1 if each.accepted else 0 for each in commands}


@dataclass
class Withdrawal(Proof):
    """Coins are sent to an address of theirs."""

    proof: str = ""
    kind = "withdrawal"

    def request(self) -> Request:
        """Return the call."""
        return self._asked("/v1/withdrawals", self.subject, step_up=self.proof)

    def next(self) -> "Command | None":
        """Return nothing: a job sends it."""
        return None

    @classmethod
    def effects(cls, database: Database, commands: Sequence["Proof"]) -> dict[str, int]:
        """One withdrawal, one payout that its provider was asked for, one entry of its amount."""
        owners = [read("cus", each.person.customer) for each in commands]
        rows = database.execute(
            """
            SELECT wanted.name,
                   greatest(count(DISTINCT w.id), count(DISTINCT e.id), count(DISTINCT o.id)),
                   least(count(DISTINCT w.id), count(DISTINCT p.entry_id), count(DISTINCT o.id))
              FROM unnest(%s::text[], %s::uuid[], %s::numeric[]) AS wanted(name, owner, amount)
              LEFT JOIN funding_withdrawal w
                ON w.customer_id = wanted.owner AND w.amount = wanted.amount
              LEFT JOIN ledger_journalentry e
                ON e.customer_id = w.customer_id AND e.cause = 'withdrawal:' || w.id
              LEFT JOIN ledger_posting p
                ON p.customer_id = e.customer_id AND p.entry_id = e.id AND p.house = 'CUSTODY'
               AND p.amount = wanted.amount
              LEFT JOIN funding_paperpayout o
                ON o.account = (SELECT d.account FROM funding_destination d
                                 WHERE d.id = w.destination_id AND d.customer_id = w.customer_id)
               AND o.amount = wanted.amount
             GROUP BY wanted.name
            """,
            [[each.name for each in commands], owners, [each.cents / 100 for each in commands]],
        ).fetchall()
        return {name: 0 if least == 0 else most for name, most, least in rows}
