"""The arithmetic of a conversion: exact to the last unit, and never in the house's disfavour."""

from decimal import Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from fx.quotes.rules import (
    Fees,
    Fixed,
    Side,
    TooLarge,
    TooSmall,
    base_units,
    buy_exactly,
    middle_value,
    sell_exactly,
    usd_value,
)
from krak.core.money import is_exact
from tests.fx.prices import price

FREE = Fees()
HUNDREDTH = Fees(bps=100)


def side(code, bid, ask=None, *, places=2, multiplier="1"):
    return Side(price=price(code, bid, ask, multiplier=Decimal(multiplier)), places=places)


USD = side("USD", 1)
EUR = side("EUR", "1.0997", "1.1003")
BTC = side("BTC", 49975, 50025, places=10)
JPY = side("JPY", "0.0066", places=0)


@st.composite
def sides(draw, code):
    """A side of any size: from a coin worth a millionth of a millionth to one worth a house."""
    exponent = draw(st.integers(-12, 4))
    bid = Decimal(draw(st.integers(1, 99_999))).scaleb(exponent)
    spread = Decimal(draw(st.integers(0, 10**6))).scaleb(exponent - 2)
    multiplier = Decimal(draw(st.integers(1, 10**19))).scaleb(-18)
    return side(
        code, bid, bid + spread, places=draw(st.sampled_from([0, 2, 3, 8, 10])),
        multiplier=draw(st.sampled_from([Decimal(1), multiplier])),
    )  # fmt: skip


fees = st.builds(
    Fees,
    bps=st.integers(0, 5000),
    minimum_usd=st.integers(0, 500).map(lambda cents: Decimal(cents).scaleb(-2)),
)
counts = st.one_of(st.integers(1, 100), st.integers(1, 10**18), st.integers(1, 10**27))


def units(count, one):
    return Decimal(count).scaleb(-one.places)


def sold(count, one, other, charged):
    """What selling comes to, where it comes to anything."""
    try:
        return sell_exactly(units(count, one), sold=one, bought=other, fees=charged)
    except (TooSmall, TooLarge):
        assume(False)


def bought(count, one, other, charged):
    try:
        return buy_exactly(units(count, other), sold=one, bought=other, fees=charged)
    except (TooSmall, TooLarge):
        assume(False)


def check(made, one, other, charged):
    """What holds for every conversion, whichever amount was named."""
    assert made.sell == made.cost + made.spread + made.fee
    assert min(made.sell, made.buy) > 0
    assert min(made.fee, made.spread, made.cost) >= 0
    for amount in (made.sell, made.fee, made.spread, made.cost):
        assert is_exact(amount, one.places)
    assert is_exact(made.buy, other.places)
    # The cost is what was bought at the rate that is shown, rounded up to the last unit.
    at_rate = Fraction(made.buy) * other.multiplier * Fraction(made.rate) / one.multiplier
    assert Fraction(made.cost) == ceil(at_rate / one.unit) * one.unit
    # The fee is what the schedule says of what is sold.
    share = ceil(Fraction(made.sell) / one.unit * charged.bps / 10_000) * one.unit
    least = ceil(Fraction(charged.minimum_usd) / one.bid / one.unit) * one.unit
    assert Fraction(made.fee) == max(share, least)
    # What is left after the fee pays for what is bought, at bid and ask.
    assert Fraction(made.sell - made.fee) * one.bid >= Fraction(made.buy) * other.ask


@given(counts, sides("A"), sides("B"), fees)
def test_the_parts_of_a_sale_add_up_to_the_last_unit(count, one, other, charged):
    made = sold(count, one, other, charged)

    assert made.fixed is Fixed.SELL
    assert made.sell == units(count, one)
    check(made, one, other, charged)
    # No more could have been bought.
    more = Fraction(made.buy) + other.unit
    assert Fraction(made.sell - made.fee) * one.bid < more * other.ask


@given(counts, sides("A"), sides("B"), fees)
@example(1, JPY, BTC, HUNDREDTH)
def test_the_parts_of_a_purchase_add_up_to_the_last_unit(count, one, other, charged):
    made = bought(count, one, other, charged)

    assert made.fixed is Fixed.BUY
    assert made.buy == units(count, other)
    check(made, one, other, charged)
    # A unit less would not have been enough.
    less = made.sell - units(1, one)
    try:
        cheaper = sell_exactly(less, sold=one, bought=other, fees=charged)
    except TooSmall:
        return
    assert cheaper.buy < made.buy


@given(counts, sides("A"), sides("B"))
def test_there_and_back_never_makes_money(count, one, other):
    there = sold(count, one, other, FREE)
    try:
        back = sell_exactly(there.buy, sold=other, bought=one, fees=FREE)
    except TooSmall:
        return

    assert back.buy <= there.sell


@given(counts, sides("A"), sides("B"), sides("C"))
def test_around_the_triangle_never_makes_money(count, a, b, c):
    first = sold(count, a, b, FREE)
    try:
        second = sell_exactly(first.buy, sold=b, bought=c, fees=FREE)
        third = sell_exactly(second.buy, sold=c, bought=a, fees=FREE)
    except (TooSmall, TooLarge):
        return

    assert third.buy <= first.sell


@given(counts, sides("A"), sides("B"), fees)
def test_naming_the_other_amount_is_no_better(count, one, other, charged):
    made = bought(count, one, other, charged)
    try:
        named = sell_exactly(made.sell, sold=one, bought=other, fees=charged)
    except TooLarge:
        return

    assert named.buy >= made.buy


