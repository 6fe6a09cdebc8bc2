"""Every rounding has a direction, and nothing else rounds."""

import threading
from decimal import Context, Decimal, localcontext
from typing import Any

import moneyed
import pytest
from hypothesis import given
from hypothesis import strategies as st

from krak.core.money import (
    STORED_PLACES,
    InexactAmount,
    UnknownCurrency,
    at_places,
    ceil_to,
    currency,
    floor_to,
    is_exact,
    money,
    nearest_to,
    places_of,
    plain,
    register_currency,
    require_exact,
)

PLACES = range(19)

amounts = st.builds(
    lambda mantissa, exponent: Decimal(mantissa).scaleb(exponent),
    st.one_of(st.integers(-1000, 1000), st.integers(-(10**30), 10**30)),
    st.integers(-24, 6),
)
places = st.sampled_from(PLACES)


@pytest.mark.parametrize(
    ("amount", "down", "up", "nearest"),
    [
        ("1.005", "1.00", "1.01", "1.00"),
        ("1.015", "1.01", "1.02", "1.02"),
        ("1.0051", "1.00", "1.01", "1.01"),
        ("-1.005", "-1.01", "-1.00", "-1.00"),
        ("-1.015", "-1.02", "-1.01", "-1.02"),
        ("1.01", "1.01", "1.01", "1.01"),
        ("0.000000000000000001", "0.00", "0.01", "0.00"),
        ("-0.000000000000000001", "-0.01", "0.00", "0.00"),
        ("1e3", "1000.00", "1000.00", "1000.00"),
    ],
)
def test_rounding_goes_where_the_caller_says(amount, down, up, nearest) -> None:
    asked = Decimal(amount)

    assert floor_to(asked, 2) == Decimal(down)
    assert ceil_to(asked, 2) == Decimal(up)
    assert nearest_to(asked, 2) == Decimal(nearest)


@given(amounts, places)
def test_an_amount_lies_between_its_floor_and_its_ceiling(amount: Decimal, digits: int) -> None:
    down, up, nearest = (
        floor_to(amount, digits),
        ceil_to(amount, digits),
        nearest_to(amount, digits),
    )
    step = Decimal(1).scaleb(-digits)

    assert down <= amount <= up
    assert up - down == (0 if is_exact(amount, digits) else step)
    assert nearest in {down, up}
    assert abs(nearest - amount) * 2 <= step
    assert floor_to(-amount, digits) == -up
    for rounded in (down, up, nearest):
        assert is_exact(rounded, digits)
        assert rounded.as_tuple().exponent == -digits


@given(amounts, places)
def test_exact_is_what_needs_no_rounding(amount: Decimal, digits: int) -> None:
    exact = (amount * 10**digits) % 1 == 0

    assert is_exact(amount, digits) == exact
    if exact:
        require_exact(amount, digits)
        assert Decimal(at_places(amount, digits)) == amount
    else:
        with pytest.raises(InexactAmount):
            require_exact(amount, digits)
        with pytest.raises(InexactAmount):
            at_places(amount, digits)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_never_exact(amount) -> None:
    assert not is_exact(Decimal(amount))
    with pytest.raises(InexactAmount):
        require_exact(Decimal(amount))


def test_the_ledger_keeps_ten_decimals() -> None:
    assert STORED_PLACES == 10
    assert is_exact(Decimal("0.0000000001"))
    assert not is_exact(Decimal("0.00000000001"))


@given(amounts)
def test_plain_text_reads_back_and_has_no_frills(amount: Decimal) -> None:
    text = plain(amount)

    assert Decimal(text) == amount
    assert "E" not in text
    assert not text.startswith("+")
    assert "." not in text or not text.endswith(("0", "."))
    assert plain(Decimal(text)) == text


@given(amounts, places)
def test_text_at_places_has_exactly_these_places(amount: Decimal, digits: int) -> None:
    text = at_places(floor_to(amount, digits), digits)

    assert Decimal(text) == floor_to(amount, digits)
    assert len(text.partition(".")[2]) == digits


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0.00040", "0.0004"), ("5E+3", "5000"), ("-1.50", "-1.5"), ("0E-12", "0"), ("-0.00", "0"),
     ("100", "100"), ("1E-18", "0.000000000000000001")],
)  # fmt: skip
def test_plain_text(amount, text) -> None:
    assert plain(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("amount", "digits", "text"),
    [("12.5", 2, "12.50"), ("1E+1", 2, "10.00"), ("7", 0, "7"), ("-0.0", 2, "0.00"),
     ("-0.4", 1, "-0.4"), ("0.12", 10, "0.1200000000")],
)  # fmt: skip
def test_text_at_places(amount, digits, text) -> None:
    assert at_places(Decimal(amount), digits) == text


def test_nobody_is_shown_a_negative_zero() -> None:
    nothing = ceil_to(Decimal("-0.001"), 2)

    assert (plain(nothing), at_places(nothing, 2)) == ("0", "0.00")


def test_codes_are_case_sensitive() -> None:
    assert currency("GMX").code == "GMX"
    assert currency("GMx").code == "GMx"
    assert money(1, "GMX") != money(1, "GMx")
    assert currency("GMX") != currency("GMx")
    for unknown in ("gmx", "usd", "btc", "", " USD"):
        with pytest.raises(UnknownCurrency):
            currency(unknown)
        with pytest.raises(UnknownCurrency):
            places_of(unknown)


@pytest.mark.parametrize(("code", "digits"), [("USD", 2), ("JPY", 0), ("BTC", 10), ("USDC", 8)])
def test_each_currency_has_its_places(code, digits) -> None:
    assert places_of(code) == digits


def test_a_currency_is_registered_once_and_can_be_corrected() -> None:
    try:
        register_currency(code="TESTx", name="A share", places=6)
        first = currency("TESTx")
        register_currency(code="TESTx", name="A share", places=6)
        assert currency("TESTx") is first
        register_currency(code="TESTx", name="A share", places=7)
        assert places_of("TESTx") == 7
    finally:
        moneyed.CURRENCIES.pop("TESTx", None)


def test_money_of_different_currencies_does_not_add() -> None:
    with pytest.raises(TypeError):
        money(1, "USD") + money(1, "EUR")


def _in_a_new_thread(call) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join()
    (result,) = results
    return result


def test_sums_are_exact_in_a_new_thread() -> None:
    units = Decimal(10**12) + Decimal(1).scaleb(-18)
    largest = Decimal("999999999999999999.9999999999")

    def sums() -> list[Decimal]:
        # Python's own 28 digits already lose the last decimal in the sign.
        return [units - units, units + (-units), (largest + units) - largest - units]

    assert _in_a_new_thread(sums) == [0, 0, 0]
    assert sums() == [0, 0, 0]


def test_a_product_of_stored_amounts_is_exact_in_a_new_thread() -> None:
    units, bid = Decimal("999999999999999999.9999999999"), Decimal("99999.999999999999999999")

    product = _in_a_new_thread(lambda: units * bid)

    assert int(product.scaleb(28)) == int(units.scaleb(10)) * int(bid.scaleb(18))


def test_control_with_pythons_default_precision_a_trillion_units_lose_digits() -> None:
    trillion, smallest = Decimal(10) ** 12, Decimal(1).scaleb(-18)
    with localcontext(Context(prec=28)):
        assert trillion + smallest - trillion == 0

    assert trillion + smallest - trillion == smallest
    assert (trillion + smallest) - (trillion + smallest) == 0
