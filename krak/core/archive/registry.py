"""Which rows go to the archive before they leave their table. Features say it in `archive.py`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

type MayGo = Callable[[datetime], QuerySet[Any, Any]]
"""Returns the rows that nobody needs in their table, of those that came before a moment."""
type LetGo = Callable[[Sequence[UUID]], None]
"""Deletes rows that lie in the archive, in the caller's transaction; again is harmless."""


@dataclass(frozen=True, slots=True)
class Archived:
    """Rows of one model. They are kept for `KRAK_KEEP_<NAME>_DAYS` before they may go."""

    name: str
    model: type[Model]
    may_go: MayGo
    let_go: LetGo


_kinds: dict[str, Archived] = {}


def archives(name: str, *, model: type[Model], may_go: MayGo, let_go: LetGo) -> None:
    """Say that rows of a model go to the archive; their ids are of `krak.core.ids.uuid7`.

    Raises:
        ValueError: the name is another model's.
    """
    kind = Archived(name, model, may_go, let_go)
    if _kinds.setdefault(name, kind) is not kind:
        raise ValueError(f"{name} is named twice")


def kinds() -> Sequence[Archived]:
    """Return all kinds of rows that go to the archive."""
    return tuple(_kinds.values())


def kind_of(name: str) -> Archived:
    """Return a kind by its name, or raise KeyError."""
    return _kinds[name]
