"""How a provider is doing: counters, its state, and its newest problems."""

import json
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Any, Final

from fx.prices.ticks import Fault

LINES_KEPT: Final = 20
_LINE_LENGTH: Final = 200
_QUIET: Final = frozenset({Fault.LATE, Fault.ZERO, Fault.NOT_TRADED, Fault.THIN})
"""What happens all the time (a share off hours has zeros) is counted and not written down."""


class State(StrEnum):
    """Where a provider stands."""

    STARTING = "STARTING"
    LIVE = "LIVE"
    RETRYING = "RETRYING"
    STOPPED = "STOPPED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A problem: when, what kind, and what exactly."""

    at: datetime
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A provider's health at one moment."""

    provider: str
    state: State
    ticks: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    reconnects: int = 0
    last_tick_at: datetime | None = None
    lines: tuple[Line, ...] = ()
    """Newest first."""

    def as_json(self) -> dict[str, Any]:
        """Return what is kept of it."""
        return {
            "provider": self.provider,
            "state": str(self.state),
            "ticks": self.ticks,
            "rejected": dict(self.rejected),
            "reconnects": self.reconnects,
            "last_tick_at": self.last_tick_at.isoformat() if self.last_tick_at else None,
            "lines": [[line.at.isoformat(), line.reason, line.detail] for line in self.lines],
        }

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> "Report":
        """Return what `as_json` wrote."""
        last = kept["last_tick_at"]
        return Report(
            provider=kept["provider"],
            state=State(kept["state"]),
            ticks=kept["ticks"],
            rejected=kept["rejected"],
            reconnects=kept["reconnects"],
            last_tick_at=datetime.fromisoformat(last) if last else None,
            lines=tuple(
                Line(at=datetime.fromisoformat(at), reason=reason, detail=detail)
                for at, reason, detail in kept["lines"]
            ),
        )


def encode(reports: Sequence[Report], *, at: datetime) -> bytes:
    """Write reports the way they lie in Valkey."""
    body = {"at": at.isoformat(), "reports": [report.as_json() for report in reports]}
    return json.dumps(body, separators=(",", ":")).encode()


def decode(body: bytes) -> tuple[datetime, list[Report]] | None:
    """Read what `encode` wrote; None if it did not."""
    try:
        kept = json.loads(body)
        return datetime.fromisoformat(kept["at"]), [
            Report.from_json(report) for report in kept["reports"]
        ]
    except (ValueError, LookupError, TypeError):
        return None


class Health:
    """The counters of one provider; any thread may count, any may take a report."""

    def __init__(self, provider: str) -> None:
        self.provider: Final = provider
        self._lock = Lock()
        self._state = State.STARTING
        self._ticks = 0
        self._rejected: Counter[str] = Counter()
        self._reconnects = 0
        self._last_tick_at: datetime | None = None
        self._lines: deque[Line] = deque(maxlen=LINES_KEPT)

    def accepted(self, at: datetime) -> None:
        """Count a tick that went into the store."""
        with self._lock:
            self._ticks += 1
            self._last_tick_at = at
            self._state = State.LIVE

    def rejected(self, fault: Fault, detail: str, *, at: datetime) -> None:
        """Count something that did not, and write it down."""
        with self._lock:
            self._rejected[fault] += 1
            if fault not in _QUIET:
                self._write(fault, detail, at)

    def lost(self, why: str, *, at: datetime) -> None:
        """Count a connection that was lost, or a round that failed."""
        with self._lock:
            self._reconnects += 1
            self._state = State.RETRYING
            self._write("lost", why, at)

    def stopped(self) -> None:
        """Say that this provider will not go on."""
        with self._lock:
            self._state = State.STOPPED

    def report(self) -> Report:
        """Return the counters as they are."""
        with self._lock:
            return Report(
                provider=self.provider,
                state=self._state,
                ticks=self._ticks,
                rejected=dict(self._rejected),
                reconnects=self._reconnects,
                last_tick_at=self._last_tick_at,
                lines=tuple(self._lines),
            )

    def _write(self, reason: str, detail: str, at: datetime) -> None:
        self._lines.appendleft(Line(at=at, reason=reason, detail=detail[:_LINE_LENGTH]))
