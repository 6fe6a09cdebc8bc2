"""Rows 49, 67, 69 and 81: what somebody does ten thousand times, beside those who pay."""

import itertools
import json
import multiprocessing
import secrets
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from time import monotonic, sleep, time

import stripe

from bench import load
from bench.product import Client
from tests.faults.commands import (
    AUTHORIZATION_SECRET,
    EVENTS_SECRET,
    Capture,
    Person,
    Refund,
    Request,
    Tap,
)
from tests.faults.driver import Door, Driver, new_person
from tests.faults.stage import Outcome, Stage

FARMERS, CYCLES = 10, 100
KEPT = "0.10"
"""One percent of what is bought in a cycle."""
LOGIN = "/v1/auth/login"
DOORS = {
    "/webhooks/stripe/authorizations": AUTHORIZATION_SECRET,
    "/webhooks/stripe/events": EVENTS_SECRET,
    LOGIN: "",
    "/v1/quotes": "",
}
"""Where JSON comes in, and what it is signed with."""
GUESSES, PRETENDED = 10_000, 1_000
LOOKED_AT = 100
"""Of the passwords that strangers guess for an account in an hour (docs/identity.md)."""
FLOOD_PER_SECOND, FLOOD_SECONDS = 2000.0, 10.0
CLIENTS = 16
"""Each with an address of its own."""
LONGEST_SECONDS = 300.0
HUNG_UP = 0
USUAL_SECONDS = 5.0
TAP_SECONDS = 0.5
"""What p99 of taps may be meanwhile, of Stripe's 2 s: attacker and attacked share two cores."""
MONSTER_BYTES = 250_000
MONSTERS_EACH = 80
MOST_GROWTH = 1.25


def rewards_are_farmed(stage: Stage) -> Outcome:
    """Row 49: bought and returned a thousand times, in ten wallets; an eleventh keeps it."""
    driver, client = Driver(stage.whole.url, stage.seed), Client(stage.whole.url)
    farmers = [new_person(client) for _ in range(FARMERS)]
    honest = new_person(client)
    stage.secrets |= {person.token for person in (*farmers, honest)}

    def farm(person: Person) -> None:
        door = Door(stage.whole.url)
        for _ in range(CYCLES):
            bought = _buy(driver, door, person)
            driver.insist(door, Refund(person, tap=bought.tap, cents=bought.cents))
        door.close()

    def fault() -> None:
        _buy(driver, Door(stage.whole.url), honest)
        with ThreadPoolExecutor(FARMERS) as pool:
            list(pool.map(farm, farmers))

    outcome, _driver = stage.under_load(fault, driver=driver, recovers=False)
    client = Client(stage.whole.url)
    earned = {_earned(client, person) for person in farmers}
    outcome.figures |= {"cycles": FARMERS * CYCLES, "earned by them": sorted(earned)}
    outcome.require(that=earned == {"0.00"}, otherwise=f"farmers have {sorted(earned)}")
    outcome.require(that=_earned(client, honest) == KEPT, otherwise="what is kept earned nothing")
    return outcome


def _buy(driver: Driver, door: Door, person: Person) -> Capture:
    tap = Tap(person, cents=1000)
    driver.insist(door, tap)
    capture = Capture(person, tap=tap, cents=tap.cents)
    driver.insist(door, capture)
    return capture


def _earned(client: Client, person: Person) -> str:
    position = client.send("GET", f"/v1/sandbox/customers/{person.customer}/position")
    return str(position["cashback"]["amount"])


