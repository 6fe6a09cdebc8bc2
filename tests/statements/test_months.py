"""Months: every moment in exactly one, whatever clocks do."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdings.statements.rules import (
    DoesNotReconcile,
    Month,
    added,
    months,
    require_reconciled,
)

ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Apia"]
MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 2), max_value=datetime(2399, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from([ZoneInfo(name) for name in ZONES]),
)  # fmt: skip
MONTHS = st.builds(Month, st.integers(2000, 2399), st.integers(1, 12))
AMOUNTS = st.decimals(-(10**12), 10**12, places=10)
SUMS = st.dictionaries(st.sampled_from(["USD", "BTC", "AAPLx", "JPY"]), AMOUNTS)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(MOMENTS)
def test_a_moment_is_in_exactly_one_month(moment: datetime) -> None:
    month = Month.of(moment)

    assert month.begins_at <= moment < month.ends_at
    assert not month.previous.begins_at <= moment < month.previous.ends_at
    assert not month.next.begins_at <= moment < month.next.ends_at


@given(MONTHS, st.integers(0, 60))
def test_every_day_of_a_run_of_months_is_in_one_of_them_once(first: Month, more: int) -> None:
    last = first
    for _ in range(more):
        last = last.next
    run = months(first, last)

    days = [
        month.begins_at + timedelta(days=number)
        for month in run
        for number in range((month.ends_at - month.begins_at).days)
    ]

    assert len(run) == more + 1
    assert len(days) == (last.ends_at - first.begins_at).days
    assert days[0] == first.begins_at
    assert _are_each_there_once(days)


def _are_each_there_once(days: list[datetime]) -> bool:
    return all(after - day == timedelta(days=1) for day, after in pairwise(days))


@pytest.mark.parametrize("length", [28, 30])
def test_control_a_february_without_its_leap_day_leaves_a_gap_and_a_longer_one_a_double(
    length: int,
) -> None:
    february, march = Month(2028, 2), Month(2028, 3)
    days = [february.begins_at + timedelta(days=number) for number in range(length)]

    assert not _are_each_there_once([*days, march.begins_at])
    assert _are_each_there_once([*days[:28], Month(2028, 2).begins_at + timedelta(days=28)])


@given(MONTHS)
def test_a_month_ends_where_the_next_begins_and_is_written_as_it_is_read(month: Month) -> None:
    assert month.next.begins_at == month.ends_at
    assert month.next.previous == month.previous.next == month == Month.read(str(month))


@pytest.mark.parametrize(
    ("year", "days"), [(2023, 28), (2024, 29), (2100, 28), (2000, 29), (2400, 29)]
)
def test_february_has_its_leap_day(year: int, days: int) -> None:
    february = Month(year, 2)
    assert (february.ends_at - february.begins_at).days == days


@pytest.mark.parametrize(
    ("zone", "local", "fold", "month"),
    [
        # The hour that Berlin has twice is in October both times, and is two hours of it.
        ("Europe/Berlin", "2026-10-25T02:30", 0, "2026-10"),
        ("Europe/Berlin", "2026-10-25T02:30", 1, "2026-10"),
        ("Europe/Berlin", "2026-11-01T00:30", 0, "2026-10"),
        ("America/New_York", "2026-10-31T23:30", 0, "2026-11"),
        ("Pacific/Kiritimati", "2026-11-01T13:59", 0, "2026-10"),
        ("Pacific/Kiritimati", "2026-11-01T14:00", 0, "2026-11"),
    ],
)  # fmt: skip
def test_months_are_of_utc_and_not_of_anybodys_clock(
    zone: str, local: str, fold: int, month: str
) -> None:
    moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=fold)
    assert str(Month.of(moment)) == month


def test_the_last_microsecond_of_a_month_is_in_it() -> None:
    end = datetime(2026, 11, 1, tzinfo=UTC)
    assert str(Month.of(end - timedelta(microseconds=1))) == "2026-10"
    assert str(Month.of(end)) == "2026-11"


@given(SUMS, st.lists(SUMS, max_size=20))
def test_what_adds_up_reconciles_and_a_digit_more_does_not(
    opening: dict[str, Decimal], movements: list[dict[str, Decimal]]
) -> None:
    closing = added(opening, *movements)
    require_reconciled(opening=opening, movements=movements, closing=closing, postings=closing)

    digit = added(closing, {"USD": Decimal("0.0000000001")})
    for wrong in (
        {"closing": digit},
        {"postings": digit},
        {"opening": added(opening, {"X": Decimal(1)})},
    ):
        right = {"opening": opening, "closing": closing, "postings": closing}
        with pytest.raises(DoesNotReconcile):
            require_reconciled(movements=movements, **right | wrong)
