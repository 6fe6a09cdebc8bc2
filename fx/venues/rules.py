"""When venues trade, and when nobody may."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

NEW_YORK: Final = ZoneInfo("America/New_York")
FRANKFURT: Final = ZoneInfo("Europe/Berlin")

HALT_MARGIN: Final = timedelta(minutes=15)
"""Nobody trades a share this long before and after its multiplier changes (xstocks.md, Halts)."""

_TURN: Final = time(20)
_REFERENCE: Final = time(16)
_FRIDAY: Final = 4
_SATURDAY: Final = 5
_SUNDAY: Final = 6


def is_open(hours: str, at: datetime) -> bool:
    """Tell whether the main venue of an asset trades at the aware moment `at`.

    `24/7` always; `24/5` from Sunday 20:00 to Friday 20:00 in New York, daylight saving
    included, the first moment in and the last one out; empty (a reference rate) always.

    Raises:
        ValueError: no such hours.
    """
    if hours in {"24/7", ""}:
        return True
    if hours != "24/5":
        raise ValueError(f"unknown trading hours: {hours!r}")
    local = at.astimezone(NEW_YORK)
    day = local.weekday()
    if day == _FRIDAY:
        return local.time() < _TURN
    if day == _SUNDAY:
        return local.time() >= _TURN
    return day != _SATURDAY


def halted_around(changes: Iterable[datetime], at: datetime) -> bool:
    """Tell whether a multiplier change is so near that nobody may trade; both ends included."""
    return any(abs(at - change) <= HALT_MARGIN for change in changes)


def reference_at(at: datetime) -> datetime:
    """Return when the fiat reference rate that is valid at `at` was set: a working day, 16:00 CET.

    Bank holidays are not known here: a rate that is one day too young harms nobody.
    Source: https://www.ecb.europa.eu/stats/eurofxref.
    """
    local = at.astimezone(FRANKFURT)
    day = local.date() if local.time() >= _REFERENCE else local.date() - timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day -= timedelta(days=1)
    return datetime.combine(day, _REFERENCE, tzinfo=FRANKFURT).astimezone(at.tzinfo)


def is_working_day(at: datetime) -> bool:
    """Tell whether it is Monday to Friday where reference rates are set."""
    return at.astimezone(FRANKFURT).weekday() < _SATURDAY
