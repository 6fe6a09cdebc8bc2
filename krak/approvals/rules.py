"""What is proposed, as values: its content, and the hash that ties a decision to it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID


class State(StrEnum):
    """Where a proposal stands; only PROPOSED can still be decided."""

    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What somebody proposed; `decided_by` is None until another person has decided."""

    id: UUID
    kind: str
    subject: str
    payload: Mapping[str, Any]
    reason: str
    proposed_by: UUID
    decided_by: UUID | None


def content_hash(*, kind: str, subject: str, payload: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what is proposed, in hex: the same content has the same hash.

    Raises:
        TypeError: something in the payload is no text, whole number, truth value, list or mapping.
            Amounts are text, so that nobody makes floats of them.
    """
    _require_plain(payload)
    content = json.dumps(
        [kind, subject, payload], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(content.encode()).hexdigest()


def _require_plain(value: Any) -> None:
    match value:
        case None | bool() | int() | str():
            pass
        case list():
            for each in value:
                _require_plain(each)
        case dict():
            for name, each in value.items():
                if not isinstance(name, str):
                    raise TypeError(f"{name!r} is no name")
                _require_plain(each)
        case _:
            raise TypeError(f"{value!r} has no one way to be written")
