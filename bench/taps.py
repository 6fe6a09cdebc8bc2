"""Taps over HTTP: how long an answer takes, and how long from a capture to its reward."""

import http
import json
import secrets
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bench import load
from bench.product import Client

HOLDINGS = [
    {"asset": code, "quantity": quantity, "cost_basis": cost}
    for code, quantity, cost in (
        ("EUR", "500", "500"),
        ("USDC", "1000", "1000"),
        ("BTC", "1", "40000"),
        ("ETH", "10", "20000"),
        ("AAPLx", "50", "9000"),
        ("SPYx", "20", "9000"),
    )
]
POLICY = {"daily_limit": "1000000000"}
AMOUNTS: Final = (1200, 3000, 5000)
"""Cents that take one, two and three of a crowd's holdings."""
MOST_PER_SECOND: Final = 2000
SECRET = "whsec_sandbox_authorization"  # noqa: S105 - of the sandbox


def customer(client: Client, *, cash: str = "5") -> dict[str, Any]:
    """Make a customer with six holdings and little cash, so that each tap sells."""
    made: dict[str, Any] = client.send(
        "POST",
        "/v1/sandbox/customers",
        {"cash": cash, "holdings": HOLDINGS, "policy": POLICY, "cashback_asset": "BTC"},
    )
    return made


def request(
    card: str, amount_minor: int, *, stripe_id: str | None = None
) -> tuple[str, dict[str, str]]:
    """Return a signed authorization request and its headers."""
    from krak.sandbox.issuer import shapes  # noqa: PLC0415 - Django must be set up

    now = datetime.now(UTC)
    asked = shapes.authorization(
        stripe_id=stripe_id or f"iauth_{secrets.token_hex(10)}",
        card={"id": card, "cardholder": "ich_bench"},
        currency="usd",
        merchant_data=shapes.merchant(name="RAMEN TOKYO", mcc="5812", country="JP"),
        merchant_currency="jpy",
        created=int(now.timestamp()),
        pending_request=shapes.pending_request(
            amount=amount_minor,
            currency="usd",
            merchant_amount=amount_minor,
            merchant_currency="jpy",
        ),
    )
    event = shapes.event("issuing_authorization.request", asked, created=int(now.timestamp()))
    text, signature = shapes.signed(event, secret=SECRET, now=now)
    return text, {"Stripe-Signature": signature}


def one_by_one(url: str, door: str, *, taps: int) -> dict[str, float]:
    """Return p50 and p99 of taps one after the other, each selling one asset; milliseconds."""
    cards = [customer(Client(url))["card"]["stripe_id"] for _ in range(20)]
    client, times = Client(door), []
    for number in range(taps):
        text, headers = request(cards[number % len(cards)], 1000)
        began = time.perf_counter()
        answer = client.send("POST", "/webhooks/stripe/authorizations", text, headers=headers)
        times.append((time.perf_counter() - began) * 1000)
        if not answer["approved"]:
            raise RuntimeError(f"declined: {answer}")
    return _percentiles(times)


class Taps:
    """Taps by a crowd: each customer is asked for what takes one, two or three of six holdings."""

    def __init__(self, url: str, cards: Sequence[str]) -> None:
        self.url, self.cards, self.made, self.outcomes = url, cards, 0, Counter[str]()

    def prepare(self, many: int) -> list[bytes]:
        """Return so many signed requests, none asked before; the signature lasts five minutes."""
        return [self._next() for _ in range(many)]

    def _next(self) -> bytes:
        number, self.made = self.made, self.made + 1
        amount = AMOUNTS[(number + number // len(self.cards)) % len(AMOUNTS)]
        text, headers = request(self.cards[number % len(self.cards)], amount)
        return load.post(self.url, "/webhooks/stripe/authorizations", text, headers)

    def check(self, status: int, body: bytes) -> None:
        """Count the answer; anything but an answer to the question is no measurement."""
        if status != http.HTTPStatus.OK:
            raise RuntimeError(f"{status}: {body[:300]!r}")
        answer = json.loads(body)
        self.outcomes[answer["metadata"].get("decline_reason", "approved")] += 1

    def ask(
        self, *, clients: int, seconds: float, per_second: float | None = None
    ) -> dict[str, float]:
        """Return decisions per second and percentiles of clients that tap without pause."""
        ready = self.prepare(int(seconds * (per_second or MOST_PER_SECOND)))
        times, took = load.ask_without_pause(
            self.url, iter(ready), clients=clients, seconds=seconds, check=self.check,
            per_second=per_second,
        )  # fmt: skip
        return {"per_second": len(times) / took, **_percentiles(times)}


def capture_to_reward(url: str, *, purchases: int) -> dict[str, float]:
    """Return p50 and p99 of the time from a capture to the reward in the wallet; milliseconds."""
    client = Client(url)
    times = []
    for _ in range(purchases):
        made = customer(client, cash="100")
        client.send(
            "POST", "/v1/sandbox/purchases", {"customer": made["customer"], "amount": "50.00"}
        )
        began = time.perf_counter()
        path = f"/v1/sandbox/customers/{made['customer']}/position"
        while client.send("GET", path)["cashback"]["amount"] == "0.00":
            time.sleep(0.002)
        times.append((time.perf_counter() - began) * 1000)
    return _percentiles(times)


def _percentiles(times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100)
    return {"p50_ms": round(cuts[49], 2), "p99_ms": round(cuts[98], 2), "n": len(times)}
