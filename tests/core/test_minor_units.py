"""Stripe's minor units: every row of the table, and there and back again."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fx.assets.rules import Kind, shipped
from krak.core.minor_units import (
    THREE_DECIMAL,
    TWO_DECIMAL,
    WHOLE_IN_HUNDREDTHS,
    ZERO_DECIMAL,
    exponent,
    from_minor,
    to_minor,
)
from krak.core.money import InexactAmount, UnknownCurrency, money

ALL = sorted(ZERO_DECIMAL | THREE_DECIMAL | WHOLE_IN_HUNDREDTHS | TWO_DECIMAL)


@pytest.mark.parametrize(
    ("minor", "code", "amount"),
    [
        (1299, "usd", "12.99"),
        (500, "jpy", "500"),
        (500, "ugx", "5"),
        (50000, "isk", "500"),
        (12340, "kwd", "12.34"),
        (12345, "huf", "123.45"),
        (12345, "twd", "123.45"),
        (7, "mga", "7"),
        (-1299, "eur", "-12.99"),
        (0, "gbp", "0"),
    ],
)
def test_amounts_are_read_and_written_as_stripe_does(minor, code, amount):
    assert from_minor(minor, code) == money(amount, code.upper())
    assert to_minor(money(amount, code.upper())) == minor


@pytest.mark.parametrize("code", sorted(ZERO_DECIMAL))
def test_zero_decimal_currencies_travel_whole(code):
    assert from_minor(123, code.lower()) == money(123, code)
    with pytest.raises(InexactAmount):
        to_minor(money("1.5", code))


@pytest.mark.parametrize("code", sorted(THREE_DECIMAL))
def test_three_decimal_currencies_end_in_a_zero(code):
    assert to_minor(money("1.23", code)) == 1230
    with pytest.raises(InexactAmount):
        to_minor(money("1.234", code))


@pytest.mark.parametrize("code", sorted(WHOLE_IN_HUNDREDTHS))
def test_isk_and_ugx_travel_as_hundredths_that_are_zero(code):
    assert to_minor(money(5, code)) == 500
    with pytest.raises(InexactAmount):
        to_minor(money("5.01", code))


@pytest.mark.parametrize("code", sorted(TWO_DECIMAL))
def test_all_others_have_two_decimals(code):
    assert to_minor(money("1.23", code)) == 123
    with pytest.raises(InexactAmount):
        to_minor(money("1.234", code))


def test_every_currency_of_the_catalogue_is_in_exactly_one_row():
    rows = [ZERO_DECIMAL, THREE_DECIMAL, WHOLE_IN_HUNDREDTHS, TWO_DECIMAL]

    assert sum(map(len, rows)) == len(ALL)
    assert set(ALL) == {row.code for row in shipped() if row.kind is Kind.FIAT}


@pytest.mark.parametrize("code", ["gmx", "btc", "USD", "Usd", "xyz", "bgn", "", "usd "])
def test_what_stripe_does_not_carry_is_unknown(code):
    with pytest.raises(UnknownCurrency):
        from_minor(100, code)


def test_a_coin_cannot_be_sent_to_stripe():
    with pytest.raises(UnknownCurrency):
        to_minor(money(1, "BTC"))


@given(st.sampled_from(ALL), st.integers(-(10**14), 10**14))
def test_there_and_back_is_the_same_integer(code, number):
    step = {**dict.fromkeys(THREE_DECIMAL, 10), **dict.fromkeys(WHOLE_IN_HUNDREDTHS, 100)}
    minor = number * step.get(code, 1)

    assert to_minor(from_minor(minor, code.lower())) == minor


@given(st.sampled_from(ALL), st.decimals(-(10**9), 10**9, places=4))
def test_back_and_there_is_the_same_amount_or_refused(code, amount):
    try:
        minor = to_minor(money(amount, code))
    except InexactAmount:
        assert amount != amount.quantize(Decimal(1)) or exponent(code) == 0
    else:
        assert from_minor(minor, code.lower()).amount == amount
