"""Candles: merged in any order, rolled up once, cut into tables, read across a split."""

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import reduce
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fx.assets import services as assets
from fx.candles import queries, services, tasks
from fx.candles.rules import Minutes, Span, samples
from fx.candles.sampling import Sampler
from fx.prices.rules import EMPTY
from krak.core.schedule.models import Run
from krak.core.transactions import transaction
from tests.fx.candles import candle, clear, put, stored
from tests.fx.prices import NOON, board, price

MINUTE, HOUR, DAY = (span.length for span in Span)
SECOND = timedelta(seconds=1)


@pytest.fixture
def room(db):
    """Have tables for candles around noon."""
    services.make_partitions(now=NOON)


# --- Samples and merging --------------------------------------------------------------------------
def test_a_sample_is_the_middle_per_base_unit():
    made = board(price("AAPLx", "200", "202", multiplier=Decimal("2.5")))

    assert dict(samples(made)) == {"AAPLx": Decimal("502.5"), "USD": 1}


def test_what_is_stale_or_halted_leaves_a_gap():
    made = board(
        price("OLD", 1, as_of=NOON - MINUTE), price("HALT", 1, halted=True), price("OK", 1)
    )

    assert [code for code, _price in samples(made)] == ["USD", "OK"]


def test_a_minute_is_made_of_what_was_seen_in_it():
    minutes = Minutes()
    for second, bid in ((1, 10), (20, 14), (40, 7), (59, 9), (60, 11)):
        at = NOON + second * SECOND
        minutes.see(board(price("BTC", bid, as_of=at), at=at))

    done = [c for c in minutes.until(NOON + MINUTE) if c.code == "BTC"]

    assert done == [candle("BTC", NOON, 10, 14, 7, 9, first_ms=1000, last_ms=59_000)]
    assert len(minutes.until(NOON + 2 * MINUTE)) == 4


def test_the_same_board_again_is_no_new_sample():
    minutes = Minutes()
    minutes.see(board(price("BTC", 10)))
    before = minutes.until(NOON + MINUTE)
    minutes.see(board(price("BTC", 10)))

    assert minutes.until(NOON + MINUTE) == before


prices = st.integers(1, 9).map(Decimal)
moments = st.integers(0, 5)


@st.composite
def seen(draw):
    first, last = sorted((draw(moments), draw(moments)))
    return candle(
        "BTC", NOON, draw(prices), draw(prices), draw(prices), draw(prices),
        first_ms=first, last_ms=last,
    )  # fmt: skip


@given(seen(), seen(), seen())
def test_merging_does_not_care_for_order_or_repeats(a, b, c):
    assert a.merged(b) == b.merged(a)
    assert a.merged(b).merged(c) == a.merged(b.merged(c))
    assert a.merged(a) == a
    assert a.merged(b).merged(b) == a.merged(b)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(seen(), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_database_merges_as_the_rules_do(room, parts, chance):
    clear()
    shuffled = [*parts, *parts]
    chance.shuffle(shuffled)
    for part in shuffled:
        services.keep([part], now=NOON)

    whole = reduce(lambda a, b: a.merged(b), parts)
    assert stored(Span.MINUTE) == {
        ("BTC", NOON): (
            whole.open, whole.high, whole.low, whole.close, whole.first_ms, whole.last_ms,
        )
    }  # fmt: skip


def test_what_brings_nothing_new_is_not_written(room):
    made = [candle("BTC", NOON, 10, 14, 7, 9), candle("ETH", NOON, 5)]

    assert services.keep(made, now=NOON) == 2
    assert services.keep(made, now=NOON) == 0
    assert services.keep([candle("BTC", NOON, 10, 15, 7, 9)], now=NOON) == 1


def test_what_is_too_late_or_ahead_of_the_clock_is_left_out(room):
    late = candle("BTC", NOON - services.LATE - 2 * MINUTE, 1)
    early = candle("BTC", NOON + 3 * MINUTE, 1)
    in_time = candle("BTC", NOON - services.LATE, 1)

    assert services.keep([late, early], now=NOON) == 0
    assert services.keep([late, in_time, early], now=NOON) == 1
    assert list(stored(Span.MINUTE)) == [("BTC", NOON - services.LATE)]


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ("('1m', 'BTC', %s, 0, 0, 0, 1, 0, 1)", "a_candle_is_of_positive_finite_prices"),
        ("('1m', 'BTC', %s, 0, 0, 1, 'NaN', 1, 1)", "a_candle_is_of_positive_finite_prices"),
        ("('1m', 'BTC', %s, 0, 0, 3, 2, 1, 1)", "a_candle_opens_and_closes_between_low_and_high"),
        ("('1m', 'BTC', %s, 0, 60000, 1, 1, 1, 1)", "a_candle_is_seen_within_its_span"),
        ("('1m', 'BTC', %s, 5, 4, 1, 1, 1, 1)", "a_candle_is_seen_within_its_span"),
        ("('1h', 'BTC', %s::timestamptz + '1 min', 0, 0, 1, 1, 1, 1)",
         "a_candle_begins_where_its_span_does"),
        ("('1d', 'BTC', %s, 0, 0, 1, 1, 1, 1)", "a_candle_begins_where_its_span_does"),
        ("('2m', 'BTC', %s, 0, 0, 1, 1, 1, 1)", "no partition"),
    ],
)  # fmt: skip
def test_the_database_refuses_what_is_no_candle(room, values, rule):
    with pytest.raises(IntegrityError, match=rule), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO candles_candle VALUES {values}", [NOON])


