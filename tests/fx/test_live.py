"""The board in this process, with a real Valkey that comes and goes."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from fx.prices import codec, live, services
from fx.prices.desk import Desk
from fx.prices.feed import BOARD, PINS, Ack, Feed, Unavailable
from fx.prices.market import Market
from fx.prices.models import BoardCopy
from fx.prices.pins import Pins
from fx.prices.rules import EMPTY, EPOCH
from krak.core.clock import now
from krak.runtime.valkey import Valkey
from tests.fx.prices import board, price

US = timedelta(microseconds=1)


def until(true, seconds=20.0):
    """Wait until something holds and return how long that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it never came true"
        time.sleep(0.002)
    return time.monotonic() - began


def moved(version, bid="50000"):
    return board(price("BTC", bid), at=now(), version=version)


@pytest.fixture
def reading(feed):
    """Have a board published and read."""
    feed.publish(moved(1_000))
    assert live.wait_until_loaded(3)
    return feed


# --- Reading --------------------------------------------------------------------------------------
def test_before_the_first_board_there_is_the_empty_one_at_once(feed):
    began = time.perf_counter()

    assert live.current() is EMPTY
    assert time.perf_counter() - began < 0.1
    assert not live.wait_until_loaded(0.05)


def test_a_published_board_is_seen_within_200_milliseconds(reading):
    for version in range(2_000, 2_005):
        reading.publish(moved(version))
        assert until(lambda version=version: live.current().version == version) < 0.2


def test_a_board_whose_message_was_lost_is_seen_within_a_second_or_two(reading):
    reading._valkey.set(BOARD, codec.encode(moved(3_000)))

    assert until(lambda: live.current().version == 3_000) < 2.2


def test_an_older_board_is_not_taken_unless_the_clock_was_set_back(reading):
    reading.publish(moved(100_000_000))
    until(lambda: live.current().version == 100_000_000)

    reading.publish(moved(99_999_999))
    time.sleep(0.1)
    assert live.current().version == 100_000_000

    reading.publish(moved(5))
    until(lambda: live.current().version == 5)


def test_rubbish_in_valkey_leaves_the_last_board(reading):
    reading._valkey.set(BOARD, b"{")
    reading._valkey.set(PINS, b"[]")
    reading._valkey.publish("krak:board:changed", "0")
    time.sleep(0.1)

    assert live.current().version == 1_000
    reading.publish(moved(1_001))
    until(lambda: live.current().version == 1_001)


def test_an_installed_board_is_left_alone(reading):
    mine = moved(7, bid="1")

    with live.installed(mine):
        reading.publish(moved(2_000))
        time.sleep(0.1)
        assert live.current() is mine
        with live.installed(EMPTY):
            assert live.current() is EMPTY
        assert live.current() is mine
    until(lambda: live.current().version == 2_000)


def test_valkey_killed_leaves_the_last_board_and_back_again_it_moves(settings, tmp_path, feed):
    server = Valkey(tmp_path)
    server.start()
    try:
        settings.REDIS_URL = server.url
        ours = Feed()
        ours.publish(moved(1_000))
        assert live.wait_until_loaded(3)

        assert server.process is not None
        server.process.kill()
        server.process.wait()
        time.sleep(0.5)
        assert live.current().version == 1_000
        with pytest.raises(Unavailable):
            ours.publish(moved(1_001))

        server.start()
        assert live.current().version == 1_000
        ours.publish(moved(2_000))
        assert until(lambda: live.current().version == 2_000) < 3
        ours.close()
    finally:
        live.stop()
        server.stop()


