"""Slots: the pieces of time that a periodic job has one run in."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime.fromtimestamp(0, UTC)


def slot_of(now: datetime, every: timedelta) -> datetime:
    """Return when the slot that `now` lies in began; slots are counted from 1970 in UTC.

    So that two clocks that tick at different moments of an hour mean the same slot.
    """
    return now - (now - _EPOCH) % every
