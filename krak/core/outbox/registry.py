"""Which function handles which topic. Features name their handlers in their `tasks.py`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol


class Handler(Protocol):
    """Does one piece of promised work inside the transaction that marks it done."""

    def __call__(self, *, payload: dict[str, Any], now: datetime) -> None: ...


_handlers: dict[str, Handler] = {}


def handles(topic: str) -> Callable[[Handler], Handler]:
    """Mark the function that does the work promised under `topic`."""

    def register(handler: Handler) -> Handler:
        if _handlers.setdefault(topic, handler) is not handler:
            raise ValueError(f"two handlers for {topic}")
        return handler

    return register


def handler_of(topic: str) -> Handler:
    """Return the handler of `topic`; an unknown topic raises KeyError and is retried, then dead."""
    return _handlers[topic]