# --- The sampler ----------------------------------------------------------------------------------
def play(sampler, *, seconds, bid=lambda second: 100 + second, start=NOON):
    for second in seconds:
        at = start + second * SECOND
        made = board(price("BTC", bid(second), as_of=at), at=at)
        sampler.tick(made, now=at)


def test_the_sampler_writes_each_minute_once_it_is_over(room):
    sampler = Sampler()
    play(sampler, seconds=range(62))
    assert stored(Span.MINUTE) == {}

    play(sampler, seconds=range(62, 130))

    kept = stored(Span.MINUTE)
    assert kept["BTC", NOON] == (100, 159, 100, 159, 0, 59_000)
    assert kept["BTC", NOON + MINUTE] == (160, 219, 160, 219, 0, 59_000)
    assert len(kept) == 4


def test_a_sampler_that_is_replaced_within_a_minute_loses_nothing(room):
    first, second = Sampler(), Sampler()
    play(first, seconds=range(30))
    first.stop(now=NOON + 30 * SECOND)
    play(second, seconds=range(30, 64))

    assert stored(Span.MINUTE)["BTC", NOON] == (100, 159, 100, 159, 0, 59_000)


def test_two_samplers_are_as_good_as_one(room):
    first, second = Sampler(), Sampler()
    play(first, seconds=range(64))
    play(second, seconds=range(1, 64, 7))

    assert stored(Span.MINUTE)["BTC", NOON] == (100, 159, 100, 159, 0, 59_000)


def test_what_cannot_be_kept_waits_for_an_hour_at_most(committed):
    sampler, then = Sampler(), datetime(2040, 5, 5, 12, tzinfo=UTC)
    play(sampler, seconds=range(0, 70 * 60, 60), start=then)
    assert len(sampler._minutes) == 61, "there are no tables for that year"
    try:
        services.make_partitions(now=then)
        sampler.tick(EMPTY, now=then + 70 * MINUTE)

        kept = [at for code, at in stored(Span.MINUTE) if code == "BTC"]
        assert kept == [then + minute * MINUTE for minute in range(9, 69)]
        assert len(sampler._minutes) == 1, "the one that is not over"
    finally:
        clear()


def test_a_board_that_stands_still_makes_no_candles(room):
    sampler = Sampler()
    still = board(price("BTC", 1))
    for second in range(600):
        sampler.tick(still, now=NOON + second * SECOND)

    assert list(stored(Span.MINUTE)) == [("BTC", NOON), ("USD", NOON)]


def test_two_samplers_that_write_at_once_do_not_stand_in_each_others_way(committed):
    now = datetime.now(UTC)
    at = Span.MINUTE.begin(now)
    codes = [f"T{number:03}" for number in range(200)]
    errors, together = [], threading.Barrier(4)

    def write(number):
        made = [candle(code, at, 1 + number, first_ms=number, last_ms=number) for code in codes]
        if number % 2:
            made.reverse()
        try:
            together.wait(5)
            for _ in range(5):
                services.keep(made, now=now)
        except Exception as problem:  # noqa: BLE001 - said below
            errors.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    kept = stored(Span.MINUTE)
    clear()

    assert errors == []
    assert set(kept.values()) == {(1, 4, 1, 4, 0, 3)}
    assert len(kept) == 200


# --- Roll-ups -------------------------------------------------------------------------------------
def test_hours_are_made_of_minutes_and_days_of_hours(room):
    hour = NOON - HOUR
    services.keep(
        [
            candle("BTC", hour, 10, 11, 9, 10, first_ms=500),
            candle("BTC", hour + 30 * MINUTE, 20, 25, 5, 21),
            candle("BTC", hour + 59 * MINUTE, 22, 22, 18, 19, last_ms=40_000),
            candle("BTC", NOON, 19, 30, 19, 29),
        ],
        now=NOON,
    )

    assert services.roll_up(now=NOON + MINUTE) == 3

    assert stored(Span.HOUR) == {
        ("BTC", hour): (10, 25, 5, 19, 500, 59 * 60_000 + 40_000),
        ("BTC", NOON): (19, 30, 19, 29, 0, 59_000),
    }
    assert stored(Span.DAY) == {
        ("BTC", NOON - 12 * HOUR): (10, 30, 5, 29, 11 * 3_600_000 + 500, 12 * 3_600_000 + 59_000)
    }


