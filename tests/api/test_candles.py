"""What an asset was worth, as a phone draws it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from fx.assets import directory
from fx.candles.rules import Span
from tests.fx.candles import put
from tests.people import Known, new_customer

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
AROUND = "interval=1m&from=2026-11-18T12:00:00Z&to=2026-11-18T13:00:00Z"


@pytest.fixture
def known(pinned: Any) -> Any:
    pinned()
    directory.forget()
    call_command("load_catalogue")
    for minute in range(5):
        put(Span.MINUTE, "BTC", NOON + minute * MINUTE, f"5000{minute}")
    put(Span.MINUTE, "JPY", NOON, "0.0066")
    yield new_customer()
    directory.forget()


def test_candles_come_from_old_to_new_and_page_on(known: Known) -> None:
    first = known.get(f"/v1/assets/BTC/candles?{AROUND}&page_size=2").json()
    second = known.get(first["next"]).json()
    third = known.get(second["next"]).json()

    assert {name: first[name] for name in ("object", "code", "currency", "interval")} == {
        "object": "candles",
        "code": "BTC",
        "currency": "USD",
        "interval": "1m",
    }
    assert first["results"][0] == {
        "at": "2026-11-18T12:00:00Z",
        "open": "50000",
        "high": "50000",
        "low": "50000",
        "close": "50000",
    }
    closes = [bar["close"] for page in (first, second, third) for bar in page["results"]]
    assert closes == ["50000", "50001", "50002", "50003", "50004"]
    assert third["next"] is None


def test_candles_are_shown_in_any_currency_where_it_has_some(known: Known) -> None:
    body = known.get(f"/v1/assets/BTC/candles?{AROUND}&currency=JPY").json()

    assert [(bar["at"], bar["close"]) for bar in body["results"]] == [
        ("2026-11-18T12:00:00Z", "7575757.57576")
    ]


def test_without_times_the_newest_are_meant(known: Known) -> None:
    hour = Span.HOUR.begin(datetime.now(UTC))
    for hours in (1, 3, 1000):
        put(Span.HOUR, "ETH", hour - timedelta(hours=hours), str(hours))

    body = known.get("/v1/assets/ETH/candles").json()

    assert (body["interval"], [bar["close"] for bar in body["results"]]) == ("1h", ["3", "1"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("interval=2m", "interval"),
        ("page_size=0", "page_size"),
        ("page_size=1501", "page_size"),
        ("from=2026-11-18T12:00:00Z&to=2026-11-18T12:00:00Z", "from"),
        ("from=1969-01-01T00:00:00Z", "from"),
        ("from=yesterday", "from"),
        ("to=0001-01-01T00:00:00Z", "from"),
        ("adjusted=perhaps", "adjusted"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(known: Known, query: str, field: str) -> None:
    response = known.get(f"/v1/assets/BTC/candles?{query}")

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


@pytest.mark.parametrize("path", ["/v1/assets/btc/candles", "/v1/assets/BTC/candles?currency=no"])
def test_an_unknown_asset_has_no_candles(known: Known, path: str) -> None:
    response = known.get(path)

    assert (response.status_code, response.json()["code"]) == (404, "assets.unknown")


def test_candles_cost_two_queries_with_the_tokens(
    known: Known, django_assert_num_queries: Any
) -> None:
    known.get("/v1/assets/BTC")
    with django_assert_num_queries(2):
        known.get(f"/v1/assets/BTC/candles?{AROUND}&currency=JPY")
