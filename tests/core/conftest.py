"""Handlers of a test's own, and time that passes for what was promised."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from krak.core.ids import uuid7
from krak.core.outbox import registry
from krak.core.outbox.models import OutboxMessage

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


def let_pass(time: timedelta, **which: Any) -> None:
    """Let so much time pass for these messages: it changes how far off each of their moments is.

    Each is written as it was read. To subtract within an UPDATE depends on the session's time zone,
    which Citus refuses.
    """
    for message in OutboxMessage.objects.filter(**which):
        message.due_at -= time
        if message.running_until is not None:
            message.running_until -= time
        message.save(update_fields=["due_at", "running_until"])
