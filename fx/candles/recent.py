"""What everything was worth a day ago, in this process: asked of the database once a minute."""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from fx.candles.queries import closes_at
from fx.candles.rules import Span

DAY: Final = timedelta(days=1)

_lock = threading.Lock()
_closes: tuple[datetime, Mapping[str, Decimal]] | None = None


def a_day_ago(now: datetime) -> Mapping[str, Decimal]:
    """Return what `closes_at` says of every asset for the minute a day before `now`.

    The same object for a whole minute, so that what is worked out from it can be kept too.
    """
    global _closes  # noqa: PLW0603 - one per process
    minute = Span.MINUTE.begin(now - DAY)
    kept = _closes
    if kept is not None and kept[0] == minute:
        return kept[1]
    with _lock:
        kept = _closes
        if kept is None or kept[0] != minute:
            kept = _closes = (minute, MappingProxyType(closes_at(minute)))
        return kept[1]


def forget() -> None:
    """Drop what this process knows; the next question reads it again."""
    global _closes  # noqa: PLW0603 - one per process
    _closes = None
