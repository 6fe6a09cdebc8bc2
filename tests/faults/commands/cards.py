"""What the card network asks and tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from krak.sandbox.issuer import shapes
from tests.faults.commands.base import Command, Database, Person, Request

AUTHORIZATION_SECRET = "whsec_sandbox_authorization"
EVENTS_SECRET = "whsec_sandbox_events"
UNDECIDED = {"system_busy", "system_error"}


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

    def next(self) -> "Command | None":
        """Return the network's last word on what nobody could decide."""
        return Ending(self.person, tap=self) if self.undecided else None

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

    @property
    def rewarded_cents(self) -> int:
        """What it adds to what its purchase is rewarded for."""
        return self.cents

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

    @property
    def rewarded_cents(self) -> int:
        """What is given back earns nothing."""
        return -self.cents

    def request(self) -> Request:
        """Return Stripe's event."""
        return self._transaction("refund", self.cents)


@dataclass
class Dispute(Command):
    """Stripe has submitted the dispute of a part of a capture; the customer is credited ahead."""

    capture: Capture | None = None
    cents: int = 0
    kind = "dispute"

    @classmethod
    def new(cls, person: Person, random: Random) -> "Dispute | None":
        """Dispute a part of a capture, or all of it."""
        if not person.captured:
            return None
        capture = person.captured.pop(random.randrange(len(person.captured)))
        return cls(person, capture=capture, cents=random.randint(1, capture.cents))

    @property
    def tap(self) -> Tap | None:
        """What was captured."""
        return self.capture.tap if self.capture else None

    @property
    def stripe_id(self) -> str:
        """The dispute's id."""
        return f"idp_{self.name}"

    def request(self) -> Request:
        """Return Stripe's event."""
        return self._event("submitted", "submitted")

    def _event(self, kind: str, status: str) -> Request:
        created = int(self.person.now().timestamp())
        told = shapes.dispute(
            stripe_id=self.stripe_id,
            amount=self.cents,
            currency="usd",
            transaction=self.capture.stripe_id if self.capture else "",
            created=created,
            evidence={"reason": "fraudulent"},
            metadata={},
        )
        told["status"] = status
        event = shapes.event(f"issuing_dispute.{kind}", told, created=created)
        event["id"] = f"evt_{self.name}_{kind}"
        return self._signed("events", event, EVENTS_SECRET)

    def next(self) -> "Command | None":
        """Return that the network gives the money back."""
        if not self.accepted:
            return None
        return Win(self.person, name=self.name, capture=self.capture, cents=self.cents)

    @classmethod
    def effects(cls, database: Database, commands: Sequence["Dispute"]) -> dict[str, int]:
        """One event kept, one dispute that was submitted, its amount credited once."""
        return _effects_of_disputes(database, commands, kind="submitted", told="submitted_at")


@dataclass
class Win(Dispute):
    """The network gives back what was disputed; the customer keeps it, and no reward of it."""

    kind = "win"

    @property
    def rewarded_cents(self) -> int:
        """What was won back earns nothing."""
        return -self.cents

    def request(self) -> Request:
        """Return Stripe's event."""
        return self._event("funds_reinstated", "won")

    def next(self) -> "Command | None":
        """Return nothing: this is the end of it."""
        return None

    @classmethod
    def effects(cls, database: Database, commands: Sequence["Dispute"]) -> dict[str, int]:
        """One event kept, one dispute that was won, its amount credited once."""
        return _effects_of_disputes(
            database, commands, kind="funds_reinstated", told="reinstated_at"
        )


def _effects_of_disputes(
    database: Database, commands: Sequence[Dispute], *, kind: str, told: str
) -> dict[str, int]:
    rows = database.execute(
        f"""
        SELECT wanted.name,
               greatest((SELECT count(*) FROM inbox_inboxevent
                          WHERE event_id = 'evt_' || wanted.name || '_' || %s),
                        count(DISTINCT d.id),
                        ceil(sum(CASE p.side WHEN 'CREDIT' THEN p.amount ELSE -p.amount END)
                             / wanted.amount)),
               least(count(DISTINCT d.id), count(DISTINCT d.{told}),
                     floor(sum(CASE p.side WHEN 'CREDIT' THEN p.amount ELSE -p.amount END)
                           / wanted.amount))
          FROM unnest(%s::text[], %s::numeric[]) AS wanted(name, amount)
          LEFT JOIN disputes_dispute d ON d.stripe_id = 'idp_' || wanted.name
          LEFT JOIN ledger_journalentry e
            ON e.customer_id = d.customer_id AND e.cause LIKE 'dispute:' || d.stripe_id || ':%%'
          LEFT JOIN ledger_posting p
            ON p.customer_id = e.customer_id AND p.entry_id = e.id AND p.account_id IS NOT NULL
         GROUP BY wanted.name, wanted.amount
        """.encode(),
        [kind, [each.name for each in commands], [each.cents / 100 for each in commands]],
    ).fetchall()
    return {name: int(most) if least else 0 for name, most, least in rows}


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
