"""The driver: clients that ask at random and remember what was acknowledged to them."""

import http.client
import json
import math
import secrets
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random
from typing import Any
from urllib.parse import urlsplit

from bench.product import Client
from holdings.funding.rules.addresses import checksummed
from tests.faults.commands import COMMANDS, ON, Command, Person, Request, Tap

CLIENTS = 4
PEOPLE = 6
PATIENCE_SECONDS = 10.0
INSIST_SECONDS = 60.0
AGAIN_AFTER_SECONDS = 0.1
EVER = (0.0, math.inf)


@dataclass(frozen=True)
class Try:
    """One request and what came of it; `status` is 0 when nobody answered."""

    kind: str
    began: float
    seconds: float
    status: int
    come_again: bool = False
    """Whether the answer said when to ask again."""

    @property
    def ended(self) -> float:
        """When the answer came, or nobody waited for it any more."""
        return self.began + self.seconds


@dataclass
class Door:
    """One keep-alive connection that is opened again when it breaks."""

    url: str
    connection: http.client.HTTPConnection | None = None
    other: str = ""
    come_again: bool = False
    """Whether the last answer had a `Retry-After`."""

    def send(self, request: Request) -> tuple[int, Any]:
        """Return status and JSON; 0 and the reason when there was no answer."""
        parts = urlsplit(self.url)
        self.come_again = False
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(
                    parts.hostname or "", parts.port, timeout=PATIENCE_SECONDS
                )
            self.connection.request(
                request.method,
                request.path,
                request.body or None,
                {"Content-Type": "application/json", **request.headers},
            )
            response = self.connection.getresponse()
            text = response.read()
            self.come_again = response.headers.get("Retry-After", "").isdecimal()
            return response.status, json.loads(text) if text else None
        except (OSError, http.client.HTTPException, ValueError) as problem:
            self.close()
            if self.other:
                self.url, self.other = self.other, self.url
            return 0, repr(problem)

    def close(self) -> None:
        """Hang up."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None


@dataclass
class Driver:
    """Plays random commands of one seed on one Krak."""

    url: str
    seed: int
    clients: int = CLIENTS
    pause_seconds: float = 0.25
    play_on: str = ""
    """Where clients ask, if not at `url` itself: through a proxy."""
    also: str = ""
    """A second host, where every other client begins; who gets no answer goes to the other one."""
    hangs_up: bool = False
    """Whether each request has a connection of its own."""
    people: list[Person] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    tries: list[Try] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self) -> None:
        """Make the people: little cash, so that taps sell, and enough to sell."""
        client = Client(self.url)
        for _ in range(PEOPLE):
            self.people.append(new_person(client))
        for person in self.people:
            introduce(client, person)
            person.others = [other for other in self.people if other is not person]

    def start(self) -> None:
        """Let the clients begin."""
        self._threads = [
            threading.Thread(target=self._play, args=(number,), daemon=True)
            for number in range(self.clients)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each client finish what it has begun, however long it must insist."""
        self._stop.set()
        for thread in self._threads:
            thread.join(INSIST_SECONDS + PATIENCE_SECONDS + 5)
            if thread.is_alive():
                self.errors.append("a client never came to an end")

    def _play(self, number: int) -> None:
        random, door = Random(f"{self.seed}:{number}"), Door(self.play_on or self.url)
        if self.also:
            door.other = self.also
            if number % 2:
                door.url, door.other = door.other, door.url
        # Each client has people of its own and shares the others': some meet, most do not.
        try:
            while not self._stop.is_set():
                command = self._next(random)
                while command is not None:
                    self.insist(door, command)
                    command = command.next()
                self._stop.wait(random.random() * 2 * self.pause_seconds)
        except Exception as problem:  # noqa: BLE001 - a driver that breaks must not look like a quiet one
            self.errors.append(f"the driver broke: {problem!r}")
        finally:
            door.close()

    def _next(self, random: Random) -> Command | None:
        person = random.choice(self.people)
        kind = random.choices([each for each, _ in COMMANDS], [weight for _, weight in COMMANDS])[0]
        with self._lock:
            return kind.new(person, random)

    def insist(self, door: Door, command: Command) -> None:
        """Send a command until its answer stands, or until there is no more hope."""
        with self._lock:
            self.commands.append(command)
        give_up_at = time.monotonic() + INSIST_SECONDS
        while command.accepted is None and time.monotonic() < give_up_at:
            command.attempts += 1
            began = time.monotonic()
            status, answer = door.send(command.request())
            if self.hangs_up:
                door.close()
            took = time.monotonic() - began
            with self._lock:
                self.tries.append(Try(command.kind, began, took, status, door.come_again))
                # Too often is an answer to whoever asked once: nothing was done.
                too_often = status == HTTPStatus.TOO_MANY_REQUESTS and command.attempts == 1
                if too_often or (0 < status < 500 and not (status >= 400 and answer["retryable"])):
                    command.hear(status, answer)
            if command.accepted is None:
                time.sleep(AGAIN_AFTER_SECONDS)

    # --- What is remembered ----------------------------------------------------------------------
    def meanwhile(self, during: tuple[float, float] = EVER) -> list[Try]:
        """Return the requests that were under way in some part of a span of time."""
        since, until = during
        return [each for each in self.tries if each.ended > since and each.began < until]

    def slowest(self, kind: str | None = None, *, during: tuple[float, float] = EVER) -> float:
        """Return the seconds of the slowest request, answered or not."""
        tries = self.meanwhile(during)
        return max((each.seconds for each in tries if kind in {None, each.kind}), default=0.0)

    def p99(self, kind: str, *, between: tuple[float, float] = EVER) -> float:
        """Return the seconds that one in a hundred of a kind, begun `between`, took longer than."""
        since, until = between
        took = sorted(
            each.seconds for each in self.tries if each.kind == kind and since <= each.began < until
        )
        return round(took[len(took) * 99 // 100], 3) if took else 0.0

    def unanswered(self) -> int:
        """Return how many requests got no answer."""
        return sum(1 for each in self.tries if not each.status)

    def refused(self) -> int:
        """Return how many requests got a 5xx."""
        return sum(1 for each in self.tries if each.status >= 500)

    def undecided(self) -> int:
        """Return how many taps were declined because nobody could decide."""
        return sum(1 for each in self.commands if isinstance(each, Tap) and each.undecided)


def new_person(client: Client) -> Person:
    """Make a customer with 50 dollars, bitcoin and many stable coins, rewarded in dollars."""
    made = client.send(
        "POST",
        "/v1/sandbox/customers",
        {
            "cash": "50.00",
            "holdings": [
                {"asset": "USDC", "quantity": "1000000", "cost_basis": "1000000"},
                {"asset": "BTC", "quantity": "5", "cost_basis": "100000"},
            ],
            "policy": {"daily_limit": "1000000000"},
            "cashback_asset": "USD",
        },
    )
    return Person(made["customer"], made["access_token"], made["card"]["stripe_id"])


def introduce(client: Client, person: Person) -> None:
    """Give somebody a tag, and an address to send coins to."""
    token = {"Authorization": f"Bearer {person.token}"}
    tag = {"tag": f"p{secrets.token_hex(8)}"}
    person.tag = client.send("PUT", "/v1/me/tag", tag, headers=token)["tag"]
    where = {"rail": ON, "account": checksummed(f"0x{secrets.token_hex(20)}")}
    proof = client.send(
        "POST",
        "/v1/step-up",
        {"action": "add_destination", "subject": where, "code": "424242"},
        headers=token,
    )
    keyed = {**token, "Idempotency-Key": secrets.token_hex(10), "Step-Up": proof["id"]}
    person.destination = client.send("POST", "/v1/destinations", where, headers=keyed)["id"]
