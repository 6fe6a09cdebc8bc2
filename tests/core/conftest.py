"""Handlers of a test's own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from krak.core.ids import uuid7
from krak.core.outbox import registry

type Register = Callable[..., str]


@pytest.fixture
def register() -> Iterator[Register]:
    """Handle topics of this test's own until it ends."""
    topics: list[str] = []

    def add(handler: Any, *, calls_out: bool = False, many: bool = False) -> str:
        topics.append(f"test.{uuid7()}")
        mark: Callable[[str], Callable[[Any], Any]] = registry.handles
        if calls_out or many:
            mark = registry.calls_out if calls_out else registry.handles_many
        mark(topics[-1])(handler)
        return topics[-1]

    yield add
    for topic in topics:
        del registry._handlers[topic]
