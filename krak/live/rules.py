"""What goes over the wire of a live stream, and where a reader goes on.

Source: the HTML standard, section 9.2 (Server-Sent Events).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MOST_REPLAYED: Final = 500
"""Notices sent again after a break; of a longer one the app reads the inbox."""
HEARTBEAT: Final = b": still here\n\n"
_LONGEST_ID: Final = 18


@dataclass(frozen=True, slots=True)
class Start:
    """Where a stream begins: it sends what comes after `after`; `gap` says that more was missed."""

    after: int
    gap: bool


class MalformedEventId(ValueError):
    """The text is no id of an event of ours."""


def read_event_id(text: str) -> int:
    """Return the number in a `Last-Event-ID`.

    Raises:
        MalformedEventId: it is none of ours.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID):
        raise MalformedEventId(text)
    return int(text)


def start(*, last_seen: int | None, oldest: int, newest: int) -> Start:
    """Return where a stream begins.

    `last_seen` is the last event a reader has, None if they have none: then only what is new is
    sent. `oldest` and `newest` are the notices there are, both 0 for none.
    """
    if last_seen is None:
        return Start(newest, gap=False)
    if last_seen > newest:
        # An id that we never gave, or not in this database: what the reader has is unknown.
        return Start(newest, gap=True)
    first = max(oldest - 1, newest - MOST_REPLAYED, 0)
    return Start(max(last_seen, first), gap=last_seen < first)


def frame(name: str, data: Mapping[str, Any], *, number: int) -> bytes:
    """Return one event."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return f"id: {number}\nevent: {name}\ndata: {text}\n\n".encode()


def opening(begun: Start, *, retry_ms: int) -> bytes:
    """Return how a stream begins: when to come back, and the number to come back with."""
    data = {"object": "live_ready", "sequence": begun.after}
    hint = f"retry: {retry_ms}\n".encode()
    gap = (
        frame("gap", {"object": "live_gap", "read": "/v1/notifications"}, number=begun.after)
        if begun.gap
        else b""
    )
    return hint + gap + frame("ready", data, number=begun.after)
