"""Merging: the best bid that is open, priority among providers, and jumps that are held back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fx.assets import catalogue
from fx.prices.listing import Listing
from fx.prices.market import build
from fx.prices.merging import (
    CONFIRMATION,
    CONFIRMATION_ON_CHAIN,
    FORGOTTEN,
    MEMORY_ON_CHAIN,
    Conditions,
    Memory,
    Offer,
    merge,
)
from fx.prices.rules import is_sound
from fx.prices.ticks import Tick, fault_of
from fx.venues.rules import Calendar, Halted, Measures, Sides, shipped_calendar
from tests.fx.prices import NOON, price

SECOND = timedelta(seconds=1)
BTC, EUR, GM = (catalogue.known()[code] for code in ("BTC", "EUR", "GMx"))
SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
USUAL = Conditions()


def offer(bid, ask=None, *, provider="ws", priority=0, age=0.0, code="BTC", venue="kraken"):
    tick = Tick(
        code=code, venue=venue, bid=Decimal(bid), ask=Decimal(ask or bid),
        as_of=NOON - timedelta(seconds=age), source=f"of {provider}",
    )  # fmt: skip
    return Offer(tick, provider, priority)


def rest(bid, ask=None, **more):
    return offer(bid, ask, provider="rest", priority=1, **more)


def merged(*offers, asset=BTC, memory=FORGOTTEN, conditions=USUAL, now=NOON):
    return merge(asset, offers, memory, conditions, now=now)


def accepted(*offers, **rest):
    memory, outlier = merged(*offers, **rest)
    assert outlier is None
    return memory.price


# --- Providers ------------------------------------------------------------------------------------
def test_a_lone_offer_is_the_price_as_it_is():
    found = accepted(offer("50000.123456789012", "50010"))

    assert (found.bid, found.ask) == (Decimal("50000.123456789012"), 50010)
    assert (found.venue, found.source, found.as_of) == ("kraken", "of ws", NOON)


def test_priority_decides_among_providers_of_a_venue_and_not_the_better_bid():
    assert accepted(rest("50100"), offer("50000", age=9)).bid == 50000


def test_a_preferred_provider_that_fell_silent_gives_way_to_the_youngest():
    assert accepted(rest("50100", age=2), offer("50000", age=10)).bid == 50000
    assert accepted(rest("50100", age=2), offer("50000", age=10.1)).bid == 50100
    assert accepted(rest("50100", age=20), offer("50000", age=15)).bid == 50000


def test_what_has_grown_too_old_or_is_from_the_future_is_no_offer():
    assert merged(offer("50000", age=30.1))[0] == FORGOTTEN
    assert merged(offer("50000", age=-2.1))[0] == FORGOTTEN
    assert accepted(rest("50100", age=30), offer("50000", age=31)).bid == 50100


def test_without_an_offer_the_last_good_price_stays_and_ages():
    last = price("BTC", "50000", "50010", as_of=NOON - 40 * SECOND)

    memory, outlier = merged(memory=Memory(last))

    assert outlier is None
    assert memory.price == last


# --- Venues ---------------------------------------------------------------------------------------
def test_a_share_is_priced_by_the_exchange_while_it_is_open():
    found = accepted(offer("45", "45.1", code="GMx"), asset=GM)

    assert (found.venue, found.market_open, found.bid, found.ask) == (
        "kraken", True, 45, Decimal("45.1"),
    )  # fmt: skip


def test_with_the_exchange_closed_the_chain_is_left_with_a_wide_spread():
    closed = Conditions(is_open=False)

    found = accepted(offer("99.9", "100.1", code="GMx", age=59), asset=GM, conditions=closed)

    assert (found.venue, found.market_open) == ("on_chain", False)
    assert (found.bid, found.ask) == (Decimal("99.7"), Decimal("100.3"))
    assert found.source == "of ws, on chain"
    assert merged(offer("100", code="GMx", age=61), asset=GM, conditions=closed)[0] == FORGOTTEN


def test_the_chains_own_price_is_widened_and_wins_over_a_derived_one():
    closed = Conditions(is_open=False)
    chain = offer("100", code="GMx", venue="on_chain", provider="chain")

    found = accepted(chain, rest("101", code="GMx"), asset=GM, conditions=closed)

    assert (found.bid, found.ask, found.source) == (
        Decimal("99.7"), Decimal("100.3"), "of chain",
    )  # fmt: skip


def test_the_best_bid_of_the_open_venues_wins():
    exchange = offer("100", "100.1", code="GMx")
    dear = offer("103", code="GMx", venue="on_chain", provider="chain", priority=1)
    cheap = offer("100.2", code="GMx", venue="on_chain", provider="chain", priority=1)

    assert accepted(exchange, dear, asset=GM).venue == "on_chain"
    assert accepted(exchange, dear, asset=GM).market_open
    assert accepted(exchange, cheap, asset=GM).venue == "kraken"


def test_a_coin_has_no_chain_price_made_up_for_it():
    assert merged(offer("50000"), conditions=Conditions(is_open=False))[0] == FORGOTTEN


def test_a_reference_rate_gets_its_kinds_spread_and_a_wide_one_when_none_is_set():
    rate = offer("1.1", code="EUR", venue="reference", provider="ecb", age=3600)

    usual = accepted(rate, asset=EUR)
    wide = accepted(rate, asset=EUR, conditions=Conditions(wide=True))

    assert (usual.bid, usual.ask) == (Decimal("1.099725"), Decimal("1.100275"))
    assert (wide.bid, wide.ask) == (Decimal("1.099175"), Decimal("1.100825"))


def test_on_a_us_holiday_a_share_trades_with_at_least_the_wide_spread():
    holiday = Conditions(wide=True)

    narrow = accepted(offer("99.9", "100.1", code="GMx"), asset=GM, conditions=holiday)
    wider = accepted(offer("99", "101", code="GMx"), asset=GM, conditions=holiday)

    assert (narrow.venue, narrow.bid, narrow.ask) == ("kraken", Decimal("99.7"), Decimal("100.3"))
    assert (wider.bid, wider.ask) == (99, 101)


def test_an_ordered_widening_goes_on_top_half_on_each_side():
    found = accepted(offer("99.9", "100.1"), conditions=Conditions(extra_bps=100))

    assert (found.bid, found.ask) == (Decimal("99.4"), Decimal("100.6"))


# --- Outliers -------------------------------------------------------------------------------------
LAST = Memory(price("BTC", "50000", "50000", as_of=NOON - 5 * SECOND))


def test_a_jump_that_the_other_source_has_not_seen_is_held_back():
    memory, outlier = merged(offer("90000"), rest("50000"), memory=LAST)

    assert memory.price == LAST.price
    assert (outlier.code, outlier.provider, outlier.bid) == ("BTC", "ws", 90000)
    assert outlier.against == "rest 50000"
    assert outlier.since == NOON


def test_a_jump_that_the_other_source_has_seen_too_is_none():
    assert accepted(offer("90000"), rest("89000"), memory=LAST).bid == 90000


def test_sources_that_disagree_hold_an_asset_back_until_they_agree_or_one_falls_silent():
    def at(moment, made):
        return replace(made, tick=replace(made.tick, as_of=moment))

    memory = LAST
    for minute in range(1, 5):
        moment = NOON + minute * 60 * SECOND
        memory, outlier = merged(
            at(moment, offer("90000")), at(moment, rest("50000")), memory=memory, now=moment
        )
        assert outlier is not None
        assert outlier.since == NOON + 60 * SECOND
        assert memory.price.as_of == NOON - 5 * SECOND

    end = NOON + 240 * SECOND
    agreed, other = at(end, offer("50500")), at(end, rest("50000"))
    assert accepted(agreed, other, memory=memory, now=end).bid == 50500
    assert accepted(other, memory=memory, now=end).bid == 50000


def test_a_lone_source_is_compared_with_its_own_last_price():
    assert accepted(offer("59999"), memory=LAST).bid == 59999
    assert accepted(offer("60000"), memory=LAST).bid == 60000
    memory, outlier = merged(offer("60001"), memory=LAST)

    assert memory.price == LAST.price
    assert outlier.against == "its own last 50000"
    assert merged(offer("41000"), memory=LAST)[1] is not None


def test_a_lone_source_that_stays_where_it_jumped_to_is_believed_after_a_while():
    memory, outlier = merged(offer("90000"), memory=LAST)
    later = NOON + CONFIRMATION - SECOND
    again = Offer(replace(offer("91000").tick, as_of=later), "ws", 0)
    memory, outlier = merged(again, memory=memory, now=later)
    assert outlier.since == NOON

    at = NOON + CONFIRMATION
    found = accepted(Offer(replace(again.tick, as_of=at), "ws", 0), memory=memory, now=at)
    assert found.bid == 91000


def test_a_lone_source_that_keeps_jumping_is_not_believed():
    memory = LAST
    for second in range(100):
        at = NOON + second * SECOND
        bid = "90000" if second % 2 else "150000"
        memory, outlier = merged(
            Offer(replace(offer(bid).tick, as_of=at), "ws", 0), memory=memory, now=at
        )
        assert outlier is not None
    assert memory.price == LAST.price


def test_a_lone_source_that_comes_back_is_believed_at_once():
    memory, _ = merged(offer("90000"), memory=LAST)

    found, outlier = merged(offer("50001"), memory=memory)

    assert outlier is None
    assert (found.price.bid, found.suspicion) == (50001, None)


def test_a_price_of_long_ago_is_no_yardstick():
    old = Memory(price("BTC", "50000", as_of=NOON - timedelta(minutes=31)))

    assert accepted(offer("90000"), memory=old).bid == 90000


@pytest.mark.parametrize(("factor", "bound"), [("1.06", "EUR"), ("1.21", "BTC"), ("1.16", "GMx")])
def test_how_far_a_price_may_jump_is_its_kinds(factor, bound):
    asset = catalogue.known()[bound]
    venue = "reference" if asset.properties.is_cash else "kraken"
    last = Memory(price(bound, "100", kind=asset.kind))
    within = Decimal(100) * (Decimal(factor) - Decimal("0.01"))

    assert merged(offer(factor + "e2", code=bound, venue=venue), asset=asset, memory=last)[1]
    assert not merged(offer(within, code=bound, venue=venue), asset=asset, memory=last)[1]


def test_a_split_is_no_jump():
    last = Memory(price("GMx", "100", kind=GM.kind))
    split = Conditions(multiplier=Decimal(4))

    assert accepted(offer("25", code="GMx"), asset=GM, memory=last, conditions=split).bid == 25
    assert merged(offer("100", code="GMx"), asset=GM, memory=last, conditions=split)[1]
    unsettled = replace(split, unsettled=True, halted=True)
    found = accepted(offer("100", code="GMx"), asset=GM, memory=last, conditions=unsettled)
    assert found.halted


def test_the_last_good_price_of_a_shown_unit_follows_a_split_and_a_halt():
    last = Memory(price("GMx", "100", "104", kind=GM.kind))

    kept = merged(asset=GM, memory=last, conditions=Conditions(
        multiplier=Decimal(4), halted=True, buyable=False))[0].price  # fmt: skip

    assert (kept.bid, kept.ask, kept.multiplier) == (25, 26, 4)
    assert (kept.halted, kept.buyable, kept.sellable) == (True, False, True)


# --- The swaps of a pool ------------------------------------------------------------------------
def pool(bid, **more):
    return offer(bid, provider="pool", priority=2, code="GMx", venue="on_chain", **more)


def gm(bid, **more):
    return offer(bid, code="GMx", **more)


def test_a_pool_that_says_something_else_takes_no_price_from_the_exchange():
    for exchange in ([gm("100")], [gm("100"), rest("100", code="GMx")]):
        memory, outlier = merged(*exchange, pool("900"), asset=GM)

        assert (memory.price.venue, memory.price.bid) == ("kraken", 100)
        assert (outlier.provider, outlier.bid, outlier.since) == ("pool", 900, NOON)
        assert (
            merged(*exchange, pool("900"), asset=GM, memory=memory, now=NOON + SECOND)[1].since
            == NOON
        )
        assert accepted(*exchange, pool("90"), asset=GM).bid == 100


def test_a_pool_speaks_for_an_exchange_that_jumps_and_not_against_it():
    last = Memory(price("GMx", "100", kind=GM.kind))

    assert accepted(gm("900"), pool("880"), asset=GM, memory=last).bid == 900
    assert accepted(gm("101"), pool("50"), asset=GM, memory=last).bid == 101
    assert merged(gm("900"), pool("50"), asset=GM, memory=last)[0].price.bid == 100


def test_a_lone_pool_is_compared_with_what_the_exchange_said_before_the_weekend():
    closed = Conditions(is_open=False)
    friday = Memory(price("GMx", "100", kind=GM.kind, as_of=NOON - MEMORY_ON_CHAIN))

    assert accepted(pool("110"), asset=GM, memory=friday, conditions=closed).bid < 110
    memory, outlier = merged(pool("200"), asset=GM, memory=friday, conditions=closed)
    assert (memory.price.bid, outlier.against) == (100, "its own last 100")

    def after(delay):
        made = pool("200")
        again = replace(made, tick=replace(made.tick, as_of=NOON + delay))
        # Within what a last price is good for as a yardstick.
        known = replace(memory, price=replace(memory.price, as_of=NOON))
        return merged(again, asset=GM, memory=known, conditions=closed, now=NOON + delay)[0].price

    assert after(CONFIRMATION_ON_CHAIN - SECOND).bid == 100
    assert after(CONFIRMATION_ON_CHAIN).venue == "on_chain"


# --- Whatever comes -------------------------------------------------------------------------------
numbers = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True),
    st.decimals("0.000001", "100000", places=6),
    st.sampled_from([Decimal("1E+999999"), Decimal("1E-999999"), Decimal("sNaN"), Decimal(0)]),
)


@given(
    st.lists(st.tuples(numbers, numbers, st.integers(-10, 100), st.integers(0, 2)), max_size=5),
    st.booleans(),
    st.integers(0, 5000),
)
def test_whatever_providers_say_only_a_sound_price_comes_out(said, is_open, extra):
    offers = []
    for bid, ask, age, provider in said:
        tick = replace(offer("1", code="GMx").tick, bid=bid, ask=ask, as_of=NOON - age * SECOND)
        if fault_of(tick, GM, now=NOON) is None:
            offers.append(Offer(tick, f"p{provider}", provider))
    conditions = Conditions(is_open=is_open, extra_bps=extra)

    memory, outlier = merge(GM, offers, FORGOTTEN, conditions, now=NOON)

    assert memory.price is None or is_sound(memory.price)
    assert (memory.price is None) is (not offers or outlier is not None)


# --- A whole board --------------------------------------------------------------------------------
def board_at(now, *, offers=(), measures=None, calendar=None, **memories):
    listing = Listing(
        read_at=now,
        assets=dict(catalogue.known()),
        calendar=calendar or shipped_calendar(),
        measures=measures or Measures(),
    )
    return build(listing, offers, memories, version=1, now=now).board


def at_moment(made, now):
    return replace(made, tick=replace(made.tick, as_of=now))


def test_a_dollar_is_always_on_the_board():
    dollar = board_at(NOON).price("USD")

    assert (dollar.bid, dollar.ask, dollar.as_of) == (1, 1, NOON)


def test_a_share_that_trades_five_days_a_week_is_on_chain_on_a_saturday():
    offers = [at_moment(offer("45", code=code), SATURDAY) for code in ("GMx", "AAPLx")]

    board = board_at(SATURDAY, offers=offers)

    assert board.price("GMx").venue == "on_chain"
    assert board.price("AAPLx").venue == "kraken"


def test_a_holiday_widens_shares_that_trade_five_days_a_week_and_nothing_else():
    thanksgiving = datetime(2026, 11, 26, 16, tzinfo=UTC)
    offers = [at_moment(offer("100", code=c), thanksgiving) for c in ("GMx", "AAPLx", "BTC")]

    board = board_at(thanksgiving, offers=offers)
    without = Calendar(sessions=shipped_calendar().sessions, holidays={})

    assert (board.price("GMx").bid, board.price("GMx").market_open) == (Decimal("99.7"), True)
    assert board.price("AAPLx").bid == board.price("BTC").bid == 100
    assert board_at(thanksgiving, offers=offers, calendar=without).price("GMx").bid == 100


def test_halts_reach_the_board_by_their_sides_and_for_their_time():
    def halted(code, sides, *, start=0, end=None):
        until = None if end is None else NOON + end * SECOND
        return Halted(code=code, sides=sides, from_at=NOON + start * SECOND, until_at=until)

    measures = Measures(
        halts=(
            halted("BTC", Sides.BUYING), halted("ETH", Sides.SELLING), halted("SOL", Sides.BOTH),
            halted("ADA", Sides.BUYING), halted("ADA", Sides.SELLING),
            halted("XRP", Sides.BOTH, end=0), halted("DOT", Sides.BOTH, start=1),
        ),
        extra_bps={"XRP": 100},
    )  # fmt: skip
    codes = ("BTC", "ETH", "SOL", "ADA", "XRP", "DOT")
    board = board_at(NOON, offers=[offer("100", code=c) for c in codes], measures=measures)

    assert {c: (board.may_buy(c, NOON), board.may_sell(c, NOON)) for c in codes} == {
        "BTC": (False, True), "ETH": (True, False), "SOL": (False, False), "ADA": (False, False),
        "XRP": (True, True), "DOT": (True, True),
    }  # fmt: skip
    assert board.price("SOL").halted
    assert not board.price("BTC").halted
    assert (board.price("XRP").bid, board.price("XRP").ask) == (Decimal("99.5"), Decimal("100.5"))