def test_rolling_up_again_changes_nothing_and_later_minutes_are_added(room):
    made = [candle(code, NOON, 10) for code in ("BTC", "USD")]
    services.keep(made, now=NOON)
    assert services.roll_up(now=NOON + MINUTE) == 4
    assert services.roll_up(now=NOON + MINUTE) == 0

    services.keep([candle("BTC", NOON - 50 * MINUTE, 3)], now=NOON + 5 * MINUTE)
    services.keep([candle("BTC", NOON + 5 * MINUTE, 12)], now=NOON + 5 * MINUTE)

    assert services.roll_up(now=NOON + 6 * MINUTE) == 3
    assert stored(Span.HOUR)["BTC", NOON - HOUR][3] == 3
    assert stored(Span.DAY)["BTC", NOON - 12 * HOUR][:4] == (3, 12, 3, 12)


def test_a_roll_up_that_was_away_for_days_makes_up_for_them(room):
    for days in (3, 2, 1, 0):
        for code in ("BTC", "USD"):
            put(Span.MINUTE, code, NOON - days * DAY, str(10 + days))
    services.roll_up(now=NOON - 3 * DAY + MINUTE)
    assert len(stored(Span.DAY)) == 2

    services.roll_up(now=NOON + MINUTE)

    assert [bar[3] for (code, _at), bar in stored(Span.DAY).items() if code == "BTC"] == [
        13, 12, 11, 10,
    ]  # fmt: skip


def test_rolling_up_a_minute_that_was_dropped_leaves_the_hour(room):
    services.keep([candle("BTC", NOON, 10), candle("USD", NOON, 1)], now=NOON)
    services.roll_up(now=NOON)
    before = stored(Span.HOUR), stored(Span.DAY)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM candles_candle WHERE span = '1m'")

    services.roll_up(now=NOON + MINUTE)

    assert (stored(Span.HOUR), stored(Span.DAY)) == before


def test_two_clocks_roll_up_once(room):
    for _ in range(2):
        tasks.roll_up()
        tasks.partitions()

    runs = Run.objects.filter(job__startswith="candles.")
    assert sorted(runs.values_list("job", "attempts")) == [
        ("candles.partitions", 1),
        ("candles.roll_up", 1),
    ]


# --- Tables ---------------------------------------------------------------------------------------
def leaves():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent IN ('candles_1m'::regclass, 'candles_1h'::regclass,"
            "                     'candles_1d'::regclass) ORDER BY 1"
        )
        return {row[0] for row in cursor.fetchall()}


def test_tables_are_made_ahead_and_once(db):
    now = datetime(2031, 12, 31, 23, 30, tzinfo=UTC)

    assert services.make_partitions(now=now) == 5 + 3 + 2
    assert services.make_partitions(now=now) == 0

    assert {name for name in leaves() if "_203" in name} == {
        "candles_1m_20311230", "candles_1m_20311231", "candles_1m_20320101",
        "candles_1m_20320102", "candles_1m_20320103",
        "candles_1h_203112", "candles_1h_203201", "candles_1h_203202",
        "candles_1d_2031", "candles_1d_2032",
    }  # fmt: skip


def test_minutes_are_dropped_after_7_days_hours_after_a_year_and_days_never(room):
    for span, at in (
        (Span.MINUTE, NOON), (Span.HOUR, NOON), (Span.DAY, NOON - 12 * HOUR),
    ):  # fmt: skip
        put(span, "BTC", at, "1")
    next_midnight = NOON + 12 * HOUR

    services.drop_partitions(now=next_midnight + 7 * DAY - SECOND)
    assert len(stored(Span.MINUTE)) == 1
    services.drop_partitions(now=next_midnight + 7 * DAY)
    assert (len(stored(Span.MINUTE)), len(stored(Span.HOUR))) == (0, 1)
    services.drop_partitions(now=datetime(2027, 11, 30, 23, 59, tzinfo=UTC))
    assert len(stored(Span.HOUR)) == 1
    services.drop_partitions(now=datetime(2027, 12, 1, tzinfo=UTC))

    assert (len(stored(Span.HOUR)), len(stored(Span.DAY))) == (0, 1)


def test_a_chart_reads_the_tables_of_its_time_and_no_others(room):
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN " + queries._CANDLES,
            {"span": "1m", "code": "BTC", "start": NOON, "end": NOON + HOUR, "most": 10},
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "candles_1m_20261118" in plan
    assert plan.count(" Scan ") == 1


