"""Halts and wider spreads: ordered, ended, never rewritten; and the calendar as staff keep it."""

from datetime import date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, connection
from django.db import transaction as django_transaction

from fx.assets.models import Asset
from fx.assets.queries import UnknownAsset
from fx.assets.services import load_catalogue
from fx.prices.listing import read_listing
from fx.venues import queries, services
from fx.venues.models import Halt, MarketHoliday, TradingSession, Widening
from fx.venues.rules import NEW_YORK, Calendar, Halted, Reason, Session, Sides, shipped_calendar
from krak.core.transactions import transaction
from tests.fx.prices import NOON

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def loaded(db):
    load_catalogue(now=NOON)


def halt(code="BTC", reason=Reason.OPERATOR, note="because", now=NOON, **rest):
    with transaction():
        return services.halt(code=code, reason=reason, note=note, now=now, **rest)


def resume(code="BTC", reason=Reason.OPERATOR, now=NOON + HOUR):
    with transaction():
        return services.resume(code=code, reason=reason, now=now)


def widen(bps, code="BTC", reason=Reason.RISK, now=NOON):
    with transaction():
        services.widen(code=code, reason=reason, bps=bps, now=now)


def halted(at=NOON):
    return queries.measures(at).halted_at(at)


# --- Halts ----------------------------------------------------------------------------------------
def test_a_halt_holds_until_it_is_resumed():
    halt(sides=Sides.BUYING)

    assert halted() == {"BTC": [Sides.BUYING]}
    assert halted(NOON - HOUR) == {}
    assert resume() == 1
    assert halted(NOON + HOUR) == {}
    assert resume() == 0
    assert Halt.objects.get().until_at == NOON + HOUR


def test_a_halt_may_end_by_itself():
    halt(until=NOON + HOUR)

    assert queries.measures(NOON).halts == (
        Halted(code="BTC", sides=Sides.BOTH, from_at=NOON, until_at=NOON + HOUR),
    )
    assert halted(NOON + HOUR) == {}


def test_the_same_halt_again_is_the_first_one():
    first = halt()

    assert halt(note="again", now=NOON + HOUR).pk == first.pk
    assert halt(sides=Sides.SELLING).pk != first.pk
    assert halt(reason=Reason.RISK).pk != first.pk
    assert Halt.objects.count() == 3


def test_what_is_halted_for_another_reason_stays_halted():
    halt(reason=Reason.ISSUER, sides=Sides.SELLING)
    halt(reason=Reason.RISK, sides=Sides.BUYING)
    halt(code="ETH", reason=Reason.RISK)

    assert resume(reason=Reason.RISK, now=NOON) == 1
    assert halted() == {"BTC": [Sides.SELLING], "ETH": [Sides.BOTH]}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"note": "  "}, services.HaltWithoutNote),
        ({"until": NOON}, services.HaltAlreadyOver),
        ({"code": "btc"}, UnknownAsset),
    ],
)
def test_a_halt_that_makes_no_sense_is_refused(change, refusal):
    with pytest.raises(refusal):
        halt(**change)
    assert not Halt.objects.exists()


# --- Wider spreads --------------------------------------------------------------------------------
def test_a_widening_replaces_the_one_of_the_same_reason_and_zero_ends_it():
    widen(50)
    widen(50)
    widen(80, now=NOON + HOUR)
    assert queries.measures(NOON).extra_bps == {"BTC": 80}
    assert Widening.objects.count() == 2

    widen(0, now=NOON + 2 * HOUR)
    widen(0, now=NOON + 3 * HOUR)
    assert queries.measures(NOON).extra_bps == {}
    assert set(Widening.objects.values_list("bps", "until_at")) == {
        (50, NOON + HOUR), (80, NOON + 2 * HOUR),
    }  # fmt: skip


def test_widenings_of_several_reasons_add_up_within_bounds():
    widen(50)
    widen(30, reason=Reason.OPERATOR)
    widen(4000, code="ETH")
    widen(4000, code="ETH", reason=Reason.ISSUER)

    assert queries.measures(NOON).extra_bps == {"BTC": 80, "ETH": 5000}


@pytest.mark.parametrize("bps", [-1, 5001])
def test_a_widening_beyond_bounds_is_refused(bps):
    with pytest.raises(services.InvalidWidening):
        widen(bps)