def monsters_are_sent(stage: Stage) -> Outcome:
    """Row 67: huge, deep, double-keyed and unreadable JSON, again and again; memory stays."""
    url = stage.whole.url
    requests = [
        Request(path, body, {"Stripe-Signature": _signature(body, secret)})
        for path, secret in DOORS.items()
        for body in _monsters()
    ]
    answers: Counter[int] = Counter()
    sizes: list[int] = []

    def send(_client: int) -> Counter[int]:
        door = Door(url)
        found = Counter(door.send(request)[0] for request in requests)
        door.close()
        return found

    def fault() -> None:
        for _ in range(2):
            with ThreadPoolExecutor(CLIENTS) as pool:
                answers.update(sum(pool.map(send, range(MONSTERS_EACH)), Counter[int]()))
            sizes.append(stage.whole.memory_kb()["web"])

    outcome, _driver = stage.under_load(fault, recovers=False)
    before, after = sizes
    outcome.figures |= {"answers": dict(answers), "web, MB": (before // 1024, after // 1024)}
    # Who sends more than is read is answered and hung up on, and may be too busy sending to hear.
    outcome.require(
        that=all(status == HUNG_UP or 400 <= status < 500 for status in answers)
        and answers[HUNG_UP] <= answers.total() // len(_monsters()),
        otherwise=f"answers: {answers}",
    )
    outcome.require(that=after < before * MOST_GROWTH, otherwise=f"{before} kB became {after}")
    return outcome


def _signature(body: str, secret: str) -> str:
    header: str = stripe.WebhookSignature.generate_signature_header(body, secret, int(time()))
    return header


def _monsters() -> list[str]:
    """Return bodies nearly as large as are read, and one that is larger."""
    return [
        "[" * MONSTER_BYTES,
        '{"a":' * (MONSTER_BYTES // 5),
        "1" * MONSTER_BYTES,
        json.dumps({"name": "\N{COLLISION SYMBOL}" * (MONSTER_BYTES // 12)}),
        "{" + ",".join('"a":1' for _ in range(MONSTER_BYTES // 6)) + "}",
        "[" + ",".join("{}" for _ in range(MONSTER_BYTES // 3)) + "]",
        "x" * (5 * MONSTER_BYTES),
    ]


def forgeries_flood_in(stage: Stage) -> Outcome:
    """Row 69: 2,000 webhooks a second that Stripe did not sign, for ten seconds."""
    forged = Tap(new_person(Client(stage.whole.url)), cents=1000).request()
    forged.headers["Stripe-Signature"] = forged.headers["Stripe-Signature"][:-8] + "00000000"
    request = load.post(stage.whole.url, forged.path, forged.body, forged.headers)
    return _attack(
        stage, [request], many=int(FLOOD_PER_SECOND * FLOOD_SECONDS), refused=400, looked_at=0
    )


def passwords_are_guessed(stage: Stage) -> Outcome:
    """Row 81: 10,000 passwords for one account, from 16 addresses that pretend to be 1,000."""
    body = json.dumps({"email": f"{secrets.token_hex(8)}@people.example", "password": "wrong-one"})
    requests = [
        load.post(stage.whole.url, LOGIN, body, {"X-Forwarded-For": f"10.81.{n // 250}.{n % 250}"})
        for n in range(PRETENDED)
    ]
    return _attack(stage, requests, many=GUESSES, refused=429, looked_at=LOOKED_AT)


def _attack(
    stage: Stage, requests: Sequence[bytes], *, many: int, refused: int, looked_at: int
) -> Outcome:
    """Send requests in turn beside taps; all but `looked_at` must be `refused`."""
    url = stage.whole.url
    driver = Driver(url, stage.seed, pause_seconds=0.05)
    spans: list[tuple[float, float]] = []
    answers: Counter[int] = Counter()

    def fault() -> None:
        began = monotonic()
        sleep(USUAL_SECONDS)
        spans.append((began, monotonic()))
        began = monotonic()
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as elsewhere:
            answers.update(elsewhere.submit(_send, url, requests, many).result())
        spans.append((began, monotonic()))

    outcome, driver = stage.under_load(fault, driver=driver, recovers=False)
    usual, meanwhile = (driver.p99("tap", between=span) for span in spans)
    took = spans[1][1] - spans[1][0]
    outcome.figures |= {
        "answers": dict(answers),
        "a second": round(many / took),
        "p99 of taps before, s": usual,
        "p99 of taps meanwhile, s": meanwhile,
    }
    outcome.require(that=answers.total() == many, otherwise=f"{answers.total()} were answered")
    let_in = many - answers[refused]
    outcome.require(that=let_in == looked_at, otherwise=f"{let_in} were looked at: {answers}")
    outcome.require(that=meanwhile < TAP_SECONDS, otherwise=f"p99 of taps was {meanwhile} s")
    outcome.require(that=driver.undecided() == 0, otherwise="taps could not be decided")
    return outcome


def _send(url: str, requests: Sequence[bytes], many: int) -> Counter[int]:
    """Return how often each status was answered to so many requests, at the rate of a flood."""
    found: Counter[int] = Counter()

    def count(status: int, _body: bytes) -> None:
        found[status] += 1

    turns = itertools.islice(itertools.cycle(requests), many)
    load.ask_without_pause(
        url, turns, clients=CLIENTS, seconds=LONGEST_SECONDS, check=count,
        per_second=FLOOD_PER_SECOND, sources=[f"127.0.81.{n + 1}" for n in range(CLIENTS)],
    )  # fmt: skip
    return found
