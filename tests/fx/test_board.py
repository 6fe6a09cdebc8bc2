"""The board: exact crosses that never gain, freshness by kind, and the same after a journey."""

import json
from dataclasses import FrozenInstanceError, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fx.assets.rules import Kind
from fx.prices import codec
from fx.prices.rules import EMPTY, VENUES, NoPrice, board_of
from fx.venues.rules import reference_moment
from tests.fx.prices import NOON, board, price

SECOND = timedelta(seconds=1)
BTC = price("BTC", "50000", "50010")
EUR = price("EUR", "1.10", "1.12", kind=Kind.FIAT)

positive = st.decimals("0.0000000001", "1000000000", places=10)


@st.composite
def quotes(draw, code="A"):
    bid = draw(positive)
    return price(code, bid, bid + draw(st.decimals(0, 1000, places=10)))


# --- Crosses --------------------------------------------------------------------------------------
def test_in_usd_a_price_is_what_the_market_says():
    b = board(BTC)

    assert b.bid_in("BTC", "USD") == 50000
    assert b.ask_in("BTC", "USD") == 50010
    assert b.mid_in("BTC", "USD") == 50005
    assert b.bid_in("BTC", "BTC") == b.ask_in("USD", "USD") == 1


def test_elsewhere_what_is_sold_at_bid_is_bought_at_ask():
    b = board(BTC, EUR)

    assert b.bid_in("EUR", "BTC") == (Decimal("1.10") / 50010).quantize(
        Decimal(10) ** -82, rounding="ROUND_FLOOR"
    )
    assert b.bid_in("USD", "EUR") * Decimal("1.12") <= 1
    assert b.ask_in("USD", "EUR") * Decimal("1.10") >= 1
    assert b.mid_in("BTC", "EUR") == Decimal(50005) / Decimal("1.11")


def test_a_price_of_a_base_unit_counts_its_multiplier():
    b = board(price("AAPLx", "200", "201", multiplier=Decimal("1.5")), EUR)

    assert b.base_bid_in("AAPLx", "USD") == 300
    assert b.base_ask_in("AAPLx", "USD") == Decimal("301.5")
    assert b.bid_in("AAPLx", "USD") == 200
    assert b.base_bid_in("AAPLx", "EUR") <= 300 / Decimal("1.12")


def test_three_thirds_are_worth_one():
    b = board(price("THIRD", 1), price("BIG", 3))

    assert b.worth(Decimal(3), "THIRD", "BIG") == 1
    assert 3 * b.base_bid_in("THIRD", "BIG") < 1


@given(quotes("A"), quotes("B"))
def test_there_and_back_never_gains(a, b):
    prices = board(a, b)

    assert prices.bid_in("A", "B") * prices.bid_in("B", "A") <= 1
    assert prices.ask_in("A", "B") * prices.ask_in("B", "A") >= 1


@given(quotes("A"), quotes("B"), st.sampled_from(["A", "B", "USD"]))
def test_a_bid_is_never_above_the_ask_nor_the_middle_outside_them(a, b, currency):
    prices = board(a, b)

    for code in ("A", "B", "USD"):
        bid, ask = prices.bid_in(code, currency), prices.ask_in(code, currency)
        assert 0 < bid <= ask
        # Each is rounded at 78 digits, so where all three are one they may differ by that much.
        hair = ask * Decimal("1E-70")
        assert bid - hair <= prices.mid_in(code, currency) <= ask + hair


@given(quotes("A"), quotes("B"), st.decimals(0, 10**12, places=10))
def test_worth_in_one_division_is_never_less_than_in_two(a, b, units):
    prices = board(a, b)

    assert prices.worth(units, "A", "B") >= units * prices.base_bid_in("A", "B") * (
        1 - Decimal("1E-76")
    )
    assert prices.worth(units, "A", "B") * b.ask <= units * a.bid


@given(quotes("A"), quotes("B"), quotes("C"))
def test_a_detour_never_gains(a, b, c):
    prices = board(a, b, c)
    detour = prices.bid_in("A", "B") * prices.bid_in("B", "C")

    assert detour <= prices.bid_in("A", "C") * (1 + Decimal("1E-70"))


# --- What may be on a board -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("bid", "ask"),
    [("0", "1"), ("-1", "1"), ("NaN", "1"), ("1", "NaN"), ("Infinity", "Infinity"), ("2", "1"),
     ("1", "sNaN")],
)  # fmt: skip
def test_a_price_that_is_none_never_gets_on_a_board(bid, ask):
    b = board(price("BTC", bid, ask))

    assert b.price("BTC") is None
    assert not b.is_fresh("BTC", NOON)
    with pytest.raises(NoPrice):
        b.bid_in("BTC", "USD")
    with pytest.raises(NoPrice):
        b.ask_in("USD", "BTC")


def test_a_dollar_is_a_dollar():
    dearer = price("USD", "1.01", kind=Kind.FIAT)

    assert board_of([dearer], version=1, built_at=NOON).empty


