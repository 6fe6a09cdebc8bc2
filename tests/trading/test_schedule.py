"""Days of recurring buys: no gap, no double, whatever the month and the clock do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdings.trading.rules.schedule import Frequency, due_at, next_slot, slot

days = st.dates(date(2020, 1, 1), date(2060, 12, 31))
zones = st.sampled_from(sorted(available_timezones()))
times = st.times().map(lambda at: at.replace(microsecond=0))


def run(starts_on, frequency, count):
    found = [starts_on]
    while len(found) < count:
        found.append(next_slot(starts_on, frequency, after=found[-1]))
    return found


def keep_to_their_day(starts_on, slots):
    months = [day.year * 12 + day.month for day in slots]
    return months == list(range(months[0], months[0] + len(slots))) and all(
        day.day == starts_on.day
        or (day.day < starts_on.day and (day + timedelta(days=1)).month != day.month)
        for day in slots
    )


@given(days, st.integers(1, 80))
def test_every_month_has_one_slot_on_its_day_or_its_last(starts_on, count):
    assert keep_to_their_day(starts_on, run(starts_on, Frequency.MONTHLY, count))


def test_control_counted_from_the_slot_before_a_plan_of_the_31st_loses_its_day():
    starts_on = date(2028, 1, 31)
    slots = [starts_on]
    while len(slots) < 3:
        slots.append(slot(slots[-1], Frequency.MONTHLY, 1))

    assert slots[1:] == [date(2028, 2, 29), date(2028, 3, 29)]
    assert not keep_to_their_day(starts_on, slots)


@given(days, st.sampled_from(list(Frequency)), st.integers(0, 400))
def test_from_any_day_the_next_slot_is_the_first_after_it(starts_on, frequency, ahead):
    day = starts_on + timedelta(days=ahead)

    found = next_slot(starts_on, frequency, after=day)

    assert found == min(s for s in (slot(starts_on, frequency, n) for n in range(403)) if s > day)


@given(days, st.integers(1, 60))
def test_before_its_start_the_next_slot_is_the_first(starts_on, ahead):
    before = starts_on - timedelta(days=ahead)

    assert next_slot(starts_on, Frequency.WEEKLY, after=before) == starts_on


@given(days, times, zones, st.sampled_from(list(Frequency)))
def test_slots_are_due_in_their_order_in_every_time_zone(starts_on, at, zone, frequency):
    slots = run(starts_on, frequency, 40)

    moments = [due_at(day, at, zone) for day in slots]
    assert moments == sorted(set(moments))


def test_a_plan_of_the_31st_keeps_to_the_ends_of_months():
    assert run(date(2027, 12, 31), Frequency.MONTHLY, 5) == [
        date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31),
        date(2028, 4, 30),
    ]  # fmt: skip


def test_a_plan_of_leap_day_comes_every_year():
    assert slot(date(2028, 2, 29), Frequency.MONTHLY, 12) == date(2029, 2, 28)
    assert slot(date(2028, 2, 29), Frequency.MONTHLY, 48) == date(2032, 2, 29)


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        (date(2027, 3, 27), datetime(2027, 3, 27, 1, 30, tzinfo=UTC)),
        # 02:30 does not exist on this day in Berlin: it is 03:30 there.
        (date(2027, 3, 28), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        # 02:30 comes twice: the first one counts.
        (date(2027, 10, 31), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
    ],
)
def test_daylight_saving_neither_skips_nor_doubles_a_day(day, utc):
    assert due_at(day, time(2, 30), "Europe/Berlin") == utc
