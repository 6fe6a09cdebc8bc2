"""What can be exported. A feature has its makers in a room of its own, `exports.py`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Begun:
    """How many rows there will be, and where to begin; `cursor` is JSON."""

    total: int
    cursor: Any


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the file; `name` says which, to a maker whose file is made of several."""

    content: bytes
    name: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One batch: what came out, of how many rows, and where the next begins (None: nowhere)."""

    parts: Sequence[Part]
    rows: int
    cursor: Any


@dataclass(frozen=True, slots=True)
class File:
    """The finished file."""

    name: str
    media_type: str
    content: bytes


class Maker(Protocol):
    """Makes one kind of export in batches, each in a moment and safe to repeat."""

    takes: Mapping[str, bool]
    """Names of the parameters (`month`, `year`, `format`, `from`, `to`), and whether each must be
    there."""
    step_up: bool
    """Whether it takes a fresh proof of who is asking."""

    def begin(self, *, customer_id: UUID, params: Mapping[str, Any], now: datetime) -> Begun:
        """Prepare in transactions of its own; raise a `DomainError` for what cannot be had."""

    def step(self, *, customer_id: UUID, params: Mapping[str, Any], cursor: Any) -> Step:
        """Read one batch, in a read-only snapshot that is open."""

    def finish(self, *, params: Mapping[str, Any], parts: Iterable[Part]) -> File:
        """Put the parts together, in the order in which they were made."""


_makers: dict[str, Maker] = {}


def makes(kind: str, maker: Maker) -> None:
    """Let `kind` be asked for."""
    if kind in _makers:
        raise ValueError(f"two makers of {kind}")
    _makers[kind] = maker


def maker_of(kind: str) -> Maker:
    """Return who makes a kind."""
    return _makers[kind]


def kinds() -> Sequence[str]:
    """Return what can be asked for."""
    return sorted(_makers)