# --- What the database refuses --------------------------------------------------------------------
def refused(sentence):
    return pytest.raises(IntegrityError, match=sentence)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE venues_halt SET note = 'something else'",
        "UPDATE venues_halt SET from_at = from_at - interval '1 day'",
        "UPDATE venues_halt SET until_at = until_at + interval '1 day'",
        "UPDATE venues_halt SET until_at = NULL",
        "DELETE FROM venues_halt",
        "TRUNCATE venues_halt",
        "UPDATE venues_widening SET bps = 1",
        "UPDATE venues_widening SET until_at = NULL",
        "DELETE FROM venues_widening",
        "TRUNCATE venues_widening",
    ],
)
def test_what_was_ordered_is_history(change):
    halt(until=NOON + HOUR)
    widen(50)
    widen(0, now=NOON + HOUR)
    with connection.cursor() as cursor:
        # The foreign keys wait for the end of the transaction, and TRUNCATE for them.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        with refused("history"), django_transaction.atomic():
            cursor.execute(change)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"sides": "NONE"}, "a_halt_stops_sides_we_know"),
        ({"reason": "WHIM"}, "a_halt_has_a_reason_we_know"),
        ({"note": ""}, "a_halt_says_why"),
        ({"until_at": NOON - HOUR}, "a_halt_ends_after_it_begins"),
    ],
)
def test_the_database_refuses_a_halt_that_makes_no_sense(change, sentence):
    row = {"sides": "BOTH", "reason": "RISK", "note": "x", "from_at": NOON} | change

    with refused(sentence), django_transaction.atomic():
        Halt.objects.create(asset=Asset.objects.get(code="BTC"), **row)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, "one_widening_of_an_asset_per_reason"),
        ({"reason": "WHIM"}, "a_widening_has_a_reason_we_know"),
        ({"reason": "ISSUER", "bps": 0}, "a_widening_widens_within_bounds"),
        ({"reason": "ISSUER", "bps": 5001}, "a_widening_widens_within_bounds"),
        ({"until_at": NOON - HOUR}, "a_widening_ends_after_it_begins"),
    ],
)
def test_the_database_refuses_a_widening_that_makes_no_sense(change, sentence):
    widen(50)
    row = {"reason": "RISK", "bps": 10, "from_at": NOON} | change

    with refused(sentence), django_transaction.atomic():
        Widening.objects.create(asset=Asset.objects.get(code="BTC"), **row)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: MarketHoliday.objects.create(on=date(2026, 12, 25), name="x"),
         "a_day_is_one_holiday"),
        (lambda: TradingSession.objects.create(
            hours="24/5", opens_day=7, opens_at=time(1), closes_day=1, closes_at=time(2)),
         "a_session_is_within_a_week"),
        (lambda: TradingSession.objects.create(
            hours="24/5", opens_day=6, opens_at=time(20), closes_day=1, closes_at=time(2)),
         "a_session_opens_once"),
    ],
)  # fmt: skip
def test_the_database_refuses_a_calendar_that_makes_no_sense(make, sentence):
    with refused(sentence), django_transaction.atomic():
        make()


# --- The calendar ---------------------------------------------------------------------------------
def test_the_calendar_in_the_database_begins_as_the_shipped_one():
    assert queries.calendar() == shipped_calendar()
    assert read_listing(NOON).calendar == shipped_calendar()


def test_the_shipped_holidays_are_those_of_four_years():
    holidays = shipped_calendar().holidays

    assert len(holidays) == 40
    assert [sum(day.year == year for day in holidays) for year in range(2025, 2029)] == [
        11, 10, 10, 9,
    ]  # fmt: skip
    assert holidays[date(2026, 4, 3)] == "Good Friday"
    assert holidays[date(2026, 11, 26)] == "Thanksgiving"
    assert all(day.weekday() < 5 for day in holidays)


def test_a_holiday_is_a_day_in_new_york():
    calendar = shipped_calendar()
    midnight = datetime(2026, 12, 25, tzinfo=NEW_YORK)

    assert not calendar.is_holiday(midnight - timedelta(seconds=1))
    assert calendar.is_holiday(midnight)
    assert calendar.is_holiday(midnight + timedelta(hours=23, minutes=59))
    assert not calendar.is_holiday(midnight + timedelta(days=1))


def test_hours_without_a_session_are_closed():
    TradingSession.objects.filter(hours="24/5").delete()

    assert not queries.calendar().is_open("24/5", NOON)
    assert queries.calendar().is_open("24/7", NOON)


def test_a_break_in_the_day_is_two_sessions():
    morning = Session(opens_day=2, opens_at=time(4), closes_day=2, closes_at=time(6))
    rest = Session(opens_day=2, opens_at=time(8), closes_day=3, closes_at=time(0))
    calendar = Calendar(sessions={"24/5": (morning, rest)}, holidays={})

    def at(hour, minute=0):
        return datetime(2026, 11, 18, hour, minute, tzinfo=NEW_YORK)

    opens = [calendar.is_open("24/5", moment) for moment in (at(4), at(5, 59), at(6), at(8))]
    assert opens == [True, True, False, True]
