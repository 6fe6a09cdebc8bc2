"""Kraken's REST: what is good is used, what is not is reported, and nobody is asked too often."""

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest

from fx.assets import catalogue
from fx.prices.providers.base import Runner, VendorProblem
from fx.prices.providers.kraken_rest import KrakenRest, pairs_of
from tests.fx.kraken import FakeKraken
from tests.fx.test_kraken_stream import LISTING, PRICES, newest, until


@pytest.fixture
def kraken(settings) -> Iterator[FakeKraken]:
    fake = FakeKraken(PRICES, tokenized=["GMx", "AAPLx"])
    settings.KRAKEN_REST_URL = fake.rest_url
    yield fake
    fake.stop()


@pytest.fixture
def rest(kraken) -> Runner:
    provider = KrakenRest(lambda: LISTING)
    provider.call_seconds = 0.0
    return Runner(provider, priority=0)


def asked(kraken, path):
    return [parameters for where, parameters, _ in kraken.rest.asked if where == path]


def test_one_call_per_class_brings_every_price(rest, kraken):
    assert rest.round() == 6

    btc = newest(rest, "BTC")
    assert (btc.bid, btc.ask) == (Decimal("50000.1"), Decimal("50010.2"))
    assert (btc.venue, btc.source) == ("kraken", "Kraken REST")
    assert newest(rest, "GMX").bid == 20
    assert newest(rest, "GMx").bid == 45
    assert asked(kraken, "/Ticker") == [
        {"pair": "XXBTZUSD,XXDGZUSD,MNTUSD,GMXUSD", "asset_class": "currency"},
        {"pair": "GMxUSD,AAPLxUSD", "asset_class": "tokenized_asset"},
    ]
    assert rest.report().rejected == {}


def test_pairs_are_asked_for_once_and_prices_every_time(rest, kraken):
    rest.round()
    kraken.prices["XBT"] = ("51000", "51001")
    rest.round()

    assert newest(rest, "BTC").bid == 51000
    assert len(asked(kraken, "/AssetPairs")) == 2
    assert len(asked(kraken, "/Ticker")) == 4


def test_of_a_share_that_is_there_twice_the_one_that_trades_is_asked():
    facts = {"altname": "AAPLxUSD", "wsname": "AAPLx/USD"}
    online, quiet = facts | {"status": "online"}, facts | {"status": "post_only"}
    names = {"AAPLx": "AAPLx"}

    [own] = pairs_of({"AAPLSPVUSD": online, "AAPLxUSD": online}, names)
    assert own.ids == ("AAPLxUSD", "AAPLxUSD")
    [other] = pairs_of({"AAPLSPVUSD": online, "AAPLxUSD": quiet}, names)
    assert other.ids == ("AAPLSPVUSD", "AAPLxUSD")


@pytest.mark.parametrize(
    "pairs",
    [
        {"XXBTZEUR": {"altname": "XBTEUR", "wsname": "XBT/EUR"}},
        {"GMXUSD": {"altname": "GMXUSD", "wsname": "GMX/USD"}},
        {"XBTUSD": "no facts"},
        {"XBTUSDT": {"altname": "XBTUSDT"}},
    ],
)
def test_pairs_that_are_not_ours_are_left_out(pairs):
    assert pairs_of(pairs, {"BTC": "XBT", "GMx": "GMx"}) == []


def test_a_pair_without_a_stream_name_is_known_by_its_other_name():
    [pair] = pairs_of({"XXBTZUSD": {"altname": "XBTUSD"}}, {"BTC": "XBT"})

    assert (pair.code, pair.ids) == ("BTC", ("XXBTZUSD", "XBTUSD"))


def test_errors_beside_results_are_reported_and_the_results_used(rest, kraken):
    kraken.errors = ["EQuery:Unknown asset pair"]

    assert rest.round() == 6
    assert rest.report().rejected == {"vendor error": 2}
    assert rest.report().lines[0].detail == "Ticker: EQuery:Unknown asset pair"


