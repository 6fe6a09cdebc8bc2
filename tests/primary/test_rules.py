"""The arithmetic of a fill: nothing is rounded in anybody's favour but as it is said."""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdings.ledger.rules import CREDIT
from holdings.primary.rules import (
    CASH_PLACES,
    Fill,
    Part,
    Side,
    cash_for,
    fits,
    legs_of,
    split_dust,
    units_for,
)
from krak.core.ids import uuid7

AMOUNTS = st.decimals(min_value="0.01", max_value="1000000", places=2)
UNITS = st.decimals(min_value="0.00000001", max_value="1000000", places=8)
PRICES = st.decimals(min_value="0.0001", max_value="100000", places=4)


@given(cash=AMOUNTS, price=PRICES)
def test_dollars_buy_the_most_units_that_they_pay_for(cash: Decimal, price: Decimal) -> None:
    units = units_for(cash, base_price=price, places=8)

    assert units * price <= cash < (units + Decimal("1E-8")) * price


@given(units=UNITS, price=PRICES)
def test_units_bring_their_price_cut_to_the_cent(units: Decimal, price: Decimal) -> None:
    cash = cash_for(units, base_price=price)

    assert cash <= units * price < cash + Decimal("0.01")
    assert cash.as_tuple().exponent == -CASH_PLACES


@given(cash=AMOUNTS, price=PRICES)
def test_there_and_back_at_one_price_never_gains(cash: Decimal, price: Decimal) -> None:
    assert cash_for(units_for(cash, base_price=price, places=8), base_price=price) <= cash


@given(got=st.decimals(min_value="0.0000000001", max_value="1000", places=10))
def test_what_is_too_fine_is_neither_lost_nor_the_customers(got: Decimal) -> None:
    whole, dust = split_dust(got, places=8)

    assert whole + dust == got
    assert 0 <= dust < Decimal("1E-8")


@given(given_amount=AMOUNTS, got=UNITS, dust=st.sampled_from([Decimal(0), Decimal("1E-9")]))
def test_the_legs_balance_in_both_and_only_custody_stands_against_them(
    given_amount: Decimal, got: Decimal, dust: Decimal
) -> None:
    legs = legs_of(Part("USD", given_amount, uuid7()), Part("AAPLx", got, uuid7()), dust=dust)

    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for leg in legs:
        sums[leg.currency] += leg.amount if leg.side == CREDIT else -leg.amount
    assert not any(sums.values())
    assert len(legs) == (5 if dust else 4)
    assert {leg.house for leg in legs if leg.house} == {"CUSTODY"} | ({"DUST"} if dust else set())
    assert [leg.forced for leg in legs if leg.account] == [True, False]


@pytest.mark.parametrize(
    ("side", "fill", "fitting"),
    [
        (Side.SUBSCRIPTION, ("25", "5000", "200"), True),
        (Side.SUBSCRIPTION, ("0.00000001", "5000", "200"), True),
        (Side.SUBSCRIPTION, ("0.000000009", "5000", "200"), False),
        (Side.SUBSCRIPTION, ("-25", "5000", "200"), False),
        (Side.SUBSCRIPTION, ("25", "4999.99", "200"), False),
        (Side.SUBSCRIPTION, ("25", "5000", "0"), False),
        (Side.REDEMPTION, ("25", "5000", "200"), True),
        (Side.REDEMPTION, ("25", "0.009", "200"), False),
        (Side.REDEMPTION, ("25.00000001", "5000", "200"), False),
    ],
)
def test_a_fill_fits_what_was_asked_whole(
    side: Side, fill: tuple[str, str, str], fitting: bool
) -> None:
    asked = Decimal(5000) if side is Side.SUBSCRIPTION else Decimal(25)

    assert fits(side, asked=asked, fill=Fill(*map(Decimal, fill)), places=8) is fitting
