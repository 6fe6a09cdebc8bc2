"""Pins: what the sandbox holds still, laid over the market."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fx.assets import catalogue
from fx.assets.rules import Kind
from fx.prices import pins as pinning
from fx.prices.pins import InvalidPin, Pins, check, in_usd, merge
from fx.prices.rules import EMPTY, NoPrice
from tests.fx.prices import NOON, board, price

LATER = NOON + timedelta(days=30)
MARKET = board(
    price("BTC", "50000", "50010"),
    price("EUR", "1.10", "1.12", kind=Kind.FIAT),
    price("AAPLx", "200", "201", kind=Kind.TOKENIZED_EQUITY, multiplier=Decimal("1.5"),
          market_open=False, venue="on_chain"),
)  # fmt: skip


def overlay(pins, market=MARKET):
    return pinning.overlay(market, pins, known=catalogue.known())


def pins(bid=None, **rest):
    return Pins(bid={code: Decimal(value) for code, value in (bid or {}).items()}, **rest)


def test_without_pins_the_market_is_what_it_is():
    assert overlay(Pins(version=7)) is MARKET


def test_a_pin_is_bid_and_ask_and_always_fresh():
    pinned = overlay(pins({"BTC": "60000"})).price("BTC")

    assert (pinned.bid, pinned.ask, pinned.venue, pinned.pinned) == (60000, 60000, "pinned", True)
    assert overlay(pins({"BTC": "60000"})).is_fresh("BTC", LATER)
    assert overlay(pins({"BTC": "60000"})).price("EUR") == MARKET.price("EUR")


def test_a_pinned_asset_trades_in_the_open_with_its_multiplier():
    pinned = overlay(pins({"AAPLx": "210"}))

    assert pinned.price("AAPLx").market_open
    assert pinned.base_bid_in("AAPLx", "USD") == 315


def test_states_are_pinned_with_or_without_a_price():
    with_price = overlay(
        pins({"BTC": 1}, stale=frozenset({"BTC"}), market_closed=frozenset({"BTC"}))
    )
    without = overlay(pins(stale=frozenset({"BTC"}), halted=frozenset({"EUR"})))

    assert not with_price.is_fresh("BTC", NOON)
    assert not with_price.price("BTC").market_open
    assert not without.is_fresh("BTC", NOON)
    assert without.bid_in("BTC", "USD") == 50000
    assert without.price("EUR").halted


def test_what_the_market_lacks_gets_a_price_of_its_own():
    pinned = overlay(pins({"ETH": "2500", "EUR": "1.1"}), EMPTY)

    assert pinned.price("ETH").kind is Kind.CRYPTO
    assert pinned.price("EUR").kind is Kind.FIAT
    assert pinned.bid_in("ETH", "USD") == 2500
    assert pinned.bid_in("USD", "EUR") > 0


@given(st.decimals("0.00000001", "10000000", places=8))
def test_a_pin_in_another_currency_comes_back_exactly(bid):
    pinned = overlay(Pins(currency="EUR", bid={"BTC": bid}))

    assert pinned.bid_in("BTC", "EUR") == pinned.ask_in("BTC", "EUR") == bid
    assert pinned.price("EUR").bid == pinned.price("EUR").ask == Decimal("1.11")


@given(st.decimals("0.01", "1000", places=6))
def test_a_dollar_pinned_in_another_currency_pins_that_currency(bid):
    pinned = overlay(Pins(currency="EUR", bid={"USD": bid, "BTC": Decimal(45000)}))

    assert pinned.price("USD").bid == 1
    assert bid <= pinned.bid_in("USD", "EUR") <= bid * (1 + Decimal("1E-38"))
    assert pinned.bid_in("BTC", "EUR") == 45000


def test_pins_in_a_currency_that_has_no_price_cannot_be():
    with pytest.raises(NoPrice):
        in_usd(pins({"BTC": 1}, currency="CHF"), MARKET)
    assert overlay(pins({"BTC": 1}, currency="CHF")).price("BTC") == MARKET.price("BTC")


def test_what_is_said_last_about_an_asset_holds():
    first = pins({"BTC": 1, "ETH": 2}, version=1, stale=frozenset({"ETH", "SOL"}))
    second = pins({"ETH": 3}, market_closed=frozenset({"BTC"}))

    merged = merge(first, second, version=2)

    assert merged == pins(
        {"BTC": 1, "ETH": 3},
        version=2,
        stale=frozenset({"SOL"}),
        market_closed=frozenset({"BTC"}),
    )


@pytest.mark.parametrize(
    "bad",
    [{"BTC": "0"}, {"BTC": "-1"}, {"BTC": "NaN"}, {"BTC": "Infinity"}, {"USD": "2"}],
)
def test_what_is_no_price_cannot_be_pinned(bad):
    with pytest.raises(InvalidPin):
        check(pins(bad))


def test_pins_survive_their_journey():
    sent = pins(
        {"BTC": "0.00000001", "GMx": "1E+3"},
        version=5,
        stale=frozenset({"ETH"}),
        market_closed=frozenset({"AAPLx"}),
        halted=frozenset({"SOL"}),
    )

    assert pinning.decode(pinning.encode(sent)) == sent
