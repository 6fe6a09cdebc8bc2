"""What phones poll, and the search for an asset."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from fx.assets import directory, services
from fx.assets.models import Asset
from fx.assets.rules import CatalogueRow, Kind, Status
from krak.core import clock
from krak.core.ids import show, uuid7
from krak.core.transactions import transaction
from tests import schema
from tests.people import Known, new_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(pinned: Any) -> Known:
    pinned({"BTC": "50000"}, ask={"BTC": "50100"}, halted=["SOL"], stale=["ETH"],
           multipliers={"AAPLx": "2.5"}, market_closed=["AAPLx"])  # fmt: skip
    return new_customer()


@pytest.fixture
def listed(known: Known) -> Any:
    directory.forget()
    call_command("load_catalogue")
    yield known
    directory.forget()


def _grow_old() -> None:
    copy = directory._copy
    assert copy is not None
    directory._copy = replace(copy, read_at=copy.read_at - directory.REFRESH_SECONDS - 1)


def _codes(known: Known, query: str) -> list[str]:
    return [row["code"] for row in known.get(f"/v1/assets?{query}").json()["results"]]


# --- Prices --------------------------------------------------------------------------------------


def test_a_price_is_two_sided_and_says_where_it_is_from(known: Known) -> None:
    body = known.get("/v1/prices?codes=BTC").json()

    (price,) = body["results"]
    assert price.pop("as_of").endswith("Z")
    assert price == {
        "object": "price",
        "code": "BTC",
        "currency": "USD",
        "bid": "50000",
        "ask": "50100",
        "mid": "50050",
        "venue": "pinned",
        "market_open": True,
        "stale": False,
        "halted": False,
        "synthetic": False,
    }


def test_prices_come_in_the_order_asked_for_in_any_currency_and_say_what_is_wrong(
    known: Known,
) -> None:
    body = known.get("/v1/prices?codes=SOL,ETH,AAPLx,GMx,BTC,SOL&currency=EUR").json()

    rows = {row["code"]: row for row in body["results"]}
    assert list(rows) == ["SOL", "ETH", "AAPLx", "GMx", "BTC"]
    assert (rows["SOL"]["halted"], rows["SOL"]["stale"]) == (True, False)
    assert (rows["ETH"]["halted"], rows["ETH"]["stale"]) == (False, True)
    assert rows["AAPLx"]["market_open"] is False
    assert (rows["GMx"]["bid"], rows["GMx"]["as_of"], rows["GMx"]["stale"]) == (None, None, True)
    # 50000 / 1.1 rounded down, 50100 / 1.1 rounded up, to 12 digits.
    assert (rows["BTC"]["bid"], rows["BTC"]["ask"]) == ("45454.5454545", "45545.4545455")


def test_what_has_not_changed_is_not_sent_again(known: Known, pinned: Any) -> None:
    path = "/v1/prices?codes=BTC,ETH"
    headers = {"Authorization": f"Bearer {known.token}"}
    first = known.get(path)

    same = Client().get(path, headers=headers | {"If-None-Match": first["ETag"]})
    weak = Client().get(path, headers=headers | {"If-None-Match": f'"x", W/{first["ETag"]}'})
    other = Client().get(path + "&currency=EUR", headers=headers | {"If-None-Match": first["ETag"]})
    pinned({"BTC": "50001"})
    moved = Client().get(path, headers=headers | {"If-None-Match": first["ETag"]})

    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    assert first["Cache-Control"] == same["Cache-Control"] == "private, no-cache"
    assert weak.status_code == 304
    assert (other.status_code, moved.status_code) == (200, 200)
    assert moved["ETag"] != first["ETag"]
    assert moved.json()["results"][0]["bid"] == "50001"


def test_prices_cost_no_query_but_the_tokens(known: Known, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert known.get("/v1/prices?codes=BTC,ETH,AAPLx&currency=JPY").status_code == 200


@pytest.mark.parametrize("codes", ["", ",", ",".join(f"A{n}" for n in range(201))])
def test_1_to_200_codes_are_asked_for_at_once(known: Known, codes: str) -> None:
    response = known.get(f"/v1/prices?codes={codes}")

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["codes"]


@pytest.mark.parametrize(
    "query", ["codes=btc", "codes=BTC,NOPE", "codes=BTC&currency=nope", "codes=B%00TC",
              "codes=" + "x" * 5000, "codes=BTC&currency=", "codes=%D9%A3"],
)  # fmt: skip
def test_an_unknown_code_is_not_guessed(known: Known, query: str) -> None:
    response = known.get(f"/v1/prices?{query}")

    assert (response.status_code, response.json()["code"]) == (404, "assets.unknown")


@pytest.mark.parametrize("path", ["/v1/prices?codes=BTC&", "/v1/assets?", "/v1/assets/BTC?"])
def test_a_currency_without_a_price_is_a_clear_refusal(listed: Known, path: str) -> None:
    response = listed.get(f"{path}currency=CHF")

    assert (response.status_code, response.json()["code"]) == (
        422,
        "prices.currency_without_price",
    )
    assert response.json()["facts"] == {"currency": "CHF"}
    assert response.json()["retryable"] is True


# --- Assets --------------------------------------------------------------------------------------


def test_an_asset_is_known_with_all_that_is_public(listed: Known) -> None:
    row = Asset.objects.get(code="AAPLx")

    body = listed.get("/v1/assets/AAPLx").json()

    price = body.pop("price")
    assert body == {
        "object": "asset",
        "id": show("ast", row.id),
        "code": "AAPLx",
        "name": row.name,
        "kind": "tokenized_equity",
        "decimals": 8,
        "status": "active",
        "hours": row.kraken_hours,
        "multiplier": "2.5",
        "underlying": "AAPL",
        "chains": list(row.chains),
        "delists_at": None,
        "created_at": row.listed_at.isoformat().replace("+00:00", "Z"),
        "livemode": False,
    }
    assert (price["bid"], price["market_open"], price["stale"]) == ("200", False, False)
    assert price["venue"] == "pinned"
    assert 0 <= price["age_seconds"] < 60


def test_an_asset_is_found_by_its_id_too(listed: Known) -> None:
    shown = show("ast", Asset.objects.get(code="GMx").id)

    assert listed.get(f"/v1/assets/{shown}").json()["code"] == "GMx"


@pytest.mark.parametrize("name", ["gmx", "NOPE", "ast_" + "0" * 26, "ast_x", "%00", "x" * 300])
def test_an_unknown_asset_is_not_found(listed: Known, name: str) -> None:
    response = listed.get(f"/v1/assets/{name}")

    assert (response.status_code, response.json()["code"]) == (404, "assets.unknown")


def test_two_codes_that_differ_by_case_are_both_found_and_told_apart(listed: Known) -> None:
    for text, first, second in (("GMX", "GMX", "GMx"), ("GMx", "GMx", "GMX")):
        assert _codes(listed, f"search={text}")[:2] == [first, second]
    rows = listed.get("/v1/assets?search=gmx").json()["results"]

    assert {row["code"]: row["kind"] for row in rows} == {
        "GMX": "crypto",
        "GMx": "tokenized_equity",
    }


def test_a_search_finds_codes_tickers_and_names_best_first(listed: Known) -> None:
    assert _codes(listed, "search=BTC")[0] == "BTC"
    assert _codes(listed, "search=bitcoin")[0] == "BTC"
    assert "AAPLx" in _codes(listed, "search=apple")
    assert _codes(listed, "search=aapl")[0] == "AAPLx"
    assert _codes(listed, "search=no%20such%20thing") == []


def test_kinds_are_told_apart(listed: Known) -> None:
    codes = _codes(listed, "kind=commodity_token")
    both = _codes(listed, "kind=commodity_token&kind=stablecoin&page_size=200")

    assert len(codes) == 2
    assert len(both) == 2 + 21
    assert listed.get("/v1/assets?kind=house").status_code == 400


def test_pages_go_through_all_assets_and_back(listed: Known) -> None:
    page = listed.get("/v1/assets?page_size=200").json()
    seen = [[row["code"] for row in page["results"]]]
    while page["next"]:
        page = listed.get(page["next"]).json()
        seen.append([row["code"] for row in page["results"]])

    flat = [code for codes in seen for code in codes]
    assert len(flat) == len(set(flat)) == 918
    assert flat == sorted(flat, key=lambda code: (code.casefold(), code))
    back = listed.get(page["previous"]).json()
    assert [row["code"] for row in back["results"]] == seen[-2]
    assert listed.get("/v1/assets").json()["previous"] is None


def test_a_page_holds_while_assets_are_listed(listed: Known) -> None:
    first = listed.get("/v1/assets?kind=fiat&page_size=2").json()
    with transaction():
        services.list_asset(
            CatalogueRow(
                code="AAA", name="New", kind=Kind.FIAT, decimals=2, kraken_altname="",
                underlying="", kraken_hours="", chains=(), solana_mint=None, evm_address=None,
                note="",
            ),
            now=clock.now(),
        )  # fmt: skip
    directory.forget()

    second = listed.get(first["next"]).json()

    assert [row["code"] for row in first["results"] + second["results"]] == [
        "AED", "AFN", "ALL", "AMD",
    ]  # fmt: skip
    assert listed.get("/v1/assets/AAA").json()["name"] == "New"


@pytest.mark.parametrize("cursor", ["", "x", "after_", "after_e30=", "after_WzFd", "before_!!"])
def test_a_made_up_cursor_is_refused(listed: Known, cursor: str) -> None:
    response = listed.get(f"/v1/assets?cursor={cursor}")

    assert (response.status_code, response.json()["code"]) == (400, "api.cursor_malformed")


def test_the_directory_is_read_once_and_again_when_it_is_old(
    listed: Known, django_assert_num_queries: Any
) -> None:
    listed.get("/v1/assets/BTC")
    with django_assert_num_queries(1):
        assert listed.get("/v1/assets?search=b").status_code == 200
    with transaction():
        services.change_status(code="BTC", status=Status.HALTED)
    assert listed.get("/v1/assets/BTC").json()["status"] == "active"

    _grow_old()

    assert listed.get("/v1/assets/BTC").json()["status"] == "halted"


def test_what_is_listed_just_now_is_found(listed: Known) -> None:
    listed.get("/v1/assets/BTC")
    shown = show("ast", uuid7())
    assert listed.get(f"/v1/assets/{shown}").status_code == 404

    Asset.objects.create(
        code="NEWC", name="Newcoin", kind="CRYPTO", decimals=8, listed_at=clock.now()
    )

    assert listed.get("/v1/assets/NEWC").json()["price"]["stale"] is True


def test_without_the_database_the_directory_stays_as_it_was(listed: Known) -> None:
    before = directory.search("BTC")
    schema.change("SAVEPOINT gone", "ALTER TABLE assets_asset RENAME TO elsewhere")
    _grow_old()
    try:
        assert directory.search("BTC") == before
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK TO SAVEPOINT gone")
