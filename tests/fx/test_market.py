"""The market process: cases for outliers, health for staff, and a board a second regardless."""

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from fx.assets.services import load_catalogue
from fx.prices import health, live, queries, services
from fx.prices.desk import LISTING_SECONDS, Desk
from fx.prices.health import Line, Report, State
from fx.prices.market import Market
from fx.prices.merging import Outlier
from fx.prices.models import BoardCopy, ProviderReport
from fx.prices.ticks import Fault, Tick
from fx.venues import services as venues
from fx.venues.rules import Reason, Sides
from krak.cases.models import Case
from krak.core.clock import now
from krak.core.transactions import transaction
from tests.fx.kraken import FakeKraken, ticker
from tests.fx.prices import NOON
from tests.fx.test_kraken_stream import PRICES, until


@pytest.fixture
def loaded(committed):
    load_catalogue(now=now())
    # A copy that another test left would be the market's memory.
    BoardCopy.objects.all().delete()
    live.stop()


def outlier(code, since=NOON, bid="90000"):
    return Outlier(
        code=code, provider="kraken_ws", bid=Decimal(bid), ask=Decimal(bid),
        against="kraken_rest 50000", since=since,
    )  # fmt: skip


def tick(bid, *, code="BTC", at=None):
    return Tick(code=code, venue="kraken", bid=Decimal(bid), ask=Decimal(bid), as_of=at or now(),
                source="test")  # fmt: skip


def board_of(market, at=None):
    board = market.tick(at or now())
    assert board is not None
    return board


def price_of(market, code, at=None):
    price = board_of(market, at).price(code)
    assert price is not None
    return price


# --- Outliers -------------------------------------------------------------------------------------
def test_a_price_that_was_held_back_is_one_case_for_its_asset_and_day(db):
    services.put_before_staff([outlier("BTC"), outlier("ETH")], now=NOON)
    services.put_before_staff([outlier("BTC", NOON + timedelta(hours=1), "95000")], now=NOON)
    services.put_before_staff([outlier("BTC", NOON + timedelta(days=1))], now=NOON)

    cases = Case.objects.filter(kind="price_outlier").order_by("subject")
    assert [case.subject for case in cases] == ["BTC 2026-11-18", "BTC 2026-11-19",
                                                "ETH 2026-11-18"]  # fmt: skip
    assert cases[0].details == {
        "provider": "kraken_ws", "bid": "90000", "ask": "90000", "against": "kraken_rest 50000",
        "since": "2026-11-18T12:00:00+00:00",
    }  # fmt: skip


@pytest.mark.usefixtures("loaded")
def test_a_jump_stays_off_the_board_is_counted_once_and_becomes_a_case(feed):
    market = Market(feed, ["kraken_ws"])
    desk = Desk(market)
    desk.work(now())
    [stream] = market.runners
    at = now()
    stream.take(tick("50000", code="TAO", at=at), now=at)
    assert price_of(market, "TAO", at).bid == 50000

    for second in range(1, 4):
        moment = at + timedelta(seconds=second)
        stream.take(tick("90000", code="TAO", at=moment), now=moment)
        assert price_of(market, "TAO", moment).bid == 50000
    assert stream.report().rejected == {"outlier": 1}
    assert stream.report().lines[0].detail == "TAO: 90000 / 90000 against its own last 50000"
    assert not board_of(market).may_sell("TAO", at + timedelta(seconds=31))

    Case.objects.filter(subject__startswith="TAO").delete()
    desk.work(now())
    assert Case.objects.filter(kind="price_outlier", subject__startswith="TAO ").count() == 1
    assert not market.outliers


@pytest.mark.usefixtures("loaded")
def test_a_restarted_market_knows_the_last_prices(feed):
    first = Market(feed, ["kraken_ws"])
    Desk(first).work(now())
    first.runners[0].take(tick("50000"), now=now())
    first.tick(now())

    second = Market(feed, ["kraken_ws"])
    Desk(second).work(now())
    second.runners[0].take(tick("90000"), now=now())

    assert price_of(second, "BTC").bid == 50000
    assert [each.code for each in second.outliers] == ["BTC"]


@pytest.mark.usefixtures("loaded")
def test_a_clock_that_was_set_back_does_not_silence_a_provider(feed):
    market = Market(feed, ["kraken_ws"])
    Desk(market).work(now())
    [stream] = market.runners
    before = now()
    assert stream.take(tick("50000", at=before), now=before)

    back = before - timedelta(hours=1)
    assert stream.take(tick("50001", at=back), now=back)
    assert not stream.take(tick("50002", at=back - timedelta(seconds=1)), now=back)
    assert stream.report().rejected == {"older than what we have": 1}


# --- Health ---------------------------------------------------------------------------------------
REPORT = Report(
    provider="kraken_ws", state=State.RETRYING, ticks=7, rejected={"zero": 2, "crossed": 1},
    reconnects=3, last_tick_at=NOON, lines=(Line(at=NOON, reason="crossed", detail="BTC: 2 / 1"),),
)  # fmt: skip


def test_a_report_survives_its_journey():
    decoded = health.decode(health.encode([REPORT, Report(provider="ecb", state=State.LIVE)],
                                            at=NOON))  # fmt: skip

    assert decoded == (NOON, [REPORT, Report(provider="ecb", state=State.LIVE)])
    assert health.decode(b"{") is health.decode(b"[]") is health.decode(b'{"at":1}') is None