def test_zeros_of_a_share_off_hours_are_no_price_and_the_last_one_stays(rest, kraken):
    rest.round()
    kraken.prices["AAPLx"] = ("0.00000", "0.00000")

    assert rest.round() == 5
    assert newest(rest, "AAPLx").bid == 200
    assert rest.report().rejected == {"zero": 1}
    assert rest.report().lines == ()


@pytest.mark.parametrize(
    ("bid", "ask", "reason"),
    [
        ("-1", "1", "negative"),
        ("NaN", "1", "not finite"),
        ("sNaN", "1", "not finite"),
        ("1", "Infinity", "not finite"),
        ("2", "1", "crossed"),
        ("1", "1000", "absurd"),
        ("1E+999999", "1E+999999", "absurd"),
        ("1_0", "11", "malformed"),
        ("१०", "११", "malformed"),
        ("", "", "malformed"),
    ],
)
def test_what_is_no_price_is_counted_and_the_others_are_used(rest, kraken, bid, ask, reason):
    kraken.prices["XBT"] = (bid, ask)

    assert rest.round() == 5
    assert rest.report().rejected == {reason: 1}
    assert rest.report().lines[0].reason == reason


def test_a_pair_that_nobody_asked_for_is_counted(rest, kraken):
    kraken.rest.answers["/Ticker"] = {
        "error": [],
        "result": {"NOPEUSD": {"a": ["1"], "b": ["1"]}, "XXBTZUSD": {"a": [], "b": "1"}},
    }

    assert rest.round() == 0
    assert rest.report().rejected == {"unknown symbol": 3, "malformed": 1}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (503, "HTTP 503"),
        (b"<html>", "no JSON"),
        (b'{"error":[],"result":{"XXBTZUSD":{"a":["5', "no JSON"),
        ([], "no answer of Kraken's"),
        ({"error": "x", "result": {}}, "no answer of Kraken's"),
        ({"error": []}, "no result"),
        ({"error": ["EAPI:Rate limit exceeded"]}, "Rate limit exceeded"),
    ],
)
def test_an_answer_that_is_none_ends_the_round_and_keeps_what_we_have(rest, kraken, answer, said):
    rest.round()
    kraken.rest.answers["/Ticker"] = answer

    with pytest.raises(VendorProblem, match=said):
        rest.round()
    assert len(rest.offers()) == 6


def test_two_calls_are_a_second_apart(kraken):
    provider = KrakenRest(lambda: LISTING)
    provider.call_seconds = 0.15
    began = time.monotonic()
    Runner(provider, priority=0).round()

    assert len(kraken.rest.asked) == 4
    assert time.monotonic() - began >= 3 * 0.15
    assert KrakenRest.call_seconds == 1.0


def test_it_comes_back_after_an_outage_by_itself(kraken):
    provider = KrakenRest(lambda: LISTING)
    provider.call_seconds = 0.01
    provider.backoff_seconds = (0.05,)
    runner = Runner(provider, priority=0)
    good, kraken.rest.answers["/AssetPairs"] = kraken.rest.answers["/AssetPairs"], 502
    runner.start()
    until(lambda: runner.report().reconnects >= 2)
    kraken.rest.answers["/AssetPairs"] = good

    until(lambda: len(runner.offers()) == 6)
    runner.stop()
    assert runner.report().lines[-1].detail == "HTTP 502"


def test_the_names_of_the_catalogue_are_those_kraken_knows(db):
    from fx.assets.queries import kraken_names
    from fx.assets.services import load_catalogue
    from tests.fx.prices import NOON

    load_catalogue(now=NOON)
    names = kraken_names()

    assert names["BTC"] == "XBT"
    assert names["DOGE"] == "XDG"
    assert names["MANTLE"] == "MNT"
    assert names["GMx"] == "GMx"
    assert "EUR" not in names
    assert "MNT" not in names
    assert set(names) <= set(catalogue.known())
    assert len(set(names.values())) == len(names)
