"""A Valkey without boards or pins, and a reader that ends with its test."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from fx.prices import live
from fx.prices.feed import BOARD, HEALTH, PINS, SEEN, Feed


@pytest.fixture
def feed(settings) -> Iterator[Feed]:
    # Test processes beside each other must not see each other's boards.
    address = urlsplit(settings.REDIS_URL)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and address.path in {"", "/", "/0"}:
        settings.REDIS_URL = address._replace(path=f"/{int(worker[2:]) % 15 + 1}").geturl()
    live.stop()
    feed = Feed()
    feed._valkey.delete(BOARD, HEALTH, PINS, SEEN)
    yield feed
    live.stop()
    feed._valkey.delete(BOARD, HEALTH, PINS, SEEN)
    feed.close()
