"""Kraken's stream: what it says becomes ticks, what is no price is counted, and it comes back."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from fx.assets import catalogue
from fx.prices.health import State
from fx.prices.listing import Listing
from fx.prices.providers import base
from fx.prices.providers.base import Runner
from fx.prices.providers.kraken_stream import KrakenStream, symbols_of
from tests.fx.kraken import FakeKraken, stamp, ticker

NAMES = {
    "BTC": "XBT", "DOGE": "XDG", "MANTLE": "MNT", "GMX": "GMX", "GMx": "GMx", "AAPLx": "AAPLx",
    "ETH": "ETH",
}  # fmt: skip
PRICES = {
    "XBT": ("50000.1", "50010.2"), "XDG": ("0.10", "0.11"), "MNT": ("0.5", "0.51"),
    "GMX": ("20", "20.1"), "GMx": ("45", "45.2"), "AAPLx": ("200", "200.4"),
}  # fmt: skip
LISTING = Listing(assets={code: catalogue.known()[code] for code in NAMES}, kraken_names=NAMES)


def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


@pytest.fixture
def kraken(settings) -> Iterator[FakeKraken]:
    fake = FakeKraken(PRICES, tokenized=["GMx", "AAPLx"])
    settings.KRAKEN_WS_URL = fake.ws_url
    yield fake
    fake.stop()


@pytest.fixture
def stream(kraken) -> Iterator[Runner]:
    provider = KrakenStream(lambda: LISTING)
    provider.heartbeat_seconds = 0.6
    runner = Runner(provider, priority=0)
    runner.start()
    until(lambda: len(runner.offers()) == len(PRICES))
    yield runner
    runner.stop()


def newest(runner, code):
    return next(offer.tick for offer in runner.offers() if offer.tick.code == code)


def test_a_symbol_is_what_the_stream_calls_it_and_case_matters():
    assert symbols_of(NAMES) == {
        "BTC/USD": "BTC", "DOGE/USD": "DOGE", "MNT/USD": "MANTLE", "GMX/USD": "GMX",
        "GMx/USD": "GMx", "AAPLx/USD": "AAPLx", "ETH/USD": "ETH",
    }  # fmt: skip


def test_a_snapshot_becomes_ticks_digit_for_digit(stream):
    btc = newest(stream, "BTC")

    assert (btc.bid, btc.ask) == (Decimal("50000.1"), Decimal("50010.2"))
    assert (btc.venue, btc.source) == ("kraken", "Kraken WebSocket")
    assert newest(stream, "GMX").bid == 20
    assert newest(stream, "GMx").bid == 45
    assert newest(stream, "MANTLE").bid == Decimal("0.5")
    assert stream.report().state is State.LIVE


def test_it_asks_for_changes_of_the_best_bid_and_offer(stream, kraken):
    [asked] = kraken.subscriptions

    assert asked["method"] == "subscribe"
    assert asked["params"]["channel"] == "ticker"
    assert asked["params"]["event_trigger"] == "bbo"
    assert asked["params"]["snapshot"] is True
    assert sorted(asked["params"]["symbol"]) == sorted(symbols_of(NAMES))


def test_many_symbols_are_subscribed_in_batches(kraken):
    names = {f"C{number}": f"C{number}" for number in range(250)}
    runner = Runner(KrakenStream(lambda: Listing(kraken_names=names)), priority=0)
    runner.start()
    until(lambda: len(kraken.subscriptions) == 3)
    runner.stop()

    assert [len(each["params"]["symbol"]) for each in kraken.subscriptions] == [100, 100, 50]
    assert [each["req_id"] for each in kraken.subscriptions] == [1, 2, 3]


def test_a_symbol_kraken_does_not_trade_is_counted_and_the_rest_goes_on(stream):
    assert stream.report().rejected == {"not traded there": 1}
    assert stream.report().lines == ()


def test_another_refusal_of_kraken_is_written_down(stream, kraken):
    kraken.send('{"method":"subscribe","success":false,"error":"Exceeded msg rate","req_id":1}')

    until(lambda: stream.report().rejected.get("vendor error") == 1)
    assert stream.report().lines[0].detail == "None: Exceeded msg rate"


def test_an_update_replaces_the_snapshot(stream, kraken):
    kraken.say("XBT", "51000.123456789012345", "51001")

    until(lambda: newest(stream, "BTC").bid == Decimal("51000.123456789012345"))


def test_a_message_in_fragments_is_one_message(stream, kraken):
    text = ticker("BTC/USD", "52000", "52001")
    kraken.send([text[:20], text[20:60], text[60:]])

    until(lambda: newest(stream, "BTC").bid == 52000)


FUTURE = stamp(datetime.now(UTC) + timedelta(days=1))
LONG_AGO = stamp(datetime.now(UTC) - timedelta(minutes=5))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (ticker("BTC/USD", "0", "0"), "zero"),
        (ticker("BTC/USD", "0.0", "50000"), "zero"),
        (ticker("BTC/USD", "-1", "50000"), "negative"),
        (ticker("BTC/USD", "NaN", "50000"), "not finite"),
        (ticker("BTC/USD", "50000", "Infinity"), "not finite"),
        (ticker("BTC/USD", "50001", "50000"), "crossed"),
        (ticker("BTC/USD", "1e999999", "1e999999"), "absurd"),
        (ticker("BTC/USD", "1e-400", "1e-400"), "absurd"),
        (ticker("BTC/USD", "1", "50000"), "absurd"),
        (ticker("BTC/USD", "50000." + "1" * 40, "50001"), "absurd"),
        (ticker("BTC/USD", "50000", "50001", timestamp=FUTURE), "from the future"),
        (ticker("BTC/USD", "50000", "50001", timestamp=LONG_AGO), "too old"),
        (ticker("BTC/USD", '"50000"', "50001"), "malformed"),
        (ticker("BTC/USD", "true", "50001"), "malformed"),
        (ticker("BTC/USD", "null", "null"), "malformed"),
        (ticker("BTC/USD", "50000", "50001", timestamp="yesterday"), "malformed"),
        (ticker("BTC/USD", "50000", "50001", timestamp="2026-11-23T12:00:00"), "malformed"),
        (ticker("NOPE/USD", "1", "1"), "unknown symbol"),
        (ticker("btc/usd", "1", "1"), "unknown symbol"),
        ('{"channel":"ticker","type":"update","data":[{"bid":1}]}', "malformed"),
        ('{"channel":"ticker","type":"update","data":[7]}', "malformed"),
        ('{"channel":"ticker","type":"update"}', "malformed"),
        ("[1,2,3]", "malformed"),
        ('{"channel":"ticker","type":"upda', "unreadable"),
        ("", "unreadable"),
        ("[" * 100_000, "unreadable"),
    ],
    # The times in them differ between the processes that collect these tests.
    ids=lambda words: words if len(words) < 20 else "message",
)
def test_what_is_no_price_is_counted_written_down_and_changes_nothing(
    stream, kraken, message, reason
):
    before = newest(stream, "BTC")
    kraken.send(message)

    until(lambda: stream.report().rejected.get(reason) == 1)
    assert newest(stream, "BTC") == before
    written = {line.reason for line in stream.report().lines}
    assert reason in written or reason == "zero"
    kraken.say("XBT", "50002", "50003")
    until(lambda: newest(stream, "BTC").bid == 50002)


def test_an_update_that_is_older_than_what_we_have_is_ignored(stream, kraken):
    kraken.say("XBT", "51000", "51001")
    until(lambda: newest(stream, "BTC").bid == 51000)
    kraken.send(
        ticker("BTC/USD", "1", "1.5", timestamp=stamp(datetime.now(UTC) - timedelta(seconds=9)))
    )

    until(lambda: stream.report().rejected.get("older than what we have") == 1)
    assert newest(stream, "BTC").bid == 51000


def test_a_dropped_connection_is_opened_again_and_subscribes_to_everything(stream, kraken):
    kraken.prices["XBT"] = ("49000", "49001")
    kraken.drop()

    until(lambda: newest(stream, "BTC").bid == 49000)
    assert kraken.opened == 2
    assert stream.report().reconnects == 1
    assert kraken.subscriptions[0]["params"] == kraken.subscriptions[1]["params"]


def test_one_that_hangs_is_given_up_after_the_heartbeats_time(stream, kraken):
    kraken.heartbeat.clear()

    until(lambda: kraken.opened >= 2)
    assert "silent for 0.6 s" in {line.detail for line in stream.report().lines}
    kraken.heartbeat.set()


def test_one_that_drips_half_a_message_hangs_too(stream, kraken):
    kraken.heartbeat.clear()

    def drip():
        for _ in range(40):
            yield '{"channel":'
            time.sleep(0.05)

    kraken.send(drip())
    until(lambda: kraken.opened >= 2)
    kraken.heartbeat.set()


def test_while_nobody_answers_it_tries_less_and_less_often(settings):
    settings.KRAKEN_WS_URL = "ws://127.0.0.1:1/v2"
    provider = KrakenStream(lambda: LISTING)
    provider.backoff_seconds = (0.02, 0.04, 0.2)
    runner = Runner(provider, priority=0)
    runner.start()
    time.sleep(1.0)
    runner.stop()

    # Between 0.1 and 0.2 s apart in the end, after two quick ones.
    assert 5 <= runner.report().reconnects <= 13
    assert runner.report().state is State.STOPPED
    assert runner.offers() == []


def test_a_flood_has_to_wait_and_is_counted(stream, kraken, monkeypatch):
    monkeypatch.setattr(base, "MOST_PER_SECOND", 200)
    began = time.monotonic()
    for number in range(500):
        kraken.send(ticker("BTC/USD", f"{50000 + number}", "60000"))
    until(lambda: newest(stream, "BTC").bid == 50499, seconds=15)

    assert time.monotonic() - began > 2
    assert stream.report().rejected["flood"] >= 2


def test_it_stops_at_once(stream):
    began = time.monotonic()
    stream.stop(timeout=2)

    assert time.monotonic() - began < 1.5
    assert stream.report().state is State.STOPPED
