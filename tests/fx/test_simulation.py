"""The simulated market: repeatable, bounded, honest about what it made up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from fx.assets import catalogue
from fx.assets.rules import Kind, MultiplierRow, Status
from fx.prices import simulation
from fx.prices.listing import Listing
from krak.core.ids import uuid7
from tests.fx.prices import simulated_board

WEDNESDAY = datetime(2026, 11, 18, 12, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(moment, *, multipliers=None, assets=None):
    listing = Listing(
        read_at=moment, assets=assets or dict(catalogue.known()), multipliers=multipliers or {}
    )
    return simulated_board(listing, now=moment)


def row(multiplier, activates_at):
    return MultiplierRow(
        multiplier=Decimal(multiplier),
        activates_at=activates_at,
        created_at=activates_at - timedelta(days=1),
        id=uuid7(),
    )


def test_every_asset_of_the_catalogue_gets_a_sound_price():
    assert at(WEDNESDAY).prices.keys() == catalogue.known().keys()


def test_real_seeds_are_real_and_the_rest_says_that_it_is_made_up():
    prices = at(WEDNESDAY).prices.values()

    assert sum(not price.synthetic for price in prices) == 256
    assert all(price.source == "made up" for price in prices if price.synthetic)


def test_a_made_up_price_is_the_same_for_ever():
    assert simulation.synthetic_seed("0G").usd == Decimal("446.718")
    assert simulation.synthetic_seed("0G") == simulation.synthetic_seed("0G")
    assert simulation.synthetic_seed("GMx").usd != simulation.synthetic_seed("GMX").usd


def test_made_up_prices_spread_over_the_powers_of_ten():
    seeds = [simulation.synthetic_seed(f"C{number}").usd for number in range(1000)]

    assert all(Decimal("0.01") <= seed <= 1000 for seed in seeds)
    for exponent in range(-2, 3):
        low = Decimal(10) ** exponent
        assert 140 < sum(low <= seed < low * 10 for seed in seeds) < 260


def test_the_same_moment_has_the_same_board():
    assert at(WEDNESDAY) == at(WEDNESDAY)


def test_a_dollar_is_exactly_a_dollar():
    dollar = at(WEDNESDAY).price("USD")

    assert (dollar.bid, dollar.ask, dollar.as_of) == (1, 1, WEDNESDAY)


@pytest.mark.parametrize("code", ["BTC", "USDC", "AAPLx", "PAXG", "PEPE", "BTT", "0G"])
def test_prices_move_and_stay_near_their_seed(code):
    seed = (simulation.shipped_seeds().get(code) or simulation.synthetic_seed(code)).usd
    swing = Decimal(catalogue.known()[code].properties.swing_bps) / 10_000
    middles = [
        at(WEDNESDAY + step * 7 * MINUTE, assets={code: catalogue.known()[code]}).mid_in(
            code, "USD"
        )
        for step in range(200)
    ]

    assert len(set(middles)) > 100
    assert all(abs(middle / seed - 1) <= swing + Decimal("0.0001") for middle in middles)
    assert min(middles) < seed < max(middles)


@pytest.mark.parametrize(("code", "bps"), [("EUR", 5), ("USDC", 2), ("BTC", 10), ("GMx", 15)])
def test_spreads_are_those_of_the_kind(code, bps):
    price = at(WEDNESDAY).price(code)
    middle = (price.bid + price.ask) / 2

    assert abs((price.ask - price.bid) / middle * 10_000 - bps) < Decimal("0.01")


def test_on_a_saturday_a_share_has_only_on_chain_liquidity_left():
    board = at(SATURDAY)
    share, around_the_clock, coin = (board.price(code) for code in ("GMx", "AAPLx", "BTC"))

    assert (share.market_open, share.venue) == (False, "on_chain")
    assert (share.ask - share.bid) / share.bid * 10_000 > 59
    assert (around_the_clock.market_open, around_the_clock.venue) == (True, "kraken")
    assert (coin.market_open, coin.venue) == (True, "kraken")


def test_fridays_reference_rate_stays_over_the_weekend_with_a_wider_spread():
    friday, sunday = at(WEDNESDAY + timedelta(days=2, hours=5)), at(SATURDAY + timedelta(days=1))
    before, after = friday.price("EUR"), sunday.price("EUR")

    assert after.as_of == before.as_of == datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert sunday.is_fresh("EUR", SATURDAY + timedelta(days=2))
    assert after.bid < before.bid < before.ask < after.ask


def test_a_split_moves_the_price_of_a_shown_unit_and_not_what_anybody_owns():
    split = {"AAPLx": [row(4, WEDNESDAY)]}
    before, after = at(WEDNESDAY), at(WEDNESDAY, multipliers=split)

    assert after.price("AAPLx").multiplier == 4
    owned = before.base_bid_in("AAPLx", "USD")
    assert abs(after.base_bid_in("AAPLx", "USD") / owned - 1) < Decimal("1E-8")
    assert abs(after.bid_in("AAPLx", "USD") * 4 / owned - 1) < Decimal("1E-8")


@pytest.mark.parametrize(
    ("minutes", "halted"), [(-16, False), (-15, True), (0, True), (15, True), (16, False)]
)
def test_nobody_trades_a_share_around_its_multipliers_change(minutes, halted):
    board = at(WEDNESDAY + minutes * MINUTE, multipliers={"AAPLx": [row(2, WEDNESDAY)]})

    assert board.price("AAPLx").halted is halted
    assert not board.price("SPYx").halted


@pytest.mark.parametrize(
    ("status", "halted", "buy", "sell"),
    [(Status.ACTIVE, False, True, True), (Status.HALTED, True, False, False),
     (Status.DELISTING, False, False, True), (Status.DELISTED, True, False, False)],
)  # fmt: skip
def test_what_staff_decided_of_an_asset_is_on_the_board(status, halted, buy, sell):
    assets = {"BTC": replace(catalogue.known()["BTC"], status=status)}
    board = at(WEDNESDAY, assets=assets)

    assert board.price("BTC").halted is halted
    assert board.may_buy("BTC", WEDNESDAY) is buy
    assert board.may_sell("BTC", WEDNESDAY) is sell


def test_kinds_travel_with_the_price():
    assert at(WEDNESDAY).price("GMX").kind is Kind.CRYPTO
    assert at(WEDNESDAY).price("GMx").kind is Kind.TOKENIZED_EQUITY
