"""A Valkey without boards or pins, and a reader that ends with its test."""

from collections.abc import Iterator

import pytest

from fx.prices import live
from fx.prices.feed import BOARD, HEALTH, PINS, SEEN, Feed


@pytest.fixture
def feed() -> Iterator[Feed]:
    live.stop()
    feed = Feed()
    feed._valkey.delete(BOARD, HEALTH, PINS, SEEN)
    yield feed
    live.stop()
    feed._valkey.delete(BOARD, HEALTH, PINS, SEEN)
    feed.close()
