"""What is kept about people: each feature says in its room `personal.py` what its tables hold.

A table of customers' rows that nobody names here fails a test: it would be neither in what a
customer is given of theirs nor erased.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks to be forgotten. `words` are what names them, wherever it stands."""

    customer_id: UUID
    user_id: UUID
    words: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """What a table holds about people, and what becomes of it when one is erased."""

    model: str
    of: str
    owner: str
    hides: frozenset[str]
    erases: Mapping[str, Any]
    seals: tuple[str, ...]
    deletes: bool
    keeps: str


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why somebody cannot be erased yet, and what they can do about it."""

    code: str
    detail: str
    next: str
    facts: Mapping[str, Any] = field(default_factory=dict)


type Objects = Callable[[UUID], Sequence[Obstacle]]
"""Obstacles of a customer, read with their book locked."""
type Sweep = Callable[[Person, datetime], None]
"""Erases what stands in tables that are nobody's: logs, messages, what vendors told."""

_tables: dict[str, Table] = {}
_objections: list[Objects] = []
_now: list[Sweep] = []
_later: list[Sweep] = []


def holds(
    model: str,
    *,
    of: str = "customer_id",
    owner: str = "customer",
    hides: Sequence[str] = (),
    erases: Mapping[str, Any] | None = None,
    seals: Sequence[str] = (),
    deletes: bool = False,
    keeps: str = "",
) -> None:
    """Say what the table of a model ("app.Model") holds about people.

    `of` is the lookup from a row to its `owner`, the customer's or the user's id. All columns are
    given to who asks for theirs, but those it `hides`. Of somebody who is erased it `deletes` the
    rows, or `erases` columns (a value, or a function of the row), and `keeps` the rest for a
    reason; what columns it `seals` held is kept encrypted for as long as the law demands.

    Raises:
        ValueError: it is said twice, or not said what becomes of the rows.
    """
    if not (deletes or erases or keeps):
        raise ValueError(f"{model}: what becomes of it?")
    table = Table(
        model, of, owner, frozenset(hides), dict(erases or {}), tuple(seals), deletes, keeps
    )
    if _tables.setdefault(model, table) is not table:
        raise ValueError(f"{model} is named twice")


def objects[F: Objects](objection: F) -> F:
    """Mark a function that says what stands in the way of erasing a customer."""
    _objections.append(objection)
    return objection


def sweeps[F: Sweep](sweep: F) -> F:
    """Mark a function that erases, in the erasure's transaction, what its indexes find."""
    _now.append(sweep)
    return sweep


def sweeps_later[F: Sweep](sweep: F) -> F:
    """Mark a function that erases what takes a whole table to find: a worker runs it soon."""
    _later.append(sweep)
    return sweep


def tables() -> Sequence[Table]:
    """Return all tables that hold something about people, in the order they were named."""
    return tuple(_tables.values())


def obstacles(customer_id: UUID) -> list[Obstacle]:
    """Return all that stands in the way of erasing a customer."""
    return [each for objection in _objections for each in objection(customer_id)]


def sweep_now(person: Person, now: datetime) -> None:
    """Run what is marked `sweeps`."""
    for sweep in _now:
        sweep(person, now)


def sweep_later(person: Person, now: datetime) -> None:
    """Run what is marked `sweeps_later`."""
    for sweep in _later:
        sweep(person, now)
