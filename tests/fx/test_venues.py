"""Hours in New York, halts, and reference rates over a weekend."""

from datetime import UTC, datetime, timedelta

import pytest

from fx.venues.rules import halted_around, is_open, is_working_day, reference_at

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("opens", "why"),
    [
        (datetime(2026, 11, 23, 1, tzinfo=UTC), "winter: 20:00 is UTC-5"),
        (datetime(2026, 7, 13, 0, tzinfo=UTC), "summer: 20:00 is UTC-4"),
        (datetime(2026, 3, 9, 0, tzinfo=UTC), "the Sunday on which summer time began"),
        (datetime(2026, 11, 2, 1, tzinfo=UTC), "the Sunday on which it ended"),
    ],
)
def test_the_week_begins_on_sunday_at_eight_in_new_york(opens, why):
    assert not is_open("24/5", opens - SECOND), why
    assert is_open("24/5", opens), why


@pytest.mark.parametrize(
    "closes",
    [
        datetime(2026, 11, 21, 1, tzinfo=UTC),
        datetime(2026, 7, 11, 0, tzinfo=UTC),
        datetime(2026, 3, 7, 1, tzinfo=UTC),
        datetime(2026, 10, 31, 0, tzinfo=UTC),
    ],
)
def test_the_week_ends_on_friday_at_eight_in_new_york(closes):
    assert is_open("24/5", closes - SECOND)
    assert not is_open("24/5", closes)


def test_nights_of_the_week_are_open_and_saturdays_are_not():
    assert is_open("24/5", datetime(2026, 11, 18, 3, tzinfo=UTC))
    assert not is_open("24/5", datetime(2026, 11, 21, 17, tzinfo=UTC))


def test_coins_and_reference_rates_have_no_hours():
    saturday = datetime(2026, 11, 21, 17, tzinfo=UTC)
    assert is_open("24/7", saturday)
    assert is_open("", saturday)


def test_hours_that_nobody_knows_are_a_bug():
    with pytest.raises(ValueError, match="9-5"):
        is_open("9-5", datetime(2026, 11, 21, tzinfo=UTC))


def test_trading_stops_a_quarter_of_an_hour_on_both_sides_of_a_change():
    change = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)
    quarter = timedelta(minutes=15)

    assert halted_around([change], change - quarter)
    assert halted_around([change], change + quarter)
    assert not halted_around([change], change - quarter - SECOND)
    assert not halted_around([change], change + quarter + SECOND)
    assert not halted_around([], change)


@pytest.mark.parametrize(
    ("at", "set_at"),
    [
        (datetime(2026, 11, 18, 15, tzinfo=UTC), datetime(2026, 11, 18, 15, tzinfo=UTC)),
        (datetime(2026, 11, 18, 14, 59, tzinfo=UTC), datetime(2026, 11, 17, 15, tzinfo=UTC)),
        (datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2026, 11, 20, 15, tzinfo=UTC)),
        (datetime(2026, 11, 23, 14, 59, tzinfo=UTC), datetime(2026, 11, 20, 15, tzinfo=UTC)),
        (datetime(2026, 7, 13, 14, tzinfo=UTC), datetime(2026, 7, 13, 14, tzinfo=UTC)),
    ],
)
def test_a_fridays_reference_rate_is_valid_until_mondays(at, set_at):
    assert reference_at(at) == set_at


def test_the_weekend_is_where_reference_rates_are_set():
    assert is_working_day(datetime(2026, 11, 20, 22, 59, tzinfo=UTC))
    assert not is_working_day(datetime(2026, 11, 20, 23, tzinfo=UTC))