# --- Reading --------------------------------------------------------------------------------------
def ask(code="BTC", **more):
    usual: dict[str, Any] = {
        "span": Span.MINUTE,
        "start": NOON,
        "end": NOON + HOUR,
        "most": 10,
        "now": NOON,
    }
    return queries.candles(code, **usual | more)


def test_candles_are_crossed_with_the_currencys_own_close(room):
    services.keep(
        [
            candle("BTC", NOON, 100, 130, 90, 110),
            candle("EUR", NOON, 1, 3, 1, 2),
            candle("BTC", NOON + MINUTE, 100),
            candle("BTC", NOON + 2 * MINUTE, 100),
            candle("EUR", NOON + 2 * MINUTE, 3),
        ],
        now=NOON + 2 * MINUTE,
    )

    bars = ask(currency="EUR")

    assert [(b.at, b.open, b.high, b.low, b.close) for b in bars] == [
        (NOON, 50, 65, 45, 55),
        (NOON + 2 * MINUTE, *[Decimal("33.3333333333")] * 4),
    ]
    assert [b.close for b in ask("EUR", currency="EUR")] == [1, 1]
    assert [b.at for b in ask(most=2)] == [NOON, NOON + MINUTE]


@pytest.fixture
def split(room):
    """Split a share 4 : 1 at half past twelve, with a dividend the day before."""
    call_command("load_catalogue")
    with transaction():
        for multiplier, at in (("1.25", NOON - DAY), ("5", NOON + 30 * MINUTE)):
            assets.schedule_multiplier(
                code="AAPLx",
                multiplier=Decimal(multiplier),
                activates_at=at,
                now=NOON - 10 * DAY,
            )
    for minute, shown, multiplier in ((0, 400, "1.25"), (60, 100, "5")):
        at = NOON + minute * MINUTE
        made = board(price("AAPLx", shown, as_of=at, multiplier=Decimal(multiplier)), at=at)
        minutes = Minutes()
        minutes.see(made)
        services.keep(minutes.until(at + MINUTE), now=at)


def test_a_split_is_no_cliff_and_the_price_tag_of_the_time_can_be_had(split):
    later = {"end": NOON + 2 * HOUR, "now": NOON + 2 * HOUR}

    assert [bar.close for bar in ask("AAPLx", **later)] == [100, 100]
    assert [bar.close for bar in ask("AAPLx", adjusted=False, **later)] == [400, 100]
    assert [bar.close for bar in ask("AAPLx", **later | {"now": NOON})] == [400, 400]
    assert [bar.close for bar in ask("USD", currency="AAPLx", **later)] == [
        Decimal("0.01"), Decimal("0.01"),
    ]  # fmt: skip


def test_closes_are_the_last_known_and_only_of_candles_that_are_over(room):
    put(Span.MINUTE, "BTC", NOON - 2 * MINUTE, "10")
    put(Span.MINUTE, "BTC", NOON - MINUTE, "11")
    put(Span.MINUTE, "BTC", NOON, "12")
    put(Span.HOUR, "ETH", NOON - HOUR, "20")
    put(Span.HOUR, "ETH", NOON, "21")
    put(Span.DAY, "SOL", NOON - 36 * HOUR, "30")
    put(Span.MINUTE, "JPY", NOON - 3 * HOUR, "40")
    put(Span.MINUTE, "EUR", NOON - queries.LOOK_BACK - MINUTE, "50")

    codes = ["BTC", "ETH", "SOL", "JPY", "EUR", "GBP"]

    assert queries.closes_at(NOON, codes=codes) == {
        "BTC": 11, "ETH": 20, "SOL": 30, "JPY": 40, "USD": 1,
    }  # fmt: skip
    assert queries.closes_at(NOON + 59 * SECOND)["BTC"] == 11
    assert queries.closes_at(NOON + MINUTE)["BTC"] == 12


def test_closes_of_all_assets_cost_one_query(room, django_assert_num_queries):
    with django_assert_num_queries(1):
        queries.closes_at(NOON)


def test_closes_of_days(room):
    midnight = NOON - 12 * HOUR
    for days, close in ((0, "3"), (1, "2"), (3, "1")):
        put(Span.DAY, "EUR", midnight - days * DAY, close)

    found = queries.daily_closes(
        "EUR", first_on=(midnight - 3 * DAY).date(), last_on=midnight.date()
    )

    assert {day.day: close for day, close in found.items()} == {18: 3, 17: 2, 15: 1}


def test_spans_begin_in_utc():
    at = datetime(2026, 11, 18, 23, 59, 59, tzinfo=UTC)

    assert Span.DAY.begin(at) == datetime(2026, 11, 18, tzinfo=UTC)
    assert Span.HOUR.begin(at) == at.replace(minute=0, second=0)
    assert [a < b for a, b in pairwise([MINUTE, HOUR, DAY])] == [True, True]