def test_only_the_newest_problems_are_kept_and_all_are_counted():
    counted = health.Health("x")
    for number in range(100):
        counted.rejected(Fault.CROSSED, f"{number} " + "y" * 1000, at=NOON)

    report = counted.report()
    assert report.rejected == {"crossed": 100}
    assert len(report.lines) == health.LINES_KEPT
    assert report.lines[0].detail.startswith("99 ")
    assert len(report.lines[0].detail) == 200


@pytest.mark.usefixtures("loaded")
def test_health_is_published_with_the_board_and_kept_for_when_valkey_is_empty(feed):
    market = Market(feed, ["simulated"])
    desk = Desk(market)
    desk.work(now())
    market.runners[0].round()
    moment = now()
    market.tick(moment)
    desk.work(moment)

    at, report = queries.provider_reports()["simulated"]
    assert (at, report.ticks, report.state) == (moment, 917, State.LIVE)
    feed._valkey.delete("krak:board:providers")
    assert queries.provider_reports()["simulated"] == (moment, report)

    services.keep_reports([REPORT], now=NOON)
    assert [row.provider for row in ProviderReport.objects.all()] == ["kraken_ws"]
    services.keep_reports([REPORT], now=NOON)


# --- Halts ----------------------------------------------------------------------------------------
@pytest.mark.usefixtures("loaded")
def test_a_halt_is_on_the_board_within_five_seconds_and_gone_as_soon(feed):
    market = Market(feed, ["simulated"])
    desk = Desk(market)
    desk.work(now())
    market.runners[0].round()
    assert board_of(market).may_buy("NIGHT", now())
    before = price_of(market, "NIGHT").bid
    desk.start()

    def order(change, true, **arguments):
        with transaction():
            change(code="NIGHT", reason=Reason.OPERATOR, now=now(), **arguments)
        connection.close()
        until(true, seconds=5)

    def buyable():
        return board_of(market).may_buy("NIGHT", now())

    try:
        order(venues.halt, lambda: not buyable(), note="a test", sides=Sides.BUYING)
        assert board_of(market).may_sell("NIGHT", now())
        order(venues.widen, lambda: price_of(market, "NIGHT").bid < before * Decimal("0.99"),
              bps=400)  # fmt: skip
        order(venues.resume, buyable)
    finally:
        with transaction():
            venues.resume(code="NIGHT", reason=Reason.OPERATOR, now=now())
            venues.widen(code="NIGHT", reason=Reason.OPERATOR, bps=0, now=now())
        desk.stop(timeout=3)
    assert LISTING_SECONDS <= 3


# --- Providers ------------------------------------------------------------------------------------
def test_providers_are_asked_in_the_order_they_are_named_in(feed):
    market = Market(feed, ["ecb", "kraken_rest", "kraken_ws"])

    assert [(r.provider.name, r.priority) for r in market.runners] == [
        ("ecb", 0), ("kraken_rest", 1), ("kraken_ws", 2),
    ]  # fmt: skip
    with pytest.raises(ImproperlyConfigured, match="bitstamp"):
        Market(feed, ["kraken_ws", "bitstamp"])


@pytest.mark.usefixtures("loaded")
def test_a_provider_that_hangs_or_floods_delays_no_board(feed, settings):
    kraken = FakeKraken(PRICES, tokenized=["GMx", "AAPLx"])
    database = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(
        **connection.settings_dict
    )
    began = now()
    process = subprocess.Popen(
        [sys.executable, "-m", "django", "market"],
        env={
            **os.environ, "KRAK_SANDBOX": "1", "REDIS_URL": settings.REDIS_URL,
            "DATABASE_URL": database, "KRAK_PRICE_PROVIDERS": "kraken_ws,kraken_rest",
            "KRAK_KRAKEN_WS_URL": kraken.ws_url, "KRAK_KRAKEN_REST_URL": kraken.rest_url,
        },
    )  # fmt: skip
    try:
        until(lambda: live.current().built_at > began and live.current().price("BTC"), seconds=60)
        kraken.rest.hanging.set()
        kraken.heartbeat.clear()
        gaps = _gaps(seconds=3)
        assert len(gaps) >= 2

        kraken.rest.hanging.clear()
        kraken.heartbeat.set()
        stopping = threading.Event()

        def flood():
            number = 0
            while not stopping.is_set():
                number += 1
                kraken.send(ticker("BTC/USD", f"{50000 + number % 100}", "50200"))

        flooding = threading.Thread(target=flood)
        flooding.start()
        gaps += _gaps(seconds=3)
        stopping.set()
        flooding.join()
        # A second and whatever a busy machine adds; a board that waited would be far behind.
        assert max(gaps) < 2.5
        assert live.current().is_fresh("BTC", datetime.now(UTC))
    finally:
        process.terminate()
        process.wait(10)
        kraken.stop()


def _gaps(*, seconds):
    """Return how long after one another boards were built."""
    deadline, gaps, last = time.monotonic() + seconds, [], live.current()
    while time.monotonic() < deadline:
        time.sleep(0.02)
        if (board := live.current()).version != last.version:
            gaps.append((board.built_at - last.built_at).total_seconds())
            last = board
    return gaps
