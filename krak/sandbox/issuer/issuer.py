"""The issuer: its store, its clock, and what it tells Krak."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from krak.sandbox.issuer import posting, rendering, shapes
from krak.sandbox.issuer.delivery import Courier
from krak.sandbox.issuer.errors import missing_resource
from krak.sandbox.issuer.store import Document, Store

AUTHORIZATIONS_PATH: Final = "/webhooks/stripe/authorizations"
EVENTS_PATH: Final = "/webhooks/stripe/events"
OPENING_BALANCE: Final = 100_000_000
CURRENCIES: Final = ("eur", "gbp", "usd")
"""What cards are issued in."""

_asked_with: ContextVar[str] = ContextVar("issuer_asked_with", default="")

NOUNS: Final = {
    "balance_transaction": "balance transaction",
    "dispute": "dispute",
    "event": "event",
    "issuing.authorization": "issuing authorization",
    "issuing.card": "issuing card",
    "issuing.cardholder": "issuing cardholder",
    "issuing.dispute": "issuing dispute",
    "issuing.token": "issuing token",
    "issuing.transaction": "issuing transaction",
    "payment_intent": "payment_intent",
    "refund": "refund",
    "topup": "topup",
}


@contextmanager
def asking_with(key: str) -> Iterator[None]:
    """Let the events of this block name the idempotency key of the request that caused them."""
    token = _asked_with.set(key)
    try:
        yield
    finally:
        _asked_with.reset(token)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a process of ours is started with."""

    key: str = "sk_test_sandbox"
    authorization_secret: str = "whsec_sandbox_authorization"  # noqa: S105 - of the sandbox
    events_secret: str = "whsec_sandbox_events"  # noqa: S105 - of the sandbox
    webhooks: str = ""
    state: Path | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """How the issuer behaves; `/_issuer/rules` changes them."""

    ask_timeout_seconds: float = 2.0
    unanswered: str = "decline"
    network: str = ""
    topups_arrive_after_seconds: float | None = None


class Issuer:
    """One account at Stripe."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.store = Store(configuration.state)
        self.courier = Courier(
            self.store, secret=configuration.events_secret, timers=self._run_timers
        )
        self.timers: list[Any] = []
        self.webhooks = ""
        self.point_to(configuration.webhooks)
        self.open_balances()

    def point_to(self, webhooks: str) -> None:
        """Send webhooks to the Krak at this address; "" keeps them here."""
        self.webhooks = webhooks.rstrip("/")
        self.courier.point_to(self.webhooks + EVENTS_PATH if self.webhooks else "")

    def open_balances(self) -> None:
        """Give a new account something to spend."""
        with self.store.change():
            for currency in CURRENCIES:
                self.store.query(
                    "INSERT OR IGNORE INTO balances (kind, currency, amount) VALUES (?, ?, ?)",
                    "issuing",
                    currency,
                    OPENING_BALANCE,
                )

    def now(self) -> int:
        """Return the second it is here, which may run ahead of the world's."""
        return int(time.time()) + int(self.store.setting("clock_ahead_seconds", 0))

    def rules(self) -> Rules:
        """Return the rules in force."""
        return Rules(**self.store.setting("rules", {}))

    def new_id(self, prefix: str) -> str:
        """Return an id that nothing has."""
        return f"{prefix}_{secrets.token_hex(12)}"

    # --- Documents -------------------------------------------------------------------------------
    def get(self, kind: str, stripe_id: str, *, param: str | None = None) -> Document:
        """Return a document; `param` names the parameter that refers to it.

        Raises:
            StripeProblem: there is none; 404 in an address, 400 in a parameter.
        """
        found = self.store.find(kind, stripe_id)
        if found is None:
            status = 404 if param is None else 400
            raise missing_resource(
                NOUNS[kind],
                stripe_id,
                status=status,
                param=param or kind.rsplit(".", maxsplit=1)[-1],
            )
        return found

    def show(self, document: Document) -> Document:
        """Return what a client sees of a document."""
        return rendering.show(self.store, document)

    def add(self, document: Document, *, told: str | None = None) -> Document:
        """Keep a new document and tell of it."""
        self.store.add(document)
        if told:
            self.tell(told, document)
        return document

    @contextmanager
    def changing(self, document: Document, *, told: str) -> Iterator[None]:
        """Change a document inside the block; what can be seen to have changed is told."""
        before = self.show(document)
        yield
        self.store.save(document)
        after = self.show(document)
        if previous := rendering.difference(before, after):
            self._emit(told, after, previous)

    def tell(self, kind: str, document: Document) -> None:
        """Send an event about a document as it is now."""
        self._emit(kind, self.show(document), None)

    def _emit(self, kind: str, shown: Document, previous: Document | None) -> None:
        event = shapes.event(kind, shown, created=self.now(), previous=previous)
        event["request"]["idempotency_key"] = _asked_with.get() or None
        event["_emitted_at"] = time.time()
        self.store.add(event)
        self.courier.enqueue(event)

    # --- The network asks ------------------------------------------------------------------------
    def ask(self, authorization: Document) -> posting.Decision:
        """Ask Krak about the pending request of an authorization, and wait for the answer."""
        rules = self.rules()
        if not self.webhooks:
            return posting.Decision(approved=rules.unanswered == "approve", reason=posting.ERROR)
        event = shapes.event(
            "issuing_authorization.request", self.show(authorization), created=self.now()
        )
        with self.store.change():
            self.store.add({**event, "_emitted_at": time.time()})
        return posting.ask(
            event,
            url=self.webhooks + AUTHORIZATIONS_PATH,
            secret=self.configuration.authorization_secret,
            timeout=rules.ask_timeout_seconds,
            unanswered=rules.unanswered,
        )

    # --- Money -----------------------------------------------------------------------------------
    def balance_of(self, kind: str, currency: str) -> int:
        """Return what a balance holds: `issuing`, `payments`, or `asking` (what is being asked)."""
        rows = self.store.query(
            "SELECT amount FROM balances WHERE kind = ? AND currency = ?", kind, currency
        )
        return int(rows[0][0]) if rows else 0

    def shift(self, kind: str, currency: str, amount: int) -> None:
        """Add to a balance, without a record of it."""
        self.store.query(
            "INSERT INTO balances (kind, currency, amount) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, currency) DO UPDATE SET amount = amount + excluded.amount",
            kind,
            currency,
            amount,
        )

    def move(
        self, amount: int, currency: str, *, kind: str, source: str | None, of: str = "issuing"
    ) -> str:
        """Move a balance by `amount`, and return the id of the balance transaction."""
        self.shift(of, currency, amount)
        record = shapes.balance_transaction(
            stripe_id=self.new_id("txn"),
            amount=amount,
            currency=currency,
            kind=kind,
            source=source,
            balance_type=of,
            created=self.now(),
        )
        self.store.add(record)
        return str(record["id"])

    # --- Time ------------------------------------------------------------------------------------
    def _run_timers(self) -> float | None:
        """Do what is due; return the seconds until the next time, None if nothing waits."""
        pauses = [pause for timer in self.timers if (pause := timer(self)) is not None]
        return min(pauses, default=None)

    def start(self) -> None:
        """Begin to deliver."""
        self.courier.start()

    def stop(self) -> None:
        """Stop and close the file."""
        self.courier.stop()
        self.store.close()
