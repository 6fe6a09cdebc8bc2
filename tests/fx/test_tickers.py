"""Prices as people see them, in any currency: nobody gains by crossing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fx.assets.rules import Activation, Kind
from fx.prices.rules import EMPTY, board_of
from fx.prices.tickers import CurrencyWithoutPrice, tickers
from tests.fx.prices import NOON, USD, board, price

positive = st.decimals("0.00000001", "1000000", places=8)


@st.composite
def two_sided(draw, code):
    bid = draw(positive)
    spread = draw(st.decimals("0", "0.1", places=4))
    return price(code, bid, bid * (1 + spread))


def seen(made, code, currency):
    (found,) = tickers(made, [code], currency=currency, now=NOON)
    assert found.bid is not None
    assert found.mid is not None
    assert found.ask is not None
    return found.bid, found.mid, found.ask


@given(two_sided("AAA"), two_sided("BBB"), positive)
def test_crossing_there_and_back_never_makes_money(a, b, units):
    bid, _mid, ask = seen(board(a, b), "AAA", "BBB")
    bid_back, _mid, _ask = seen(board(a, b), "BBB", "AAA")

    assert units * bid / ask <= units
    assert units * bid * bid_back <= units


@given(two_sided("AAA"), two_sided("BBB"))
def test_bid_is_not_above_mid_nor_mid_above_ask_in_any_currency(a, b):
    for code, currency in (("AAA", "BBB"), ("BBB", "AAA"), ("AAA", "USD"), ("USD", "BBB")):
        bid, mid, ask = seen(board(a, b), code, currency)
        assert bid <= mid <= ask


@given(two_sided("AAA"), two_sided("BBB"))
def test_what_is_seen_is_within_a_hair_of_the_board_and_never_better(a, b):
    crossed = board(a, b)
    bid, _mid, ask = seen(crossed, "AAA", "BBB")
    exact_bid, exact_ask = crossed.bid_in("AAA", "BBB"), crossed.ask_in("AAA", "BBB")

    assert exact_bid * (1 - Decimal("1E-11")) <= bid <= exact_bid
    assert exact_ask <= ask <= exact_ask * (1 + Decimal("1E-11"))


def test_a_price_says_how_old_it_is_and_when_that_is_too_old():
    made = board(
        price("BTC", 50000),
        price("EUR", "1.1", kind=Kind.FIAT, as_of=NOON - timedelta(days=1), venue="reference"),
    )
    later = NOON + timedelta(seconds=31)

    fresh, euro = tickers(made, ["BTC", "EUR"], currency="USD", now=NOON)
    old, still_good = tickers(made, ["BTC", "EUR"], currency="USD", now=later)
    (early,) = tickers(made, ["BTC"], currency="USD", now=NOON - timedelta(seconds=1))

    assert (fresh.age, fresh.stale) == (timedelta(0), False)
    assert (euro.age, euro.stale) == (timedelta(days=1), False)
    assert (old.age, old.stale) == (timedelta(seconds=31), True)
    assert still_good.stale is False
    assert early.age == timedelta(0)


def test_in_a_currency_that_is_stale_everything_is_but_itself():
    made = board(price("BTC", 50000), price("ETH", 2500, as_of=NOON - timedelta(minutes=1)))

    bitcoin, ether = tickers(made, ["BTC", "ETH"], currency="ETH", now=NOON)

    assert (bitcoin.bid, bitcoin.stale) == (20, True)
    assert (ether.bid, ether.ask, ether.mid, ether.stale) == (1, 1, 1, False)


def test_an_asset_without_a_price_is_told_as_such():
    (lost,) = tickers(board(), ["BTC"], currency="USD", now=NOON)

    assert (lost.price, lost.bid, lost.ask, lost.mid, lost.age) == (None,) * 5
    assert lost.stale


def test_a_currency_without_a_price_is_refused():
    with pytest.raises(CurrencyWithoutPrice):
        tickers(board(price("BTC", 1)), ["BTC"], currency="EUR", now=NOON)
    with pytest.raises(CurrencyWithoutPrice):
        tickers(EMPTY, [], currency="USD", now=NOON)


def test_a_split_after_the_board_was_built_is_seen_at_its_very_moment():
    before = NOON - timedelta(seconds=1)
    share = price("AAPLx", 400, 404, kind=Kind.TOKENIZED_EQUITY, as_of=before)
    made = board_of(
        [USD, share],
        version=1,
        built_at=before,
        multipliers={"AAPLx": (Activation(NOON, Decimal(4)),)},
    )

    (was,) = tickers(made, ["AAPLx"], currency="USD", now=before)
    (became,) = tickers(made, ["AAPLx"], currency="USD", now=NOON)
    (dollar,) = tickers(made, ["USD"], currency="AAPLx", now=NOON)
    (itself,) = tickers(made, ["AAPLx"], currency="AAPLx", now=NOON)

    assert (was.bid, was.ask, was.mid, was.multiplier) == (400, 404, 402, 1)
    assert (became.bid, became.ask, became.mid, became.multiplier) == (
        100,
        101,
        Decimal("100.5"),
        4,
    )
    assert (dollar.bid, dollar.ask) == (Decimal("0.00990099009900"), Decimal("0.01"))
    assert (itself.bid, itself.ask) == (1, 1)
