"""Refusals that somebody can act on."""

from enum import Enum
from typing import Any, ClassVar


class Kind(Enum):
    """What a refusal means to whoever asked; `krak.api.problems` turns it into an HTTP status."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    REFUSED = "refused"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


class DomainError(Exception):
    """A refusal with a stable code (`feature.snake_case`), a title for people and typed facts.

    Subclasses stand beside the function that raises them. Everything else that is raised is a bug.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    kind: ClassVar[Kind] = Kind.INVALID
    retryable: ClassVar[bool] = False
    """Whether the same request may succeed a moment later, when its kind does not say so."""

    def __init__(self, detail: str = "", **facts: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.facts = facts
