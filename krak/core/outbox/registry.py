"""Which function handles which topic. Features name their handlers in their `tasks.py`."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol


class Handler(Protocol):
    """Does one piece of promised work."""

    def __call__(self, *, payload: dict[str, Any], now: datetime) -> None: ...


class HandlerOfMany(Protocol):
    """Does several pieces of promised work of one kind.

    Returns the positions of those that it left to be done alone, or None when it left none.
    """

    def __call__(
        self, *, payloads: Sequence[dict[str, Any]], now: datetime
    ) -> Collection[int] | None: ...


class NotYet(Exception):
    """Work that could not be done yet, and is not to be tried again before `after` has passed."""

    def __init__(self, reason: str, *, after: timedelta = timedelta(0)) -> None:
        super().__init__(reason)
        self.after = after


@dataclass(frozen=True, slots=True)
class Registered:
    """A handler, what does many at once if it can, and whether it speaks to somebody outside."""

    handle: Handler
    handle_many: HandlerOfMany | None = None
    calls_out: bool = False


_handlers: dict[str, Registered] = {}


def handles(topic: str) -> Callable[[Handler], Handler]:
    """Mark the function that does the work of `topic` in the transaction that marks it done."""
    return _register(topic)


def handles_many(topic: str) -> Callable[[HandlerOfMany], HandlerOfMany]:
    """Mark the function that does the work of all messages of `topic` that come at once.

    They are done in one transaction; when that fails each is tried in one of its own, and so are
    those that it leaves. One alone is never left. It locks what it locks in one order, whatever the
    order of its payloads.
    """

    def register(handler: HandlerOfMany) -> HandlerOfMany:
        def handle(*, payload: dict[str, Any], now: datetime) -> None:
            handler(payloads=[payload], now=now)

        _register(topic, handle_many=handler)(handle)
        return handler

    return register


def calls_out(topic: str) -> Callable[[Handler], Handler]:
    """Mark the function that does the work of `topic` with a call to a vendor.

    It runs outside any transaction and opens its own around what it keeps. Only one delivery of
    a message runs at a time, but one that dies after the call is made again: the call must carry
    an idempotency key of the vendor's, or be harmless twice.
    """
    return _register(topic, calls_out=True)


def _register(topic: str, **traits: Any) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        known = _handlers.setdefault(topic, Registered(handler, **traits))
        if known.handle is not handler:
            raise ValueError(f"two handlers for {topic}")
        return handler

    return register


def handler_of(topic: str) -> Registered:
    """Return the handler of `topic`; an unknown topic raises KeyError and is retried, then dead."""
    return _handlers[topic]


def topics_of_many() -> list[str]:
    """Return the topics whose messages can be done several at once."""
    return [topic for topic, handler in _handlers.items() if handler.handle_many]
