"""Taps over HTTP: how long an answer takes, and how long from a capture to its reward."""

import secrets
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

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
SECRET = "whsec_sandbox_authorization"  # noqa: S105 - of the sandbox


def customer(client: Client, *, cash: str = "5") -> dict[str, Any]:
    """Make a customer with six holdings and little cash, so that each tap sells."""
    made: dict[str, Any] = client.send(
        "POST",
        "/v1/sandbox/customers",
        {"cash": cash, "holdings": HOLDINGS, "policy": POLICY, "cashback_asset": "BTC"},
    )
    return made


def request(card: str, amount_minor: int) -> tuple[str, dict[str, str]]:
    """Return a signed authorization request and its headers."""
    from krak.sandbox.issuer import shapes  # noqa: PLC0415 - Django must be set up

    now = datetime.now(UTC)
    asked = shapes.authorization(
        stripe_id=f"iauth_{secrets.token_hex(10)}",
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


def one_by_one(url: str, *, taps: int) -> dict[str, float]:
    """Return p50 and p99 of taps one after the other, each selling one asset; milliseconds."""
    client = Client(url)
    cards = [customer(client)["card"]["stripe_id"] for _ in range(20)]
    times = []
    for number in range(taps):
        text, headers = request(cards[number % len(cards)], 1000)
        began = time.perf_counter()
        answer = client.send("POST", "/webhooks/stripe/authorizations", text, headers=headers)
        times.append((time.perf_counter() - began) * 1000)
        if not answer["approved"]:
            raise RuntimeError(f"declined: {answer}")
    return _percentiles(times)


def side_by_side(url: str, *, clients: int, seconds: float) -> dict[str, float]:
    """Return decisions per second and percentiles of `clients` that tap without pause."""
    maker = Client(url)
    cards = [customer(maker)["card"]["stripe_id"] for _ in range(200)]
    bodies = [request(cards[n % len(cards)], 1000 + n % 7) for n in range(int(seconds * 2500))]
    position, lock, times = 0, threading.Lock(), []
    give_up_at = time.monotonic() + seconds

    def tap() -> None:
        nonlocal position
        client, mine = Client(url), []
        while time.monotonic() < give_up_at:
            with lock:
                number, position = position, position + 1
            if number >= len(bodies):
                break
            text, headers = bodies[number]
            began = time.perf_counter()
            client.send("POST", "/webhooks/stripe/authorizations", text, headers=headers)
            mine.append((time.perf_counter() - began) * 1000)
        with lock:
            times.extend(mine)

    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        for job in [pool.submit(tap) for _ in range(clients)]:
            job.result()
    return {"per_second": len(times) / (time.monotonic() - began), **_percentiles(times)}


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
