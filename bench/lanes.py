"""Taps beside a crowd that opens the app: in the web processes of all, and in those of the cards.

`python -m bench.lanes`, beside a Postgres and a Valkey as `make bench` has them; docs/scaling.md
says what came of it.
"""

import itertools
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from urllib.parse import urlsplit

import django

from bench import calls, crowd, load, product, taps

CROWDS = (0, 16, 64, 256)
READ = ("/v1/portfolio", "/v1/activity", "/v1/balances")
CUSTOMERS = 1500
PER_SECOND = 20.0
SECONDS = 8.0
BEFORE_SECONDS = 2.0
"""How long the crowd is there alone."""


def main() -> None:
    """Print percentiles of taps for each size of the crowd, in shared processes and apart."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")
    django.setup()
    with product.running() as (url, own, _seconds):
        tokens = [person.token for person in calls.people(product.Client(url))]
        cards = crowd.make(url, many=CUSTOMERS)
        doors = {"shared": taps.Taps(url, cards), "their own": taps.Taps(own, cards)}
        for door in doors.values():
            door.ask(clients=4, seconds=BEFORE_SECONDS)
        for many, (name, door) in itertools.product(CROWDS, doors.items()):
            with _crowd(url, tokens, many):
                found = door.ask(clients=16, seconds=SECONDS, per_second=PER_SECOND)
            print(f"{many:>4} at once, {name:<10} {found}", flush=True)


@contextmanager
def _crowd(url: str, tokens: Sequence[str], many: int) -> Iterator[None]:
    """Let so many read without pause, from a process of their own."""
    if not many:
        yield
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere:
        reading = elsewhere.submit(_read, url, tokens, many)
        time.sleep(BEFORE_SECONDS)
        yield
        reading.result()


def _read(url: str, tokens: Sequence[str], many: int) -> None:
    requests = [
        f"GET {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
        for token in tokens
        for path in READ
    ]
    load.ask_without_pause(
        url, itertools.cycle(requests), clients=many, check=_is_answered,
        seconds=BEFORE_SECONDS + SECONDS + 1,
    )  # fmt: skip


def _is_answered(status: int, body: bytes) -> None:
    if status != 200:  # noqa: PLR2004
        raise RuntimeError(f"{status}: {body[:300]!r}")


if __name__ == "__main__":
    main()
