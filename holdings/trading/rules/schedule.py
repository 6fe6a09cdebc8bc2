"""When a recurring buy is due: days of a local calendar, each exactly once.

A month without the day that a plan began on has its slot on its last day: who begins on the
31st buys on 28 or 29 February and on the 31st of March again.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_MONTHS = 12


class Frequency(StrEnum):
    """How often a plan buys."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


def slot(starts_on: date, frequency: Frequency, number: int) -> date:
    """Return the day of slot `number`; the first is 0 and is `starts_on`."""
    if frequency is Frequency.MONTHLY:
        years, month = divmod(starts_on.month - 1 + number, _MONTHS)
        year = starts_on.year + years
        last = monthrange(year, month + 1)[1]
        return date(year, month + 1, min(starts_on.day, last))
    return starts_on + number * timedelta(days=1 if frequency is Frequency.DAILY else 7)


def next_slot(starts_on: date, frequency: Frequency, *, after: date) -> date:
    """Return the first slot that lies after a day."""
    if after < starts_on:
        return starts_on
    if frequency is Frequency.MONTHLY:
        number = (after.year - starts_on.year) * _MONTHS + after.month - starts_on.month
    else:
        number = (after - starts_on).days // (1 if frequency is Frequency.DAILY else 7)
    found = slot(starts_on, frequency, number)
    return found if found > after else slot(starts_on, frequency, number + 1)


def due_at(day: date, at: time, zone: str) -> datetime:
    """Return the moment at which a day's slot is due, in UTC.

    A local time that daylight saving skips is due an hour later by the clock, one that comes
    twice the first time.
    """
    return datetime.combine(day, at, tzinfo=ZoneInfo(zone)).astimezone(UTC)
