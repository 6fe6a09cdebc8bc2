"""Plays worked cases of `scenarios/card-scenarios.json` through the webhook doors."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.test import Client

from cards.clearing import services as clearing
from cards.issuing.models import CardStatus
from krak.core import clock
from krak.core.outbox import services as outbox
from krak.core.transactions import transaction as unit_of_work
from krak.customers import services as customers
from krak.sandbox import services as sandbox
from tests.stripe_door import StripeDoor, answer_of

SCENARIOS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "scenarios" / "card-scenarios.json").read_text()
)
USUAL_ORDER = ["USD", "EUR", "USDC", "BTC", "ETH", "AAPLx"]
MINOR_POLICIES = {"partial_minimum", "minimum_conversion", "daily_limit", "cash_daily_limit"}


def scenario(case_id: str) -> dict[str, Any]:
    """Return one case."""
    return next(case for case in SCENARIOS if case["id"] == case_id)


def from_minor(amount: int) -> Decimal:
    """Return USD of cents."""
    return Decimal(amount).scaleb(-2)


@dataclass
class Play:
    """One case being played for one new customer."""

    case: dict[str, Any]
    client: Client
    pin: Any
    answers: list[dict[str, Any]] = field(default_factory=list)
    states: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = self.case["given"]
        policy = {
            name: from_minor(value) if name in MINOR_POLICIES else value
            for name, value in given.get("policy", {}).items()
        }
        self._pin()
        with unit_of_work():
            self.customer, _token, self.card = sandbox.create_customer(
                sandbox.NewCustomer(
                    country="US",
                    card_currency="USD",
                    cash=from_minor(given.get("posted", 0)),
                    holdings=[
                        sandbox.Holding(code, Decimal(lot["quantity"]), Decimal(lot["cost"]))
                        for code, lots in given.get("lots", {}).items()
                        for lot in lots
                    ],
                    spend_order=given.get("spend_order", USUAL_ORDER),
                    excluded=given.get("excluded", []),
                    cashback_asset="SOL",
                    policy=policy,
                ),
                now=clock.now(),
            )
            if status := given.get("card_status"):
                self.card = sandbox.set_card(
                    customer_id=self.customer.id, status=CardStatus(status.upper())
                )
        self.door = StripeDoor(self.client, self.card.stripe_id)

    def _pin(self) -> None:
        self.pin(self.case["bid_prices"], **self.states)

    def run(self) -> None:
        """Play all steps, then check what is expected."""
        for step in self.case["steps"]:
            arguments = {name: value for name, value in step.items() if name != "do"}
            getattr(self, step["do"])(**arguments)
        self.check(expect=self.case["expect"])

    def request(self, amount: int, **rest: Any) -> None:
        response = self.door.request(amount, **rest)
        assert response.status_code == 200, response.content
        self.answers.append(answer_of(response))

    def authorization(self, amount: int, **rest: Any) -> None:
        assert self.door.authorization(amount, **rest).status_code == 200
        self.drain()

    def capture(self, amount: int, *, closes_authorization: bool = True, **rest: Any) -> None:
        assert self.door.transaction(amount, kind="capture", **rest).status_code == 200
        self.drain()
        authorization = rest.get("authorization")
        if closes_authorization and authorization:
            self.authorization(amount, authorization=authorization, status="closed")

    def refund(self, amount: int, **rest: Any) -> None:
        assert self.door.transaction(amount, kind="refund", **rest).status_code == 200
        self.drain()

    def refund_reversal(self, transaction: str, refund: str) -> None:
        with unit_of_work():
            clearing.reverse_refund(
                refund_stripe_id=self.door.id(refund),
                stripe_id=self.door.id(transaction),
                now=clock.now(),
            )
        self.drain()

    def dispute(self, dispute: str, event: str, **rest: Any) -> None:
        assert self.door.dispute(dispute, event, **rest).status_code == 200
        self.drain()

    def deposit(self, amount: int) -> None:
        with unit_of_work():
            sandbox.credit_cash(
                customer_id=self.customer.id,
                currency="USD",
                amount=from_minor(amount),
                cause=f"deposit:{len(self.answers)}",
                now=clock.now(),
            )

    def exclude_asset(self, asset: str) -> None:
        response = self.client.post(
            f"/v1/sandbox/customers/{self.customer.shown_id}/excluded",
            {"asset": asset},
            content_type="application/json",
        )
        assert response.status_code == 200, response.content

    def stale_price(self, asset: str) -> None:
        self.states.setdefault("stale", []).append(asset)
        self._pin()

    def market_closed(self, asset: str) -> None:
        self.states.setdefault("market_closed", []).append(asset)
        self._pin()

    def freeze_account(self) -> None:
        with unit_of_work():
            customers.freeze(
                customer_id=self.customer.id, reason="the case says so", now=clock.now()
            )

    def card_status(self, status: str) -> None:
        with unit_of_work():
            sandbox.set_card(customer_id=self.customer.id, status=CardStatus(status.upper()))

    @staticmethod
    def drain() -> None:
        outbox.drain(now=clock.now())

    def check(self, *, expect: dict[str, Any]) -> None:
        position = sandbox.position(customer=self.customer)
        cash = position["cash"]
        seen: dict[str, Any] = {
            **{name: Decimal(cash[name]) for name in ("posted", "held", "available")},
            "cashback": Decimal(position["cashback"]["amount"]),
            "suspense": Decimal(position["suspense"]),
        }
        for name, value in expect.items():
            if name in seen:
                assert seen[name] == from_minor(value), name
            elif name in {"units", "realised_gain"}:
                for code, amount in value.items():
                    assert Decimal(position[name].get(code, "0")) == Decimal(amount), (name, code)
            elif name == "flags":
                assert set(value) <= set(position["flags"])
            else:
                assert name == "answers", name
                assert [_short(answer) for answer in self.answers] == value


def _short(answer: dict[str, Any]) -> dict[str, Any]:
    short: dict[str, Any] = {
        name: answer[name] for name in ("approved", "amount") if name in answer
    }
    if reason := answer["metadata"].get("decline_reason"):
        short["reason"] = reason
    return short