@pytest.mark.usefixtures("committed")
def test_with_valkey_empty_the_last_copy_serves(feed):
    moment = now()
    services.keep_copy(board(price("BTC", "41"), at=moment, version=(moment - EPOCH) // US))

    assert live.wait_until_loaded(3)

    assert live.current().bid_in("BTC", "USD") == 41


@pytest.mark.usefixtures("committed")
def test_a_board_is_copied_once(feed):
    version = (now() - EPOCH) // US
    for step in (0, 1, 1):
        services.keep_copy(moved(version + step))

    copies = BoardCopy.objects.filter(version__gte=version).order_by("version")
    assert list(copies.values_list("version", flat=True)) == [version, version + 1]


def test_a_fork_reads_with_a_thread_of_its_own(reading):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        ok = live.wait_until_loaded(3) and live.current().bid_in("BTC", "USD") == 50000
        names = {thread.name for thread in threading.enumerate()}
        os.write(writer, b"1" if ok and "price-board" in names else b"0")
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reader, 1) == b"1"


# --- Pins -----------------------------------------------------------------------------------------
def test_a_pin_is_in_force_when_the_call_returns(reading):
    began = time.monotonic()
    services.pin_prices(bid={"BTC": Decimal(12345)}, market_closed=["BTC"])

    assert time.monotonic() - began < live.REFRESH_SECONDS
    assert live.current().bid_in("BTC", "USD") == 12345
    assert not live.current().prices["BTC"].market_open

    services.unpin_prices()
    assert live.current().bid_in("BTC", "USD") == 50000


def test_pins_outlast_boards_and_the_emptying_of_valkey(reading):
    services.pin_prices(bid={"BTC": Decimal(12345)})
    reading._valkey.delete(PINS)
    reading.publish(moved(2_000, bid="51000"))
    until(lambda: live.current().version == 2_000)

    assert live.current().bid_in("BTC", "USD") == 12345


def test_an_older_set_of_pins_is_ignored(reading):
    services.pin_prices(bid={"BTC": Decimal(12345)})
    reading._valkey.delete(PINS)
    reading.restore_pins(Pins(version=1))
    time.sleep(0.1)

    assert live.current().bid_in("BTC", "USD") == 12345


def test_pins_in_a_currency_are_exact_and_hold_while_the_market_moves(reading):
    services.pin_prices(bid={"EUR": Decimal("1.25")})
    services.pin_prices(currency="EUR", bid={"BTC": Decimal("40000.01")})
    reading.publish(moved(2_000, bid="51000"))
    until(lambda: live.current().version == 2_000)

    assert live.current().bid_in("BTC", "EUR") == Decimal("40000.01")
    assert live.current().bid_in("EUR", "USD") == Decimal("1.25")


def test_what_cannot_be_pinned_is_refused(reading):
    with pytest.raises(services.UnpinnablePrice):
        services.pin_prices(bid={"BTC": Decimal(0)})
    with pytest.raises(services.UnpinnablePrice):
        services.pin_prices(currency="CHF", bid={"BTC": Decimal(1)})

    assert reading.pins() is None


def test_pinning_waits_for_a_live_process_and_not_for_a_dead_one(reading):
    other = Ack(process="other", version=1, pins_version=0, at=time.time())
    reading.acknowledge(replace(other, process="dead", at=time.time() - 4))
    reading.acknowledge(replace(other, process="long dead", at=time.time() - 90))
    reading.acknowledge(other)

    def catch_up():
        time.sleep(0.4)
        reading.acknowledge(replace(other, pins_version=2**62, at=time.time()))

    thread = threading.Thread(target=catch_up)
    thread.start()
    began = time.monotonic()
    services.pin_prices(bid={"BTC": Decimal(1)})
    took = time.monotonic() - began
    thread.join()

    assert 0.35 < took < 1.5
    assert "long dead" not in {ack.process for ack in reading.acks()}


def test_pinning_at_once_loses_nobodys_pins(reading):
    codes = ["BTC", "ETH", "SOL", "DOGE", "XRP", "ADA"]
    threads = [
        threading.Thread(target=services.pin_prices, kwargs={"bid": {code: Decimal(7)}})
        for code in codes
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {live.current().bid_in(code, "USD") for code in codes} == {7}


def test_real_prices_are_never_pinned(reading, settings):
    services.pin_prices(bid={"BTC": Decimal(1)})
    live.stop()
    settings.SANDBOX = False

    assert live.wait_until_loaded(3)
    assert live.current().bid_in("BTC", "USD") == 50000
    with pytest.raises(services.PinsOutsideSandbox):
        services.unpin_prices()


# --- The market process ---------------------------------------------------------------------------
@pytest.fixture
def catalogue_loaded(committed):
    from fx.assets.services import load_catalogue

    load_catalogue(now=now())


def opened(feed):
    """Return a market that knows its assets and has heard the simulated provider once."""
    market = Market(feed, ["simulated"])
    Desk(market).work(now())
    for runner in market.runners:
        runner.round()
    return market


@pytest.mark.usefixtures("catalogue_loaded")
def test_a_tick_publishes_a_board_and_the_desk_leaves_a_copy(feed):
    market = opened(feed)
    moment = now()
    built = market.tick(moment)
    Desk(market).work(now())

    assert built is not None
    assert built.version == (moment - EPOCH) // US
    assert live.wait_until_loaded(3)
    assert live.current() == built
    assert len(built.prices) >= 918
    assert BoardCopy.objects.filter(version=built.version).exists()


def test_before_any_asset_is_known_there_is_no_board(feed):
    assert Market(feed, ["simulated"]).tick(now()) is None
    assert feed.board() is None


@pytest.mark.usefixtures("catalogue_loaded")
def test_versions_grow_though_the_clock_goes_back(feed):
    moment = now()
    first = opened(feed).tick(moment)
    restarted = opened(feed)

    second = restarted.tick(moment - timedelta(hours=1))
    third = restarted.tick(moment - timedelta(hours=1))

    assert first is not None
    assert second is not None
    assert third is not None
    assert first.version < second.version < third.version


@pytest.mark.usefixtures("catalogue_loaded")
def test_the_market_writes_pins_again_when_valkey_was_emptied(feed):
    market = opened(feed)
    market.tick(now())
    live.wait_until_loaded(3)
    services.pin_prices(bid={"BTC": Decimal(5)})
    market.tick(now())
    feed._valkey.delete(PINS, BOARD)

    market.tick(now())

    assert feed.pins().bid["BTC"] == 5


@pytest.mark.usefixtures("catalogue_loaded")
def test_the_market_goes_on_without_valkey_and_says_so_once(feed, settings, caplog):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    market = opened(Feed())

    boards = [market.tick(now()) for _ in range(3)]

    assert all(built is not None for built in boards)
    assert sum("Valkey is away" in message for message in caplog.messages) == 1


@pytest.mark.usefixtures("catalogue_loaded")
def test_the_market_goes_on_without_postgres_and_says_so_once(feed, monkeypatch, caplog):
    market = opened(feed)
    port = connection.settings_dict["PORT"]
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    desk = Desk(market)

    for _ in range(3):
        desk._due.clear()
        desk.work(now())
        assert len(market.tick(now()).prices) >= 918

    assert sum("Postgres is away" in message for message in caplog.messages) == 1
    monkeypatch.setitem(connection.settings_dict, "PORT", port)
    desk._due.clear()
    caplog.set_level("INFO")
    desk.work(now())
    assert "Postgres is back." in caplog.messages


@pytest.mark.usefixtures("catalogue_loaded")
def test_the_command_has_a_board_out_at_once_and_ends_cleanly(feed, settings):
    database = connection.settings_dict
    began = now()
    process = subprocess.Popen(
        [sys.executable, "-m", "django", "market"],
        env={
            **os.environ,
            "KRAK_SANDBOX": "1",
            "REDIS_URL": settings.REDIS_URL,
            "DATABASE_URL": "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(
                **database
            ),
        },
    )
    try:
        # A copy that another test left serves until then.
        until(lambda: live.current().built_at > began or process.poll() is not None, seconds=60)
        assert process.returncode is None
        first = live.current()
        assert len(first.prices) >= 918
        until(lambda: live.current().version > first.version + 1_500_000)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.wait()