@given(counts, sides("A"), sides("B"))
def test_what_is_bought_costs_no_less_than_it_would_sell_for(count, one, other):
    bid = sold(count, other, one, FREE)
    ask = bought(count, one, other, FREE)

    assert bid.buy <= ask.sell


@given(st.integers(1, 10**20), sides("A"), st.booleans())
def test_shown_units_are_rounded_towards_nobody_selling_more_or_buying_less(count, one, up):
    shown = units(count, one)
    kept = base_units(shown, one, up=up)

    back = Fraction(kept) * one.multiplier
    assert back >= Fraction(shown) if up else back <= Fraction(shown)
    assert abs(back - Fraction(shown)) < one.unit * one.multiplier
    assert is_exact(kept, one.places)


def test_a_hundred_euros_for_bitcoin():
    made = sell_exactly(Decimal(100), sold=EUR, bought=BTC, fees=HUNDREDTH)

    # 99 × 1.0997 / 50025 = 0.00217631784...; at the middles 0.0021763178 BTC are 98.9235... EUR.
    assert made.fee == Decimal("1.00")
    assert made.buy == Decimal("0.0021763178")
    assert made.cost == Decimal("98.93")
    assert made.spread == Decimal("0.07")
    assert str(made.rate)[:20] == "45454.54545454545454"


def test_exactly_ten_thousand_yen():
    made = buy_exactly(Decimal(10_000), sold=EUR, bought=JPY, fees=HUNDREDTH)

    # 66 USD are 60.0164 EUR at the bid: 60.02; with one per cent of the whole on top 60.63.
    assert (made.sell, made.fee) == (Decimal("60.63"), Decimal("0.61"))
    assert (made.cost, made.spread) == (Decimal("60.00"), Decimal("0.02"))


@pytest.mark.parametrize(("one", "other"), [(EUR, BTC), (BTC, EUR)])
def test_with_a_free_asset_on_either_side_there_is_no_fee(one, other):
    charged = Fees(bps=100, minimum_usd=Decimal(1), free_with=frozenset({"EUR"}))

    assert sell_exactly(Decimal(1), sold=one, bought=other, fees=charged).fee == 0
    assert buy_exactly(Decimal(1), sold=one, bought=other, fees=charged).fee == 0


def test_a_minimum_fee_is_the_least_there_is():
    charged = Fees(bps=100, minimum_usd=Decimal(2))

    # 2 USD are 1.8186... EUR at the bid.
    assert sell_exactly(Decimal(100), sold=EUR, bought=JPY, fees=charged).fee == Decimal("1.82")
    assert sell_exactly(Decimal(500), sold=EUR, bought=JPY, fees=charged).fee == Decimal("5.00")
    with pytest.raises(TooSmall):
        sell_exactly(Decimal("1.82"), sold=EUR, bought=JPY, fees=charged)


@pytest.mark.parametrize(("bps", "minimum"), [(5001, 0), (-1, 0), (0, -1)])
def test_a_fee_that_leaves_less_than_half_is_none(bps, minimum):
    with pytest.raises(ValueError, match="no such fee"):
        Fees(bps=bps, minimum_usd=Decimal(minimum))


def test_what_buys_nothing_is_too_small():
    with pytest.raises(TooSmall):
        sell_exactly(Decimal("0.01"), sold=side("XXX", "0.0001"), bought=USD, fees=FREE)
    with pytest.raises(TooSmall):
        sell_exactly(Decimal(0), sold=EUR, bought=BTC, fees=FREE)
    with pytest.raises(TooSmall):
        buy_exactly(Decimal(0), sold=EUR, bought=BTC, fees=FREE)


def test_what_the_ledger_cannot_keep_is_too_large():
    dust = side("DUST", "0.000000000001", places=10)
    with pytest.raises(TooLarge):
        sell_exactly(Decimal(10) ** 7, sold=USD, bought=dust, fees=FREE)
    with pytest.raises(TooLarge):
        buy_exactly(Decimal(10) ** 18, sold=USD, bought=dust, fees=FREE)
    assert sell_exactly(Decimal(999_999), sold=USD, bought=dust, fees=FREE).buy == Decimal(
        999_999
    ).scaleb(12)


def test_an_amount_finer_than_its_asset_is_a_bug_of_the_caller():
    with pytest.raises(ValueError, match="no number of units"):
        sell_exactly(Decimal("0.001"), sold=USD, bought=BTC, fees=FREE)


def test_a_multiplier_makes_a_base_unit_worth_more():
    share = side("AAPLx", 200, places=8, multiplier="1.02")

    made = sell_exactly(Decimal(1), sold=share, bought=USD, fees=FREE)

    assert made.buy == Decimal(204)
    assert usd_value(Decimal(1), share) == Decimal(204)
    assert base_units(Decimal("1.02"), share, up=False) == 1
    assert base_units(Decimal(1), share, up=False) == Decimal("0.98039215")
    assert base_units(Decimal(1), share, up=True) == Decimal("0.98039216")


def test_a_value_at_home_is_the_middle_to_its_nearest_penny():
    assert middle_value(Decimal("0.01"), BTC, EUR) == Decimal("454.55")
    assert middle_value(Decimal("0.01"), BTC, JPY) == Decimal(75758)
