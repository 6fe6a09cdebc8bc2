"""Captures that come steadily: how long until the reward is in the wallet, once."""

import http
import os
import secrets
import signal
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import psutil
import psycopg

from bench import costs, crowd, load, taps, waiting

PER_SECOND = 100
CUSTOMERS = 2000
AMOUNT_MINOR = 500
PATIENCE_SECONDS = 120
SLOWEST_PER_SECOND = 100
"""A machine on which fewer purchases a second are made is none to measure on."""
EVENTS_SECRET = "whsec_sandbox_events"  # noqa: S105 - of the sandbox
SIZES = """
    SELECT relname, pg_total_relation_size(oid) FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
WAITS = """
    SELECT extract(epoch FROM e.created_at - i.received_at) * 1000
      FROM cashback_grant g
      JOIN ledger_journalentry e ON e.id = g.entry_id
      JOIN inbox_inboxevent i ON i.provider = 'stripe' AND i.event_id = 'evt_' || g."group"
     WHERE g."group" = ANY(%s)
"""


def steadily(url: str, door: str, *, seconds: float) -> dict[str, float]:
    """Return percentiles of the milliseconds from a capture's arrival to its reward's entry."""
    cards = crowd.make(url, many=CUSTOMERS)
    bought = _purchases(door, cards, many=int(seconds * PER_SECOND))
    load.ask_without_pause(
        door, _captures(door, bought), clients=8, seconds=seconds * 2, check=_check,
        per_second=PER_SECOND,
    )  # fmt: skip
    waits = _waits(list(bought))
    cuts = statistics.quantiles(waits, n=100)
    return {
        "captures": len(bought),
        "rewards": len(waits),
        "p50_ms": round(cuts[49]),
        "p99_ms": round(cuts[98]),
        "worst_ms": round(max(waits)),
    }


def backlog(url: str, door: str, *, events: int) -> dict[str, object]:
    """Return how many captures a second are worked off when all arrive before any is begun.

    And how many bytes of disk each purchase takes, from its tap to its reward, by table.
    """
    cards = crowd.make(url, many=CUSTOMERS)
    disk = _disk()
    bought = _purchases(door, cards, many=events)
    relay = _relay()
    relay.send_signal(signal.SIGSTOP)
    try:
        load.ask_without_pause(
            door, _captures(door, bought), clients=8, seconds=_patience(events), check=_check
        )
    finally:
        relay.send_signal(signal.SIGCONT)
    before, began = costs.so_far(), time.monotonic()
    waiting.until_done()
    took = time.monotonic() - began
    return {
        "captures": len(bought),
        "rewards": len(_waits(list(bought))),
        "per_second": round(len(bought) / took),
        "cpu_us": costs.each(costs.so_far() - before, pieces=len(bought)),
        "disk_bytes": costs.each(_disk() - disk, pieces=len(bought)),
    }


def _disk() -> Counter[str]:
    """Return the bytes of each table with its indexes."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        return Counter(dict(database.execute(SIZES).fetchall()))


def _patience(requests: int) -> float:
    return PATIENCE_SECONDS + requests / SLOWEST_PER_SECOND


def _purchases(door: str, cards: Sequence[str], *, many: int) -> dict[str, str]:
    """Return the cards of so many purchases that are approved now, by their authorizations."""
    purchases = {
        f"iauth_{secrets.token_hex(10)}": cards[number % len(cards)] for number in range(many)
    }
    asked = (
        load.post(door, "/webhooks/stripe/authorizations", text, headers)
        for text, headers in (
            taps.request(card, AMOUNT_MINOR, stripe_id=name) for name, card in purchases.items()
        )
    )
    load.ask_without_pause(door, asked, clients=4, seconds=_patience(many), check=_check)
    waiting.until_done()
    return purchases


def _captures(door: str, purchases: Mapping[str, str]) -> Iterator[bytes]:
    """Yield each capture signed at the moment it is sent: a signature lasts five minutes."""
    return (_capture(door, name, card) for name, card in purchases.items())


def _relay() -> psutil.Process:
    """Return the relay of the product that we have started."""
    [relay] = [
        child
        for child in psutil.Process().children(recursive=True)
        if child.cmdline()[-2:] == ["manage.py", "relay"]
    ]
    return relay


def _waits(groups: list[str]) -> list[float]:
    """Return how long each reward took, once all are there or nobody waits any longer."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        while True:
            waits = [float(wait) for (wait,) in database.execute(WAITS, [groups]).fetchall()]
            if len(waits) >= len(groups) or time.monotonic() > give_up_at:
                return waits
            time.sleep(0.5)


def _capture(door: str, authorization: str, card: str) -> bytes:
    from krak.sandbox.issuer import shapes  # noqa: PLC0415 - Django must be set up

    now = datetime.now(UTC)
    capture = shapes.transaction(
        stripe_id=f"ipi_{secrets.token_hex(10)}",
        kind="capture",
        amount=-AMOUNT_MINOR,
        currency="usd",
        card=card,
        cardholder="ich_bench",
        authorization_id=authorization,
        merchant_data=shapes.merchant(name="RAMEN TOKYO", mcc="5812", country="JP"),
        merchant_amount=-AMOUNT_MINOR,
        merchant_currency="jpy",
        created=int(now.timestamp()),
    )
    event = shapes.event("issuing_transaction.created", capture, created=int(now.timestamp()))
    event["id"] = f"evt_{authorization}"
    text, signature = shapes.signed(event, secret=EVENTS_SECRET, now=now)
    return load.post(door, "/webhooks/stripe/events", text, {"Stripe-Signature": signature})


def _check(status: int, body: bytes) -> None:
    if status != http.HTTPStatus.OK:
        raise RuntimeError(f"{status}: {body[:300]!r}")
