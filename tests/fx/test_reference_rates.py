"""Reference rates: the ECB's, crossed from euros, and Open Exchange Rates', turned over."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from fx.assets import catalogue
from fx.prices.listing import Listing
from fx.prices.providers.base import Runner, VendorProblem
from fx.prices.providers.ecb import EuropeanCentralBank
from fx.prices.providers.open_exchange_rates import OpenExchangeRates
from fx.venues.rules import reference_at
from tests.fx.test_kraken_stream import newest
from tests.fx.vendor import Vendor

LISTING = Listing(assets=dict(catalogue.known()))


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def vendor(settings) -> Iterator[Vendor]:
    vendor = Vendor()
    settings.ECB_URL = f"{vendor.url}/eurofxref-daily.xml"
    settings.OPEN_EXCHANGE_RATES_URL = f"{vendor.url}/api"
    settings.OPEN_EXCHANGE_RATES_APP_ID = "a-secret"
    yield vendor
    vendor.stop()


def ecb() -> Runner:
    return Runner(EuropeanCentralBank(lambda: LISTING), priority=0)


def oer() -> Runner:
    return Runner(OpenExchangeRates(lambda: LISTING), priority=0)


def xml(rates: dict[str, str], *, day: str = "", doctype: str = "") -> bytes:
    day = day or reference_at(now()).date().isoformat()
    cubes = "".join(f'<Cube currency="{code}" rate="{rate}"/>' for code, rate in rates.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{doctype}'
        '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"'
        ' xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">'
        "<gesmes:subject>Reference rates</gesmes:subject><gesmes:Sender>"
        "<gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>"
        f'<Cube><Cube time="{day}">{cubes}</Cube></Cube></gesmes:Envelope>'
    ).encode()


# --- ECB ------------------------------------------------------------------------------------------
def test_the_ecbs_rates_are_crossed_to_dollars_as_of_four_in_frankfurt(vendor):
    vendor.answers["/eurofxref-daily.xml"] = xml({"USD": "1.1172", "JPY": "160.5", "GBP": "0.85"})
    runner = ecb()

    assert runner.round() == 3
    euro = newest(runner, "EUR")
    assert euro.bid == euro.ask == Decimal("1.1172")
    assert euro.venue == "reference"
    assert euro.as_of == reference_at(now())
    assert euro.source == f"ECB {reference_at(now()).date().isoformat()}"
    assert newest(runner, "JPY").bid == Decimal("0.00696074766355")
    assert newest(runner, "GBP").bid == Decimal("1.31435294118")
    assert {offer.tick.code for offer in runner.offers()} == {"EUR", "JPY", "GBP"}


@pytest.mark.parametrize(
    ("rate", "reason"),
    [("0", "absurd"), ("-1", "absurd"), ("NaN", "absurd"), ("Infinity", "absurd"),
     ("1E+99", "absurd"), ("x", "malformed"), ("", "malformed")],
)  # fmt: skip
def test_a_rate_that_is_none_is_counted_and_the_others_are_used(vendor, rate, reason):
    vendor.answers["/eurofxref-daily.xml"] = xml({"USD": "1.1", "JPY": rate, "GBP": "0.85"})
    runner = ecb()

    assert runner.round() == 2
    assert runner.report().rejected == {reason: 1}


def test_a_currency_that_is_not_listed_and_a_share_are_unknown(vendor):
    vendor.answers["/eurofxref-daily.xml"] = xml({"USD": "1.1", "BGN": "1.95", "BTC": "0.00002"})
    runner = ecb()

    assert runner.round() == 1
    assert runner.report().rejected == {"unknown symbol": 2}


@pytest.mark.parametrize(("days", "reason"), [(2, "from the future"), (-7, "too old")])
def test_rates_of_another_day_are_counted(vendor, days, reason):
    day = (now() + timedelta(days=days)).date().isoformat()
    vendor.answers["/eurofxref-daily.xml"] = xml({"USD": "1.1", "GBP": "0.85"}, day=day)
    runner = ecb()

    assert runner.round() == 0
    assert runner.report().rejected == {reason: 2}


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", xml({"USD": "1.1"})[:-30], xml({"GBP": "0.8"}), xml({"USD": "0"}),
        xml({"USD": "1.1"}, day="yesterday"), xml({"USD": "1.1"}, doctype=BOMB), 500, 302,
    ],
)  # fmt: skip
def test_what_is_no_file_of_the_ecb_is_refused_whole(vendor, body):
    vendor.answers["/eurofxref-daily.xml"] = body
    runner = ecb()

    with pytest.raises(VendorProblem):
        runner.round()
    assert runner.offers() == []


def test_an_answer_that_never_ends_is_cut_off(vendor, monkeypatch):
    from fx.prices.providers import http

    monkeypatch.setattr(http, "MOST_BYTES", 1000)
    vendor.answers["/eurofxref-daily.xml"] = b" " * 2000

    with pytest.raises(VendorProblem, match="more than 1000 bytes"):
        ecb().round()


# --- Open Exchange Rates --------------------------------------------------------------------------
def rates(**said):
    return {
        "disclaimer": "…", "license": "…", "timestamp": int(now().timestamp()) - 60, "base": "USD",
        "rates": {"USD": 1, "EUR": 0.8, "JPY": 150, "BTC": 0.00002},
    } | said  # fmt: skip


def test_units_per_dollar_are_turned_over(vendor):
    vendor.answers["/api/latest.json"] = rates()
    runner = oer()

    assert runner.round() == 2
    assert newest(runner, "EUR").bid == newest(runner, "EUR").ask == Decimal("1.25")
    assert newest(runner, "JPY").bid == Decimal("0.00666666666667")
    assert newest(runner, "JPY").venue == "reference"
    assert 59 <= (now() - newest(runner, "JPY").as_of).total_seconds() < 70
    assert runner.report().rejected == {"unknown symbol": 1}
    assert vendor.asked[0][:2] == ("/api/latest.json", {"app_id": "a-secret", "base": "USD"})


@pytest.mark.parametrize(
    ("said", "reason"),
    [(b"0", "absurd"), (b"-1", "absurd"), (b"NaN", "absurd"), (b"Infinity", "absurd"),
     (b'"1.2"', "malformed"), (b"true", "malformed"), (b"null", "malformed")],
)  # fmt: skip
def test_a_number_that_is_no_rate_is_counted_and_the_others_are_used(vendor, said, reason):
    seconds = str(int(now().timestamp())).encode()
    vendor.answers["/api/latest.json"] = (
        b'{"timestamp":' + seconds + b',"base":"USD","rates":{"EUR":0.8,"JPY":' + said + b"}}"
    )
    runner = oer()

    assert runner.round() == 1
    assert runner.report().rejected == {reason: 1}


@pytest.mark.parametrize(
    "body",
    [
        401, b"{", [], {}, rates(base="EUR"), rates(timestamp="now"), rates(timestamp=10**30),
        rates(timestamp=-1), rates(rates=[]),
    ],
)  # fmt: skip
def test_what_is_no_answer_of_theirs_is_refused_whole(vendor, body):
    vendor.answers["/api/latest.json"] = body

    with pytest.raises(VendorProblem):
        oer().round()


def test_the_key_is_never_told(vendor, settings):
    settings.OPEN_EXCHANGE_RATES_URL = "http://127.0.0.1:1/api"

    with pytest.raises(VendorProblem) as problem:
        oer().round()
    assert str(problem.value) == "ConnectError"


def test_rates_from_the_future_are_counted(vendor):
    vendor.answers["/api/latest.json"] = rates(timestamp=int(now().timestamp()) + 60)
    runner = oer()

    assert runner.round() == 0
    assert runner.report().rejected == {"from the future": 2, "unknown symbol": 1}
