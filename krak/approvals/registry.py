"""Which kinds of proposal there are. Features name theirs in their `tasks.py`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from krak.approvals.rules import Proposed

OPEN_FOR: Final = timedelta(days=7)
"""How long a proposal waits for its second person unless its kind says otherwise."""


class CarryOut(Protocol):
    """Does what was approved, within the approval's transaction; returns what it led to."""

    def __call__(self, *, proposed: Proposed, now: datetime) -> str: ...


class TurnedDown(Protocol):
    """Undoes what was set aside for a proposal that will not be carried out."""

    def __call__(self, *, proposed: Proposed, now: datetime) -> None: ...


type Describe = Callable[[Proposed], Iterable[tuple[str, str]]]
"""Says a proposal in words: what, and which."""


def word_for_word(proposed: Proposed) -> Iterable[tuple[str, str]]:
    """Describe a proposal by its payload."""
    return [(name.replace("_", " "), str(value)) for name, value in proposed.payload.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What may be proposed: by whom, approved by whom, and what happens then.

    `propose` and `approve` are permissions such as `assets.propose_multiplier`.
    """

    name: str
    title: str
    propose: str
    approve: str
    carry_out: CarryOut
    describe: Describe
    turned_down: TurnedDown | None
    open_for: timedelta


_kinds: dict[str, Kind] = {}


def carries_out(
    kind: str,
    *,
    title: str,
    propose: str,
    approve: str,
    describe: Describe = word_for_word,
    turned_down: TurnedDown | None = None,
    open_for: timedelta = OPEN_FOR,
) -> Callable[[CarryOut], CarryOut]:
    """Mark the function that does what an approved proposal of `kind` says.

    It runs in the transaction of the approval and returns what it led to, such as
    `assets.multiplier:…`; a refusal that it raises leaves the proposal as it was. `turned_down`
    runs in the transaction in which a proposal is rejected, withdrawn or expires.
    """

    def register(carry_out: CarryOut) -> CarryOut:
        known = _kinds.setdefault(
            kind,
            Kind(
                name=kind,
                title=title,
                propose=propose,
                approve=approve,
                carry_out=carry_out,
                describe=describe,
                turned_down=turned_down,
                open_for=open_for,
            ),
        )
        if known.carry_out is not carry_out:
            raise ValueError(f"two functions carry out {kind}")
        return carry_out

    return register


def kind_of(name: str) -> Kind:
    """Return a kind; one that no feature registered raises KeyError."""
    return _kinds[name]


def kinds() -> Iterable[Kind]:
    """Return every kind that is registered."""
    return _kinds.values()
