"""The ten calls that a phone makes most: how long each takes over HTTP, its queries, its CPU.

Each of its people has signed in with a password, as in the app.
"""

import json
import secrets
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench import costs
from bench.product import Client

PEOPLE = 10
"""So many take turns, so that nobody pays more often than the doors of money let them."""
PURCHASES = 5
SERVED_BY = ("web", "postgres for web")
TRANSACTIONAL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass(frozen=True)
class Call:
    """One of the ten."""

    name: str
    method: str
    path: str
    body: Any = None

    @property
    def text(self) -> str:
        """The body as it is sent."""
        return "" if self.body is None else json.dumps(self.body)


@dataclass(frozen=True)
class Person:
    """Who asks, about which purchase, and whom they pay."""

    token: str
    """Of the session of their app, or an access token."""
    authorization: str
    pays: str

    def calls(self) -> list[Call]:
        """Return the ten calls, as this person makes them."""
        amount = {"amount": "0.01", "currency": "USD"}
        quote = {"sell": "USD", "buy": "BTC", "sell_amount": "10.00"}
        return [
            Call("portfolio", "GET", "/v1/portfolio"),
            Call("balances", "GET", "/v1/balances"),
            Call("prices", "GET", "/v1/prices?codes=BTC,ETH,SOL,EUR,USDC"),
            Call("activity", "GET", "/v1/activity"),
            Call("authorizations", "GET", "/v1/authorizations"),
            Call("one authorization", "GET", f"/v1/authorizations/{self.authorization}"),
            Call("notifications", "GET", "/v1/notifications"),
            Call("cards", "GET", "/v1/cards"),
            Call("quote", "POST", "/v1/quotes", quote),
            Call("transfer", "POST", "/v1/transfers", {"to": self.pays, "amount": amount}),
        ]


def queries_of(ask: Callable[[], object]) -> int:
    """Return how many statements this process sends to the database for `ask`."""
    from django.db import connection  # noqa: PLC0415 - Django is ready only when it is asked
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    with CaptureQueriesContext(connection) as captured:
        ask()
    return len([q for q in captured.captured_queries if not q["sql"].startswith(TRANSACTIONAL)])


def measure(url: str, *, rounds: int = 20) -> dict[str, dict[str, float]]:
    """Return milliseconds at the median and the 99th percentile of each call, queries and CPU.

    CPU is that of the web server and of Postgres for it, in microseconds a call.
    """
    client = Client(url)
    crowd = people(client)
    found: dict[str, dict[str, float]] = {}
    for number, call in enumerate(crowd[0].calls()):
        taken, before = [], costs.so_far()
        for person in (each for _ in range(rounds) for each in crowd):
            began = time.perf_counter()
            _ask(client, person, person.calls()[number])
            taken.append((time.perf_counter() - began) * 1000)
        used = costs.so_far() - before
        found[call.name] = {
            "p50_ms": round(statistics.median(taken), 2),
            "p99_ms": round(statistics.quantiles(taken, n=100)[98], 2),
            "queries": _queries(crowd[0], call),
            "cpu_us": sum(used[kind] for kind in SERVED_BY) // len(taken),
        }
    return found


def table(found: dict[str, dict[str, float]]) -> Sequence[str]:
    """Return the figures as lines."""
    head = f"{'call':<20}{'p50 ms':>10}{'p99 ms':>10}{'queries':>10}{'CPU µs':>10}"
    return [
        head,
        *(
            f"{name:<20}{its['p50_ms']:>10}{its['p99_ms']:>10}{its['queries']:>10}{its['cpu_us']:>10}"
            for name, its in found.items()
        ),
    ]


def people(client: Client) -> list[Person]:
    """Make people who have spent, and been rewarded, and know each other by tag."""
    asked = {
        "country": "BR", "cash": "1000.00",
        "holdings": [
            {"asset": code, "quantity": "1", "cost_basis": "100.00"}
            for code in ("BTC", "ETH", "SOL", "EUR", "USDC")
        ],
    }  # fmt: skip
    made = [client.send("POST", "/v1/sandbox/customers", asked) for _ in range(PEOPLE)]
    tags = [f"bench{time.time_ns() // 1000 % 10**12}{number}" for number in range(PEOPLE)]
    found = []
    for one, tag, pays in zip(made, tags, tags[1:] + tags[:1], strict=True):
        headers = _headers(one["access_token"])
        client.send("PUT", "/v1/me/tag", {"tag": tag}, headers=headers)
        for _ in range(PURCHASES):
            bought = {"customer": one["customer"], "amount": "12.00"}
            client.send("POST", "/v1/sandbox/purchases", bought)
        newest = client.send("GET", "/v1/authorizations", headers=headers)["results"][0]
        found.append(Person(_signed_in(client, one["access_token"]), newest["id"], pays))
    client.send("POST", "/v1/sandbox/settle")
    return found


def _signed_in(client: Client, access_token: str) -> str:
    """Let a customer of the sandbox sign in with a password; return the session's token."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - as above

    from krak.core import clock  # noqa: PLC0415
    from krak.customers.queries import token_holder  # noqa: PLC0415

    held = token_holder(access_token, now=clock.now())
    if held is None:
        raise RuntimeError("the sandbox gave a token that is not good")
    person, password = held.user, secrets.token_urlsafe()
    person.set_password(password)
    person.save(update_fields=["password"])
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    wanted = {"email": person.email, "password": password}
    answer = client.send("POST", "/v1/auth/login", wanted)
    return str(answer["meta"]["session_token"])


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": str(time.perf_counter_ns())}


def _ask(client: Client, person: Person, call: Call) -> None:
    client.send(call.method, call.path, call.body, headers=_headers(person.token))


def _queries(person: Person, call: Call) -> int:
    """Count in this process, which has the same database and board."""
    from django.test import Client as Here  # noqa: PLC0415

    from fx.prices import live  # noqa: PLC0415

    live.wait_until_loaded(timeout=10)
    here = Here(SERVER_NAME="127.0.0.1", headers=_headers(person.token))

    def ask() -> None:
        answer = here.generic(call.method, call.path, call.text, content_type="application/json")
        if answer.status_code >= 300:  # noqa: PLR2004
            raise RuntimeError(f"{call.name}: {answer.status_code} {answer.content[:300]!r}")

    return queries_of(ask)
