"""Which function applies which event. Features name theirs in their `tasks.py`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol


class NotYet(Exception):
    """What an event is about has not arrived; the event is kept and applied when `name` has.

    Raised by an applier that has changed nothing.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Applies(Protocol):
    """Applies one event, `body` as its provider wrote it, in the transaction that marks it done."""

    def __call__(self, *, body: dict[str, Any], now: datetime) -> None: ...


_appliers: dict[tuple[str, str], Applies] = {}


def applies(provider: str, *types: str) -> Callable[[Applies], Applies]:
    """Mark the function that applies a provider's events of these types."""

    def register(applier: Applies) -> Applies:
        for kind in types:
            if _appliers.setdefault((provider, kind), applier) is not applier:
                raise ValueError(f"two functions apply {kind}")
        return applier

    return register


def applier_of(provider: str, kind: str) -> Applies | None:
    """Return what applies a type of event, or None for one that means nothing to us."""
    return _appliers.get((provider, kind))
