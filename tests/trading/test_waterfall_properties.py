"""What a sale never does, whatever is held and whatever it is worth."""

from collections import defaultdict
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal
from uuid import uuid4

from hypothesis import find, given
from hypothesis import strategies as st

from holdings.ledger.rules import CREDIT
from holdings.trading.rules.waterfall import (
    Sale,
    Sellable,
    legs_of_sale,
    total_coverage,
    units_for,
    waterfall,
)

CENT = Decimal("0.01")
BID_PLACES = 18


def _of(count: int, places: int) -> Decimal:
    return Decimal(count).scaleb(-places)


# Mantissa and exponent apart, so that 1e-18 and a billion are as likely as 1.10.
prices = st.builds(
    lambda mantissa, exponent: Decimal(mantissa).scaleb(exponent),
    st.integers(1, 10**9),
    st.integers(-BID_PLACES, 3),
)
cents = st.one_of(st.integers(1, 500), st.integers(1, 10**12)).map(lambda n: _of(n, 2))
haircuts = st.integers(0, 1500).map(lambda n: _of(n, 4))


@st.composite
def sellables(draw: st.DrawFn, code: str = "COIN") -> Sellable:
    places = draw(st.integers(0, 10))
    bid = draw(prices)
    return Sellable(
        code=code,
        units=_of(draw(st.one_of(st.integers(1, 1000), st.integers(1, 10**20))), places),
        places=places,
        bid=bid,
        mid=bid * (1 + draw(haircuts)),
        haircut=draw(haircuts),
    )


@st.composite
def portfolios(draw: st.DrawFn) -> tuple[Sellable, ...]:
    count = draw(st.integers(0, 6))
    return tuple(draw(sellables(code=f"COIN{n}")) for n in range(count))


def _floor_cents(value: Decimal) -> Decimal:
    # Said again in other words than the code under test says it.
    return (value / CENT).to_integral_value(rounding=ROUND_FLOOR) * CENT


def _raised(sales: tuple[Sale, ...]) -> Decimal:
    return sum((sale.proceeds for sale in sales), Decimal(0))


def _sell(
    shortfall: Decimal, assets: tuple[Sellable, ...], minimum: Decimal = Decimal(0)
) -> tuple[Sale, ...]:
    return waterfall(shortfall, assets, minimum_conversion=minimum, cash_places=2)


minimums = st.one_of(st.just(Decimal(0)), cents)


@given(cents, portfolios(), minimums)
def test_what_is_sold_is_there_and_is_something(
    shortfall: Decimal, assets: tuple[Sellable, ...], minimum: Decimal
) -> None:
    held = {asset.code: asset for asset in assets}
    sales = _sell(shortfall, assets, minimum)

    assert len({sale.code for sale in sales}) == len(sales)
    for sale in sales:
        asset = held[sale.code]
        assert 0 < sale.units <= asset.units
        assert sale.units == sale.units.quantize(_of(1, asset.places))
        assert sale.bid == asset.bid
        assert sale.proceeds == _floor_cents(sale.units * asset.bid) > 0
        assert sale.spread >= 0


def _keeps_its_promise(
    coverage: Decimal, shortfall: Decimal, assets: tuple[Sellable, ...], minimum: Decimal
) -> bool:
    # Also exactly what is covered, where a lost cent would show.
    needs = {min(shortfall, coverage), coverage} - {Decimal(0)}
    return all(_raised(_sell(need, assets, minimum)) >= need for need in needs)


@given(cents, portfolios(), minimums)
def test_coverage_is_a_promise_that_the_sale_keeps(
    shortfall: Decimal, assets: tuple[Sellable, ...], minimum: Decimal
) -> None:
    coverage = total_coverage(Decimal(0), assets, 2)

    assert _keeps_its_promise(coverage, shortfall, assets, minimum)


def test_control_a_cent_more_than_is_covered_without_a_haircut_is_not_kept() -> None:
    def breaks(asked: tuple[Decimal, Sellable]) -> bool:
        shortfall, asset = asked
        assets = (replace(asset, haircut=Decimal(0)),)
        more = total_coverage(Decimal(0), assets, 2) + CENT
        return not _keeps_its_promise(more, shortfall, assets, Decimal(0))

    assert breaks(find(st.tuples(cents, sellables()), breaks))


@given(cents, portfolios(), minimums)
def test_assets_go_in_order_and_only_the_last_one_in_part(
    shortfall: Decimal, assets: tuple[Sellable, ...], minimum: Decimal
) -> None:
    sales = _sell(shortfall, assets, minimum)
    sold = {sale.code: sale for sale in sales}

    assert list(sold) == [asset.code for asset in assets if asset.code in sold]
    last = sales[-1].code if sales else None
    reached = True
    for asset in assets:
        if asset.code == last:
            reached = _raised(sales) < shortfall
        elif asset.code in sold:
            assert sold[asset.code].units == asset.units
        elif reached:
            assert _floor_cents(asset.units * asset.bid) == 0
    if _raised(sales) < shortfall:
        assert _raised(sales) == sum(_floor_cents(a.units * a.bid) for a in assets)
    for n in range(len(sales)):
        assert _raised(sales[:n]) < shortfall, "nothing is sold that was not needed"


@given(cents, portfolios(), minimums, minimums)
def test_a_higher_minimum_conversion_never_raises_less(
    shortfall: Decimal, assets: tuple[Sellable, ...], one: Decimal, other: Decimal
) -> None:
    low, high = sorted((one, other))

    assert _raised(_sell(shortfall, assets, low)) <= _raised(_sell(shortfall, assets, high))


@given(st.integers(0, 10**12).map(lambda n: -_of(n, 2)), portfolios(), minimums)
def test_without_a_shortfall_nothing_is_sold(
    shortfall: Decimal, assets: tuple[Sellable, ...], minimum: Decimal
) -> None:
    assert _sell(shortfall, assets, minimum) == ()


@given(cents, portfolios(), minimums)
def test_the_postings_of_a_sale_are_positive_and_sum_to_zero(
    shortfall: Decimal, assets: tuple[Sellable, ...], minimum: Decimal
) -> None:
    asset_account, cash_account = uuid4(), uuid4()
    for sale in _sell(shortfall, assets, minimum):
        legs = legs_of_sale(
            sale, asset_account=asset_account, cash_account=cash_account, cash="USD"
        )
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        moved: defaultdict[object, Decimal] = defaultdict(Decimal)
        for leg in legs:
            signed = leg.amount if leg.side == CREDIT else -leg.amount
            sums[leg.currency] += signed
            moved[leg.account or leg.house, leg.currency] += signed
            assert leg.amount > 0
            assert not leg.forced
            assert (leg.account is None) != (leg.house is None)
        assert sums == {sale.code: 0, "USD": 0}
        assert moved[asset_account, sale.code] == -sale.units
        assert moved[cash_account, "USD"] == sale.proceeds
        assert moved["SPREAD", "USD"] == sale.spread


@given(cents, prices, st.integers(0, 10))
def test_the_fewest_units_are_sold(need: Decimal, price: Decimal, places: int) -> None:
    units = units_for(need, price, places)

    assert units == units.quantize(_of(1, places))
    assert units * price >= need > (units - _of(1, places)) * price


def test_an_exact_need_takes_exact_units() -> None:
    assert units_for(Decimal(100), Decimal(25_000), 8) == Decimal("0.004")
    assert units_for(Decimal("100.01"), Decimal(25_000), 8) == Decimal("0.0040004")
    assert units_for(Decimal(1), Decimal(3), 2) == Decimal("0.34")
