"""Which function applies which event. Features name theirs in their `tasks.py`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


class AppliesMany(Protocol):
    """Applies several events at once, all of them or, when it raises, none."""

    def __call__(self, *, bodies: Sequence[dict[str, Any]], now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Applier:
    """What applies an event, and what applies many at once if anything does."""

    one: Applies
    many: AppliesMany | None = None


_appliers: dict[tuple[str, str], Applier] = {}


def applies(
    provider: str, *types: str, many: AppliesMany | None = None
) -> Callable[[Applies], Applies]:
    """Mark the function that applies a provider's events of these types.

    With `many`, those that come at once are first tried together. It locks what it locks in one
    order, whatever the order of the events.
    """

    def register(one: Applies) -> Applies:
        for kind in types:
            if _appliers.setdefault((provider, kind), Applier(one, many)).one is not one:
                raise ValueError(f"two functions apply {kind}")
        return one

    return register


def applier_of(provider: str, kind: str) -> Applier | None:
    """Return what applies a type of event, or None for one that means nothing to us."""
    return _appliers.get((provider, kind))
