"""Netting, limits and profit as arithmetic."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdings.hedging.rules.exposure import (
    Exposure,
    Limit,
    Mark,
    Side,
    Wanted,
    base_units,
    hedge,
)
from holdings.hedging.rules.limits import NONE, Measures, measures
from holdings.hedging.rules.profit import Book
from tests.hedging.conftest import instrument

LIMIT = Limit(
    target=Decimal(0), band=Decimal(1000), widen_at=Decimal(50_000), widen_bps=40,
    stop_at=Decimal(100_000), slip_bps=50,
)  # fmt: skip
BTC = Mark(Decimal(49_900), Decimal(50_100), Decimal(1))
XBT = instrument("XBTUSD")
ZERO = Decimal(0)
STATES = [
    NONE,
    Measures(40),
    Measures(40, stop_buying=True),
    Measures(40, stop_selling=True),
]

units = st.integers(-(10**14), 10**14).map(lambda n: Decimal(n).scaleb(-10))
dollars = st.integers(0, 10**14).map(lambda n: Decimal(n).scaleb(-10))
multipliers = st.integers(1, 10**6).map(lambda n: Decimal(n).scaleb(-3))


def _hedge(inventory: str, *, hedged: str = "0", pending: str = "0", **changes: Any) -> Any:
    exposure = Exposure(Decimal(inventory), Decimal(hedged), Decimal(pending))
    return hedge(
        exposure,
        changes.pop("limit", LIMIT),
        changes.pop("mark", BTC),
        changes.pop("instrument", XBT),
        **changes,
    )


class TestNetting:
    def test_what_customers_sold_to_the_house_is_sold_on(self) -> None:
        assert _hedge("1.5") == Wanted(Side.SELL, Decimal("1.5"), Decimal(49_750))

    def test_what_customers_bought_from_the_house_is_bought(self) -> None:
        assert _hedge("-1.5") == Wanted(Side.BUY, Decimal("1.5"), Decimal(50_250))

    @pytest.mark.parametrize("inventory", ["0.02", "-0.02", "0"])
    def test_within_the_band_nothing_is_ordered(self, inventory: str) -> None:
        assert _hedge(inventory) is None

    def test_beyond_the_band_the_whole_deviation_is_ordered(self) -> None:
        assert _hedge("0.02001").quantity == Decimal("0.02001")

    def test_fills_and_open_orders_count(self) -> None:
        assert _hedge("1.5", hedged="-1.5") is None
        assert _hedge("1.5", hedged="-0.5", pending="-1") is None
        assert _hedge("1.5", hedged="-0.5").quantity == 1

    def test_a_target_is_kept(self) -> None:
        limit = Limit(Decimal(2), Decimal(1000), Decimal(50_000), 40, Decimal(100_000), None)

        assert _hedge("2", limit=limit) is None
        assert _hedge("0", limit=limit) == Wanted(Side.BUY, Decimal(2), None)

    def test_a_quantity_is_in_shown_units(self) -> None:
        # Ten base units of a share that has split two for one are twenty at the venue.
        mark = Mark(Decimal(100), Decimal(100), Decimal(2))

        assert _hedge("10", mark=mark).quantity == 20
        assert base_units(Decimal(20), mark.multiplier) == 10

    def test_less_than_the_venue_takes_is_not_ordered(self) -> None:
        assert _hedge("0.1", instrument=instrument("X", minimum_quantity=Decimal("0.2"))) is None
        assert _hedge("0.1", instrument=instrument("X", minimum_cost=Decimal(5001))) is None
        assert _hedge("0.1", instrument=instrument("X", minimum_cost=Decimal(5000))) is not None

    def test_staff_may_ask_within_the_band(self) -> None:
        assert _hedge("0.01", ignore_band=True).quantity == Decimal("0.01")

    def test_a_limit_price_keeps_to_the_tick_and_is_never_stricter_than_the_slip(self) -> None:
        tick = instrument("X", tick=Decimal(7))

        assert _hedge("-1", instrument=tick).limit_price == 50_253
        assert _hedge("1", instrument=tick).limit_price == 49_749

    @given(inventory=units, hedged=units, pending=units, multiplier=multipliers,
           places=st.integers(0, 8))  # fmt: skip
    def test_an_order_never_carries_past_the_target_and_leaves_less_than_one_lot(
        self, inventory: Decimal, hedged: Decimal, pending: Decimal, multiplier: Decimal,
        places: int,
    ) -> None:  # fmt: skip
        mark = Mark(Decimal(3), Decimal(3), multiplier)
        lots = instrument("X", quantity_places=places)
        exposure = Exposure(inventory, hedged, pending)
        deviation = exposure.deviation_after_orders(ZERO)

        wanted = hedge(exposure, LIMIT, mark, lots, ignore_band=True)

        shown = abs(deviation) * multiplier
        ordered = wanted.quantity if wanted else ZERO
        assert 0 <= shown - ordered < Decimal(1).scaleb(-places)
        if wanted:
            assert (wanted.side is Side.SELL) == (deviation > 0)


class TestMeasures:
    @pytest.mark.parametrize(
        ("usd", "expected"),
        [
            (0, NONE),
            (50_000, NONE),
            (50_001, Measures(widen_bps=40)),
            (-50_001, Measures(widen_bps=40)),
            (100_000, Measures(widen_bps=40)),
            (100_001, Measures(40, stop_selling=True)),
            (-100_001, Measures(40, stop_buying=True)),
        ],
    )
    def test_beyond_a_limit_the_spread_widens_then_the_side_that_adds_stops(
        self, usd: int, expected: Measures
    ) -> None:
        assert measures(Decimal(usd), LIMIT, before=NONE) == expected

    def test_a_position_that_trembles_around_a_limit_does_not_flap(self) -> None:
        in_force, changes = NONE, 0
        for usd in (99_000, 101_000, 99_000, 101_000, 81_000, 99_999, 80_001):
            after = measures(Decimal(usd), LIMIT, before=in_force)
            changes += after != in_force
            in_force = after

        assert in_force == Measures(40, stop_selling=True)
        assert changes == 2
        assert measures(Decimal(80_000), LIMIT, before=in_force) == Measures(40)
        assert measures(Decimal(40_000), LIMIT, before=Measures(40)) == NONE
        assert measures(Decimal(40_001), LIMIT, before=Measures(40)) == Measures(40)

    def test_a_position_that_turns_over_stops_the_other_side(self) -> None:
        before = Measures(40, stop_selling=True)

        assert measures(Decimal(-85_000), LIMIT, before=before) == Measures(40)
        assert measures(Decimal(-100_001), LIMIT, before=before) == Measures(40, stop_buying=True)

    @given(usd=st.integers(-300_000, 300_000), before=st.sampled_from(STATES))
    def test_what_was_decided_stands_when_nothing_moves(self, usd: int, before: Measures) -> None:
        after = measures(Decimal(usd), LIMIT, before=before)

        assert measures(Decimal(usd), LIMIT, before=after) == after
        assert not (after.stop_buying and after.stop_selling)
        assert not after.stop_selling or usd > 0
        assert not after.stop_buying or usd < 0


class TestProfit:
    def test_bought_cheap_and_sold_dear_is_a_gain(self) -> None:
        book = Book().moved(Decimal(2), Decimal(8)).moved(Decimal(-1), Decimal(-5))

        assert book == Book(Decimal(1), Decimal(4), Decimal(1))
        assert book.unrealised(Decimal(6)) == 2

    def test_sold_first_and_bought_back_cheaper_is_a_gain_too(self) -> None:
        book = Book().moved(Decimal(-2), Decimal(-10)).moved(Decimal(1), Decimal(4))

        assert book == Book(Decimal(-1), Decimal(-5), Decimal(1))
        assert book.unrealised(Decimal(-6)) == -1

    def test_a_position_that_turns_over_closes_first(self) -> None:
        book = Book().moved(Decimal(1), Decimal(4)).moved(Decimal(-3), Decimal(-15))

        assert book == Book(Decimal(-2), Decimal(-10), Decimal(1))

    def test_a_fee_is_a_loss(self) -> None:
        assert Book().paid(Decimal("0.26")).realised == Decimal("-0.26")

    @given(st.lists(st.tuples(units, dollars, dollars), max_size=30))
    def test_cash_is_accounted_for_to_the_last_decimal(
        self, moves: list[tuple[Decimal, Decimal, Decimal]]
    ) -> None:
        book, position, cash = Book(), ZERO, ZERO
        for moved, price, fee in moves:
            value = (price if moved > 0 else -price) if moved else ZERO
            book = book.moved(moved, value).paid(fee)
            position += moved
            cash -= value + fee

        assert book.units == position
        assert book.realised - book.cost == cash
        assert position != 0 or book.cost == 0
        # What is closed at the same price it would be sold at leaves nothing unrealised.
        closed = book.moved(-position, -book.cost) if position else book
        assert (closed.units, closed.cost, closed.realised) == (0, 0, book.realised)

    @given(st.lists(st.tuples(units.filter(bool), st.just(Decimal(3))), max_size=30))
    def test_at_one_price_nothing_is_ever_made(self, moves: list[tuple[Decimal, Decimal]]) -> None:
        book = Book()
        for moved, price in moves:
            book = book.moved(moved, moved * price)

        # A cut cost is at most half of the tenth decimal off, each time.
        assert abs(book.realised) <= len(moves) * Decimal(1).scaleb(-10)
        assert abs(book.unrealised(book.units * 3) + book.realised) == 0
