"""Speaks to our webhook doors as Stripe does: signed bodies over HTTP, nothing else."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from krak.core import clock
from krak.sandbox.issuer import shapes

AUTHORIZATION_SECRET = "whsec_sandbox_authorization"
EVENTS_SECRET = "whsec_sandbox_events"


@dataclass
class StripeDoor:
    """One card's Stripe; `base` is the event time of `at=0`."""

    client: Client
    card: str = ""
    currency: str = "usd"
    base: int = field(default_factory=lambda: int(clock.now().timestamp()) - 1000)
    run: str = field(default_factory=lambda: secrets.token_hex(6))
    ticks: int = 0

    def for_card(self, card: str, currency: str = "usd") -> "StripeDoor":
        """Return the door of another card."""
        return StripeDoor(self.client, card, currency, self.base)

    def id(self, name: str) -> str:
        """Return a name as an id of this run."""
        return f"{name}_{self.run}"

    def _at(self, at: int | None) -> int:
        self.ticks += 1
        return self.base + (self.ticks if at is None else at)

    def send(self, door: str, kind: str, stripe_object: dict[str, Any], *, created: int) -> Any:
        """Post a signed event and return the response."""
        body = shapes.event(kind, stripe_object, created=created)
        return self.send_body(door, body)

    def send_body(self, door: str, body: dict[str, Any], **headers: str) -> Any:
        """Post a body, signed unless a signature is given."""
        secret = AUTHORIZATION_SECRET if door == "authorizations" else EVENTS_SECRET
        text, signature = shapes.signed(body, secret=secret, now=clock.now())
        return self.client.post(
            f"/webhooks/stripe/{door}",
            data=text,
            content_type="application/json",
            headers={"Stripe-Signature": signature} | headers,
        )

    def _card(self) -> dict[str, Any]:
        return {
            "id": self.card,
            "object": "issuing.card",
            "cardholder": "ich_test",
            "currency": self.currency,
            "livemode": False,
            "status": "active",
        }

    def _merchant(self, mcc: str, network_id: str = "") -> dict[str, Any]:
        return shapes.merchant(name="RAMEN TOKYO", mcc=mcc, country="JP", network_id=network_id)

    def request(
        self,
        amount: int,
        *,
        authorization: str = "a1",
        step: int = 0,
        mcc: str = "5812",
        merchant_currency: str = "",
        is_amount_controllable: bool = False,
        cashback_amount: int | None = None,
        atm_fee: int | None = None,
    ) -> Any:
        """Ask, and return the response."""
        merchant_currency = merchant_currency or self.currency
        created = self._at(None)
        asked = shapes.authorization(
            stripe_id=self.id(authorization),
            card=self._card(),
            currency=self.currency,
            merchant_data=self._merchant(mcc),
            merchant_currency=merchant_currency,
            created=created,
            pending_request=shapes.pending_request(
                amount=amount,
                currency=self.currency,
                merchant_amount=amount,
                merchant_currency=merchant_currency,
                is_amount_controllable=is_amount_controllable,
                cashback_amount=cashback_amount,
                atm_fee=atm_fee,
            ),
            request_history=self._history(step, amount),
        )
        return self.send("authorizations", "issuing_authorization.request", asked, created=created)

    def _history(
        self, length: int, amount: int, *, approved: bool = True, reason: str = "webhook_approved"
    ) -> list[dict[str, Any]]:
        return [
            shapes.history_entry(
                amount=amount,
                currency=self.currency,
                merchant_amount=amount,
                merchant_currency=self.currency,
                approved=approved,
                reason=reason,
                created=self.base,
            )
            for _ in range(length)
        ]

    def authorization(
        self,
        amount: int,
        *,
        authorization: str = "a1",
        approved: bool = True,
        status: str = "pending",
        reason: str = "webhook_approved",
        at: int | None = None,
        request_history_length: int = 1,
        answers: Sequence[tuple[int, bool, str]] = (),
        kind: str = "updated",
    ) -> Any:
        """Tell how Stripe sees an authorization; `answers` are (amount, approved, reason) each."""
        created = self._at(at)
        history = [
            entry
            for asked, yes, why in answers
            for entry in self._history(1, asked, approved=yes, reason=why)
        ] or self._history(request_history_length, amount, approved=approved, reason=reason)
        snapshot = shapes.authorization(
            stripe_id=self.id(authorization),
            card=self._card(),
            currency=self.currency,
            merchant_data=self._merchant("5812"),
            merchant_currency=self.currency,
            created=self.base,
            amount=amount,
            merchant_amount=amount,
            approved=approved,
            status=status,
            request_history=history,
        )
        return self.send("events", f"issuing_authorization.{kind}", snapshot, created=created)

    def dispute(
        self, dispute: str, event: str, *, transaction: str = "t1", amount: int = 5000
    ) -> Any:
        """Tell how a dispute stands: `submitted`, `funds_reinstated`, `funds_rescinded`, `lost`."""
        kind = "closed" if event in {"lost", "won"} else event
        status = {"submitted": "submitted", "lost": "lost"}.get(event, "won")
        told = {
            "id": self.id(dispute),
            "object": "issuing.dispute",
            "amount": amount,
            "currency": self.currency,
            "created": self.base,
            "livemode": False,
            "metadata": {},
            "status": status,
            "transaction": self.id(transaction),
            "balance_transactions": None,
            "evidence": {"reason": "fraudulent"},
        }
        return self.send("events", f"issuing_dispute.{kind}", told, created=self._at(None))

    def transaction(
        self,
        amount: int,
        *,
        transaction: str,
        kind: str,
        authorization: str | None = "a1",
        mcc: str = "5812",
        network_id: str = "",
        cashback_amount: int | None = None,
        atm_fee: int | None = None,
        at: int | None = None,
    ) -> Any:
        """Tell of a capture (a positive amount here) or a refund."""
        created = self._at(at)
        told = shapes.transaction(
            stripe_id=self.id(transaction),
            kind=kind,
            amount=-amount if kind == "capture" else amount,
            currency=self.currency,
            card=self.card,
            cardholder="ich_test",
            authorization_id=self.id(authorization) if authorization else None,
            merchant_data=self._merchant(mcc, network_id),
            merchant_amount=-amount if kind == "capture" else amount,
            merchant_currency=self.currency,
            created=created,
            cashback_amount=cashback_amount,
            atm_fee=atm_fee,
        )
        return self.send("events", "issuing_transaction.created", told, created=created)


def answer_of(response: Any) -> dict[str, Any]:
    """Return the decision in a response."""
    answer: dict[str, Any] = json.loads(response.content)
    return answer
