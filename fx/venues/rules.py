"""When venues trade, when spreads are wide, and when nobody may trade."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

NEW_YORK: Final = ZoneInfo("America/New_York")
FRANKFURT: Final = ZoneInfo("Europe/Berlin")

HALT_MARGIN: Final = timedelta(minutes=15)
"""Nobody trades a share this long before and after its multiplier changes (xstocks.md, Halts)."""

ALWAYS: Final = ""
"""The hours of a reference rate: there is no venue that could be closed."""

DATA: Final = Path(__file__).parent / "data"

REFERENCE_TIME: Final = time(16)
"""When reference rates are set, in Frankfurt."""
_SATURDAY: Final = 5


class Sides(StrEnum):
    """What a halt stops: what customers may no longer do."""

    BUYING = "BUYING"
    SELLING = "SELLING"
    BOTH = "BOTH"

    @property
    def buying(self) -> bool:
        """Tell whether buying is stopped."""
        return self is not Sides.SELLING

    @property
    def selling(self) -> bool:
        """Tell whether selling is stopped."""
        return self is not Sides.BUYING


class Reason(StrEnum):
    """Why an asset is halted or its spread widened; each reason is ended by whoever gave it."""

    OPERATOR = "OPERATOR"
    ISSUER = "ISSUER"
    CORPORATE_ACTION = "CORPORATE_ACTION"
    RISK = "RISK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A stretch of the week in New York, Monday 0 to Sunday 6; its first moment in, its last out.

    One that ends where it begins is the whole week.
    """

    opens_day: int
    opens_at: time
    closes_day: int
    closes_at: time

    def holds(self, local: datetime) -> bool:
        """Tell whether `local`, New York's time, lies in it."""
        moment = (local.weekday(), local.time())
        opens, closes = (self.opens_day, self.opens_at), (self.closes_day, self.closes_at)
        if opens < closes:
            return opens <= moment < closes
        return moment >= opens or moment < closes


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When venues trade: sessions by the name of the hours, and the US market's holidays."""

    sessions: Mapping[str, tuple[Session, ...]]
    holidays: Mapping[date, str]

    def is_open(self, hours: str, at: datetime) -> bool:
        """Tell whether a venue of these hours trades at the aware moment `at`.

        Raises:
            ValueError: no such hours.
        """
        if hours == ALWAYS:
            return True
        if hours not in self.sessions:
            raise ValueError(f"unknown trading hours: {hours!r}")
        local = at.astimezone(NEW_YORK)
        return any(session.holds(local) for session in self.sessions[hours])

    def is_holiday(self, at: datetime) -> bool:
        """Tell whether the US market has a holiday on this day in New York."""
        return at.astimezone(NEW_YORK).date() in self.holidays


@cache
def shipped_calendar() -> Calendar:
    """Return the calendar that came with the code, read once."""
    sessions: dict[str, tuple[Session, ...]] = {}
    for row in _rows("sessions.csv"):
        session = Session(
            opens_day=int(row["opens_day"]),
            opens_at=time.fromisoformat(row["opens_at"]),
            closes_day=int(row["closes_day"]),
            closes_at=time.fromisoformat(row["closes_at"]),
        )
        sessions[row["hours"]] = (*sessions.get(row["hours"], ()), session)
    holidays = {date.fromisoformat(row["on"]): row["name"] for row in _rows("us_holidays.csv")}
    return Calendar(sessions=sessions, holidays=holidays)


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def is_open(hours: str, at: datetime) -> bool:
    """Tell whether a venue of these hours trades at `at`, by the calendar as it was shipped.

    `24/7` always; `24/5` from Sunday 20:00 to Friday 20:00 in New York, daylight saving
    included; empty (a reference rate) always. What staff changed since is on the board.

    Raises:
        ValueError: no such hours.
    """
    return shipped_calendar().is_open(hours, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """A halt: nobody buys, sells or either, from its first moment to just before its last."""

    code: str
    sides: Sides
    from_at: datetime
    until_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Tell whether it is in force at `at`."""
        return self.from_at <= at and (self.until_at is None or at < self.until_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trading:
    """What customers may do with an asset."""

    buying: bool = True
    selling: bool = True

    def without(self, sides: Sides) -> "Trading":
        """Return what is left when these sides are stopped."""
        return Trading(
            buying=self.buying and not sides.buying, selling=self.selling and not sides.selling
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What staff, issuers and the house's own risk ordered, as far as it is not over."""

    halts: tuple[Halted, ...] = ()
    extra_bps: Mapping[str, int] = field(default_factory=dict)
    """How much wider the whole spread of an asset is, in basis points of its middle."""

    def halted_at(self, at: datetime) -> dict[str, list[Sides]]:
        """Return which sides are stopped at `at`, by asset."""
        found: dict[str, list[Sides]] = {}
        for halt in self.halts:
            if halt.holds(at):
                found.setdefault(halt.code, []).append(halt.sides)
        return found


def halted_around(changes: Iterable[datetime], at: datetime) -> bool:
    """Tell whether a multiplier change is so near that nobody may trade; both ends included."""
    return any(abs(at - change) <= HALT_MARGIN for change in changes)


def reference_at(at: datetime) -> datetime:
    """Return when the fiat reference rate that is valid at `at` was set: a working day, 16:00 CET.

    Bank holidays are not known here: a rate that is one day too young harms nobody.
    Source: https://www.ecb.europa.eu/stats/eurofxref.
    """
    local = at.astimezone(FRANKFURT)
    day = local.date() if local.time() >= REFERENCE_TIME else local.date() - timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day -= timedelta(days=1)
    return reference_moment(day).astimezone(at.tzinfo)


def reference_moment(day: date) -> datetime:
    """Return when the reference rate of a day is set: at 16:00 in Frankfurt."""
    return datetime.combine(day, REFERENCE_TIME, tzinfo=FRANKFURT)


def is_working_day(at: datetime) -> bool:
    """Tell whether it is Monday to Friday where reference rates are set."""
    return at.astimezone(FRANKFURT).weekday() < _SATURDAY