def test_a_board_does_not_change():
    b = board(BTC)
    with pytest.raises(TypeError):
        b.prices["ETH"] = BTC  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        b.version = 2  # type: ignore[misc]


def test_before_the_first_board_everything_is_stale():
    assert EMPTY.empty
    assert not EMPTY.is_fresh("USD", NOON)
    assert not EMPTY.may_trade("BTC", NOON)


# --- Freshness ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "age"),
    [
        (Kind.FIAT, timedelta(days=6)),
        (Kind.STABLECOIN, timedelta(seconds=30)),
        (Kind.CRYPTO, timedelta(seconds=30)),
        (Kind.COMMODITY_TOKEN, timedelta(seconds=30)),
        (Kind.TOKENIZED_EQUITY, timedelta(seconds=60)),
        (Kind.TOKENIZED_ETF, timedelta(seconds=60)),
    ],
)
def test_a_price_is_fresh_until_its_kinds_age_and_no_longer(kind, age):
    b = board(price("X", 1, kind=kind))

    assert b.is_fresh("X", NOON + age)
    assert not b.is_fresh("X", NOON + age + timedelta(microseconds=1))
    assert not b.may_trade("X", NOON + age + timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("last", "following"),
    [
        pytest.param(date(2027, 3, 25), date(2027, 3, 30), id="Easter"),
        pytest.param(date(2028, 12, 22), date(2028, 12, 27), id="Christmas on a Monday"),
        pytest.param(date(2031, 12, 24), date(2031, 12, 29), id="Christmas on a Thursday"),
    ],
)
def test_a_reference_rate_is_good_until_the_next_working_days_has_come(last, following):
    b = board(replace(EUR, as_of=reference_moment(last)))

    assert b.may_trade("EUR", reference_moment(following) + timedelta(hours=6))


def test_a_pin_never_ages_but_may_be_pinned_stale():
    b = board(price("PIN", 1, pinned=True), price("OLD", 1, pinned=True, stale_pin=True))

    assert b.is_fresh("PIN", NOON + timedelta(days=9))
    assert not b.is_fresh("OLD", NOON)


def test_a_halted_asset_has_a_price_and_is_not_traded():
    b = board(replace(BTC, halted=True))

    assert b.is_fresh("BTC", NOON)
    assert not b.may_trade("BTC", NOON)


@pytest.mark.parametrize(
    ("stopped", "buy", "sell"),
    [({}, True, True), ({"buyable": False}, False, True), ({"sellable": False}, True, False),
     ({"halted": True}, False, False)],
)  # fmt: skip
def test_a_side_that_is_stopped_is_not_traded_and_the_other_is(stopped, buy, sell):
    b = board(replace(BTC, **stopped))

    assert b.may_buy("BTC", NOON) is buy
    assert b.may_sell("BTC", NOON) is b.may_trade("BTC", NOON) is sell
    assert not b.may_buy("BTC", NOON + timedelta(minutes=1))
    assert not b.may_sell("BTC", NOON + timedelta(minutes=1))


# --- Codec ----------------------------------------------------------------------------------------
states = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(Kind),
        "venue": st.sampled_from(VENUES),
        "source": st.sampled_from(["Kraken Ticker", "made up", '₿ "quoted"']),
        "as_of": st.datetimes(timezones=st.just(NOON.tzinfo)),
        "multiplier": positive,
        **dict.fromkeys(
            ("market_open", "halted", "buyable", "sellable", "synthetic", "pinned", "stale_pin"),
            st.booleans(),
        ),
    }
)


@given(st.dictionaries(st.sampled_from(["GMX", "GMx", "BTC", "ETH"]), st.tuples(quotes(), states)))
def test_a_board_survives_its_journey(rows):
    sent = board(
        *(price(code, quote.bid, quote.ask, **state) for code, (quote, state) in rows.items())
    )

    assert codec.decode(codec.encode(sent)) == sent


def test_tiny_and_huge_prices_survive_digit_for_digit():
    sent = board(price("PEPE", "0.0000000000041615082", "1E-11"), price("X", "1E+20"))

    assert codec.decode(codec.encode(sent)) == sent


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b'{"format":0}', b"\xff", b'{"format":1}']
)
def test_what_is_no_board_is_refused(body):
    with pytest.raises(codec.UnreadableBoard):
        codec.decode(body)


@pytest.mark.parametrize("column", range(1, 9))
@pytest.mark.parametrize("wrong", ["x", None, [], {}])
def test_a_row_that_cannot_be_read_spoils_the_board_at_once(column, wrong):
    parts = json.loads(codec.encode(board(price("BTC", "60000"), price("ETH", "2000"))))
    parts["prices"][0][column] = wrong

    with pytest.raises(codec.UnreadableBoard):
        codec.decode(json.dumps(parts))


def test_a_row_that_is_too_short_spoils_the_board():
    parts = json.loads(codec.encode(board(price("BTC", "60000"), price("ETH", "2000"))))
    parts["prices"][0].pop()

    with pytest.raises(codec.UnreadableBoard):
        codec.decode(json.dumps(parts))
