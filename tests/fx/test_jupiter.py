"""Jupiter: a swap is as old as its blocks say, and what a small pool says is no price."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from fx.assets import catalogue
from fx.prices.listing import Listing
from fx.prices.providers import jupiter
from fx.prices.providers.base import Runner, VendorProblem
from fx.prices.providers.jupiter import BLOCK, CLOCK, Jupiter
from tests.fx.test_kraken_stream import newest
from tests.fx.vendor import Vendor

MINTS = {"XsAbbv": "ABBVx", "XsAbt": "ABTx"}
LISTING = Listing(assets=dict(catalogue.known()), mints=MINTS)
NOW_BLOCK = 400_000_000


@pytest.fixture
def vendor(settings) -> Iterator[Vendor]:
    vendor = Vendor()
    settings.JUPITER_URL = f"{vendor.url}/price/v3"
    settings.JUPITER_API_KEY = "a-secret"
    yield vendor
    vendor.stop()


def runner() -> Runner:
    return Runner(Jupiter(lambda: LISTING), priority=0)


def swap(price, *, ago=0, liquidity=1_000_000.5, **more):
    entry = {"usdPrice": price, "blockId": NOW_BLOCK - ago, "decimals": 8, "liquidity": liquidity}
    return entry | more


def said(**entries):
    return {CLOCK: swap(147.48)} | entries


def test_a_last_swap_is_a_middle_on_chain_as_old_as_its_blocks(vendor):
    vendor.answers["/price/v3"] = said(XsAbbv=swap(181.25), XsAbt=swap(130.5, ago=50))
    found = runner()

    before = datetime.now(UTC)
    assert found.round() == 2
    abbvie, abbott = newest(found, "ABBVx"), newest(found, "ABTx")
    assert abbvie.bid == abbvie.ask == Decimal("181.25")
    assert (abbvie.venue, abbvie.source) == ("on_chain", "Jupiter")
    assert before <= abbvie.as_of <= datetime.now(UTC)
    assert abbvie.as_of - abbott.as_of == 50 * BLOCK == timedelta(seconds=20)
    assert vendor.asked[0][:2] == ("/price/v3", {"ids": f"{CLOCK},XsAbbv,XsAbt"})


def test_a_swap_of_long_ago_is_no_price(vendor):
    vendor.answers["/price/v3"] = said(XsAbbv=swap(181.25, ago=200), XsAbt=swap(130.5))
    found = runner()

    assert found.round() == 1
    assert found.report().rejected == {"too old": 1}


def test_what_it_does_not_trust_it_leaves_out(vendor):
    vendor.answers["/price/v3"] = said(XsAbt=swap(130.5))
    found = runner()

    assert found.round() == 1
    assert found.report().rejected == {}


@pytest.mark.parametrize("liquidity", [249_999, 0, None, "1000000"])
def test_a_pool_that_is_cheap_to_move_makes_no_price(vendor, liquidity):
    vendor.answers["/price/v3"] = said(
        XsAbbv=swap(999, liquidity=liquidity), XsAbt=swap(130.5, liquidity=250_000)
    )
    found = runner()

    assert found.round() == 1
    assert [offer.tick.code for offer in found.offers()] == ["ABTx"]
    assert found.report().rejected == {"too little liquidity": 1}


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (swap(0), "zero"), (swap(-1), "negative"), (swap(1e13), "absurd"),
        (swap("181"), "malformed"), (swap(None), "malformed"), (swap(True), "malformed"),
        (swap(181, blockId="x"), "malformed"), (swap(181, blockId=-1), "malformed"),
        (None, "malformed"), ([], "malformed"),
    ],
)  # fmt: skip
def test_what_is_no_price_is_counted_and_the_others_are_used(vendor, entry, reason):
    vendor.answers["/price/v3"] = said(XsAbbv=entry, XsAbt=swap(130.5))
    found = runner()

    assert found.round() == 1
    assert found.report().rejected == {reason: 1}


@pytest.mark.parametrize("body", [401, b"{", [], {}, {CLOCK: None}, {CLOCK: {"usdPrice": 1}}])
def test_without_a_block_to_tell_the_time_by_the_answer_is_refused_whole(vendor, body):
    vendor.answers["/price/v3"] = body

    with pytest.raises(VendorProblem):
        runner().round()


def test_more_shares_than_one_call_takes_are_asked_for_in_several(vendor, monkeypatch):
    monkeypatch.setattr(jupiter, "MOST_MINTS", 2)
    vendor.answers["/price/v3"] = said(XsAbbv=swap(181.25), XsAbt=swap(130.5))

    assert runner().round() == 2
    assert [asked["ids"] for _, asked, _ in vendor.asked] == [f"{CLOCK},{mint}" for mint in MINTS]


def test_every_mint_of_the_catalogue_is_a_shares_that_trades_on_chain(db):
    from fx.assets.queries import mints
    from fx.assets.services import load_catalogue
    from tests.fx.prices import NOON

    load_catalogue(now=NOON)
    found = mints()

    assert found["XsbEhLAtcf6HdfpFZ5xEMdqW8nfAvcsP5bdudRLJzJp"] == "AAPLx"
    assert found
    assert all(catalogue.known()[code].properties.trades_on_chain for code in found.values())
