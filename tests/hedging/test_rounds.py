"""The round: what is netted, ordered, filled on paper, and put in force."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fx.venues import queries as venues
from fx.venues import services as fx
from fx.venues.rules import Reason, Sides
from holdings.hedging import queries, services, tasks
from holdings.hedging.models import HedgeFill, HedgeOrder, OrderState, RiskState
from holdings.hedging.services import CannotHedge
from holdings.ledger import queries as ledger
from krak.cases.models import Case
from krak.core import clock
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.core.schedule.models import Run
from krak.core.transactions import transaction
from krak.customers.models import User
from tests.hedging.conftest import House

type Pin = Callable[..., Any]


def _state(code: str) -> RiskState:
    return RiskState.objects.get(asset=code)


def _deviation(code: str) -> Decimal:
    state = _state(code)
    deviation: Decimal = queries.inventory()[code] + state.units - state.inventory_units
    return deviation


def _band(code: str, at: datetime) -> Decimal:
    limit = queries.limits_in_force(now=at).of(code)
    assert limit is not None
    return limit.band


class TestNetting:
    def test_what_customers_sell_is_sold_on_and_the_house_is_flat(self, house: House) -> None:
        house.limit("BTC")
        house.trade("BTC", "2", "100000")

        (order,) = house.settle()

        assert (order.side, order.quantity, order.state) == ("SELL", 2, OrderState.FILLED)
        (fill,) = order.fills.all()
        assert (fill.units, fill.price, fill.cost, fill.fee) == (2, 50_000, 100_000, 260)
        assert _deviation("BTC") == 0
        state = _state("BTC")
        assert (state.inventory_units, state.units, state.cost_usd) == (2, 0, 0)
        assert state.realised_usd == -260
        assert queries.breaks() == []

    def test_what_customers_buy_is_bought(self, house: House) -> None:
        house.limit("BTC")
        house.trade("BTC", "-2", "-100000")

        (order,) = house.settle()

        assert (order.side, order.quantity, order.limit_price) == ("BUY", 2, 50_250)
        assert _deviation("BTC") == 0

    def test_a_small_deviation_is_left_alone(self, house: House) -> None:
        house.limit("BTC")
        house.trade("BTC", "0.01", "500")

        assert house.net() == []
        assert _state("BTC").units == Decimal("0.01")

    def test_units_that_a_split_has_doubled_are_ordered_as_the_venue_counts_them(
        self, house: House, pinned: Pin
    ) -> None:
        house.limit("AAPLx")
        pinned({"AAPLx": "100"}, multipliers={"AAPLx": "2"})
        house.trade("AAPLx", "30", "6000")

        (order,) = house.settle()

        assert (order.quantity, order.multiplier, order.tokenized) == (60, 2, True)
        assert [fill.units for fill in order.fills.all()] == [30]
        assert _deviation("AAPLx") == 0

    def test_dollars_are_no_exposure(self, house: House) -> None:
        house.limit("USD")
        house.trade("BTC", "2", "100000")
        house.net()

        assert ledger.house_balance(house="INVENTORY", currency="USD") < 0
        assert not RiskState.objects.filter(asset="USD").exists()

    @pytest.mark.parametrize(
        "states",
        [{"stale": ["BTC"]}, {"halted": ["BTC"]}, {"market_closed": ["BTC"]}],
    )
    def test_nothing_is_ordered_by_a_price_that_cannot_be_traded_on(
        self, house: House, pinned: Pin, states: dict[str, list[str]]
    ) -> None:
        house.limit("BTC")
        house.trade("BTC", "2", "100000")
        pinned(**states)

        assert house.net() == []

    def test_an_asset_without_a_price_waits_and_keeps_nobody_up(self, house: House) -> None:
        house.limit("BTC")
        house.trade("PAXG", "2", "8000")
        house.trade("BTC", "2", "100000")

        assert [order.asset for order in house.net()] == ["BTC"]
        assert _state("PAXG").inventory_units == 0

    def test_without_a_limit_or_an_instrument_or_a_venue_nothing_is_ordered(
        self, house: House, settings: Any
    ) -> None:
        house.trade("USDC", "200000", "200000")
        assert house.net() == []
        house.limit("BTC")
        house.trade("BTC", "2", "100000")
        settings.EXECUTION = "none"
        assert house.net() == []
        assert _state("BTC").units == 2

    def test_the_newest_limit_that_has_begun_counts_and_an_assets_before_its_kinds(
        self, house: House, now: datetime
    ) -> None:
        assert _band("BTC", now) == 10_000
        house.limit("BTC", band_usd=2000)
        house.limit("BTC", band_usd=3000, effective_at=now - timedelta(hours=1))
        house.limit("BTC", band_usd=4000, effective_at=now + timedelta(hours=1))

        assert _band("BTC", now) == 3000
        assert _band("BTC", now + timedelta(hours=2)) == 4000
        assert _band("ETH", now) == 10_000


class TestNothingTwice:
    def test_an_open_order_counts_into_the_net(self, house: House) -> None:
        house.limit("BTC")
        house.trade("BTC", "2", "100000")
        (order,) = house.net()

        assert house.net() == []
        assert queries.open_orders()["BTC"].pending == -2
        house.send(order)
        assert house.net() == []
        house.follow(order)
        assert house.net() == []
        assert HedgeFill.objects.filter(asset="BTC").count() == 1

    def test_what_comes_while_an_order_is_open_is_hedged_by_the_next(self, house: House) -> None:
        house.limit("BTC")
        house.trade("BTC", "2", "100000")
        (first,) = house.net()
        house.trade("BTC", "1", "50000")

        assert house.net() == []
        house.follow(house.send(first))
        (second,) = house.net()
        assert second.quantity == 1

    def test_a_part_that_was_filled_leaves_the_rest_to_the_next_order(
        self, house: House, settings: Any
    ) -> None:
        house.limit("BTC")
        house.trade("BTC", "2", "100000")
        settings.PAPER_FILL_PERCENT = 25
        (first,) = house.settle()
        assert (first.state, first.ended_at is not None) == (OrderState.PARTLY_FILLED, True)
        assert _deviation("BTC") == Decimal("1.5")

        settings.PAPER_FILL_PERCENT = 100
        (rest,) = house.settle()

        assert (rest.quantity, rest.state) == (Decimal("1.5"), OrderState.FILLED)
        assert _deviation("BTC") == 0

    def test_a_round_runs_once_per_slot_however_many_beats_tick(self, house: House) -> None:
        house.limit("BTC")
        house.trade("BTC", "2", "100000")

        tasks.net()
        tasks.net(trace="of a newer release")

        assert HedgeOrder.objects.filter(asset="BTC").count() == 1
        runs = Run.objects.filter(job="hedging.net", finished_at__isnull=False)
        assert runs.count() == len(set(runs.values_list("slot", flat=True)))

    def test_the_outbox_sends_what_a_round_wrote_down(self, house: House) -> None:
        house.limit("BTC")
        house.trade("BTC", "2", "100000")
        (order,) = house.net()

        outbox.drain(now=clock.now())

        assert house.again(order).state == OrderState.FILLED
        assert not OutboxMessage.objects.filter(topic__startswith="hedging.", done_at=None).exists()

    def test_the_books_are_not_touched_by_hedging(self, house: House) -> None:
        house.limit("BTC")
        house.trade("BTC", "2", "100000")
        entries = ledger.entry_count()
        balance = ledger.house_balance(house="INVENTORY", currency="BTC")

        house.settle()

        assert ledger.entry_count() == entries
        assert ledger.house_balance(house="INVENTORY", currency="BTC") == balance
        assert ledger.breaks() == []


class TestRefusals:
    def test_a_refused_order_is_a_case_and_the_asset_is_left_alone_for_a_while(
        self, house: House, settings: Any, now: datetime
    ) -> None:
        house.limit("BTC")
        house.trade("BTC", "2", "100000")
        settings.PAPER_REJECT_PERCENT = 100

        (order,) = house.net()
        order = house.send(order)

        assert (order.state, order.last_error) == (
            OrderState.REJECTED, "the paper venue was told to refuse",
        )  # fmt: skip
        assert Case.objects.filter(kind="HEDGE_REJECTED").count() == 1
        assert house.net() == []
        settings.PAPER_REJECT_PERCENT = 0
        (again,) = house.net(clock.now() + queries.AGAIN_AFTER_REFUSAL)
        assert again.quantity == 2

    def test_an_order_that_was_not_sent_in_time_ends_and_is_netted_anew(
        self, house: House, now: datetime
    ) -> None:
        house.limit("BTC")
        house.trade("BTC", "2", "100000")
        (order,) = house.net(now)

        late = house.send(order, now + timedelta(seconds=30))

        assert (late.state, late.sent_at) == (OrderState.EXPIRED, None)
        assert [o.quantity for o in house.net(now + timedelta(seconds=31))] == [2]

    def test_an_order_whose_message_was_lost_ends_with_its_deadline(
        self, house: House, now: datetime
    ) -> None:
        house.limit("BTC")
        house.trade("BTC", "2", "100000")
        (order,) = house.net(now)

        assert house.net(now + timedelta(seconds=31)) == []
        assert house.again(order).state == OrderState.EXPIRED
        assert [o.quantity for o in house.net(now + timedelta(seconds=41))] == [2]


class TestMeasures:
    def test_beyond_its_limits_the_spread_widens_and_selling_stops_then_all_goes_back(
        self, house: House, settings: Any
    ) -> None:
        settings.EXECUTION = "none"
        house.limit("BTC")
        house.trade("BTC", "1.2", "60000")
        house.net()
        assert _state("BTC").measures.widen_bps == 40
        assert venues.measures(clock.now()).extra_bps == {"BTC": 40}
        assert venues.measures(clock.now()).halts == ()

        house.trade("BTC", "1", "50000")
        house.net()
        assert _state("BTC").stop_selling
        (halt,) = venues.measures(clock.now()).halts
        assert (halt.code, halt.sides) == ("BTC", Sides.SELLING)
        (case,) = Case.objects.filter(kind="HEDGE_STOP")
        assert case.details["stopped"] == "selling"

        house.trade("BTC", "-0.2", "-10000")
        house.net()
        assert _state("BTC").stop_selling
        house.trade("BTC", "-2", "-100000")
        house.net()
        assert not _state("BTC").stop_selling
        assert not _state("BTC").widen_bps
        assert venues.measures(clock.now()).extra_bps == {}
        assert Case.objects.filter(kind="HEDGE_STOP").count() == 1

    def test_measures_that_are_switched_off_are_decided_and_told_nobody(
        self, house: House, settings: Any
    ) -> None:
        settings.EXECUTION, settings.RISK_MEASURES = "none", False
        house.limit("BTC")
        house.trade("BTC", "3", "150000")
        house.net()

        assert _state("BTC").stop_selling
        assert venues.measures(clock.now()).halts == ()
        assert venues.measures(clock.now()).extra_bps == {}

    def test_a_house_that_is_too_short_stops_buying(self, house: House, settings: Any) -> None:
        settings.EXECUTION = "none"
        house.limit("BTC")
        house.trade("BTC", "-3", "-150000")
        house.net()

        (halt,) = venues.measures(clock.now()).halts
        assert halt.sides == Sides.BUYING

    def test_a_measure_of_staff_is_not_ended_by_the_round(
        self, house: House, settings: Any
    ) -> None:
        with transaction():
            fx.halt(code="BTC", reason=Reason.OPERATOR, note="because", now=clock.now())
        settings.EXECUTION = "none"
        house.limit("BTC")
        house.trade("BTC", "3", "150000")
        house.net()
        house.trade("BTC", "-3", "-150000")
        house.net()

        (halt,) = venues.measures(clock.now()).halts
        assert halt.sides == Sides.BOTH

    def test_a_side_that_is_stopped_does_not_keep_the_house_from_hedging(
        self, house: House
    ) -> None:
        house.limit("BTC")
        house.trade("BTC", "3", "150000")

        (order,) = house.settle()

        assert order.state == OrderState.FILLED
        assert _state("BTC").stop_selling
        house.net()
        assert not _state("BTC").stop_selling


class TestByHand:
    @pytest.fixture
    def boss(self, house: House) -> User:
        return User.objects.create_superuser("boss@krak.example", "sandbox-staff")

    def test_staff_may_hedge_within_the_band_with_a_reason(self, house: House, boss: User) -> None:
        house.limit("BTC")
        house.trade("BTC", "0.01", "500")

        order = services.hedge_now(asset="BTC", reason="weekend", by=boss, now=clock.now())

        assert (order.quantity, order.side, order.reason, order.asked_by) == (
            Decimal("0.01"), "SELL", "weekend", boss,
        )  # fmt: skip
        assert house.follow(house.send(order)).state == OrderState.FILLED

    def test_it_says_why_it_cannot(self, house: House, boss: User, settings: Any) -> None:
        def why(reason: str = "because") -> str:
            with pytest.raises(CannotHedge) as refusal:
                services.hedge_now(asset="BTC", reason=reason, by=boss, now=clock.now())
            return refusal.value.detail

        house.limit("BTC")
        assert why("  ") == "Say why."
        assert "where it should be" in why()
        house.trade("BTC", "2", "100000")
        house.net()
        assert why() == "An order is open."
        assert "no price" in _why(boss, "PAXG")

    def test_an_order_that_was_not_sent_is_cancelled_at_once(
        self, house: House, boss: User
    ) -> None:
        house.limit("BTC")
        house.trade("BTC", "2", "100000")
        (order,) = house.net()

        services.cancel(order_id=order.id, reason="no", by=boss, now=clock.now())

        order = house.send(order)
        assert (order.state, order.cancel_reason, order.cancel_asked_by) == (
            OrderState.EXPIRED, "no", boss,
        )  # fmt: skip
        with pytest.raises(services.AlreadyEnded):
            services.cancel(order_id=order.id, reason="no", by=boss, now=clock.now())
        with pytest.raises(services.CancelWithoutReason):
            services.cancel(order_id=order.id, reason=" ", by=boss, now=clock.now())


def _why(boss: User, asset: str) -> str:
    with pytest.raises(CannotHedge) as refusal:
        services.hedge_now(asset=asset, reason="because", by=boss, now=clock.now())
    return refusal.value.detail


def test_after_a_thousand_trades_every_exposure_is_within_its_band(
    house: House, settings: Any
) -> None:
    chance = random.Random(20261124)
    prices = {"BTC": 50_000, "ETH": 2500, "SOL": 100, "AAPLx": 200}
    for code in prices:
        house.limit(code)
    before = {code: Decimal(0) for code in prices} | queries.inventory()
    traded = dict.fromkeys(prices, Decimal(0))
    settings.PAPER_FILL_PERCENT = 60
    for _ in range(10):
        trades = []
        for _ in range(100):
            code = chance.choice(sorted(prices))
            units = Decimal(chance.randint(-(10**6), 10**6) or 1).scaleb(-2) / prices[code]
            units = units.quantize(Decimal("1e-10"))
            trades.append((code, units, (units * prices[code]).quantize(Decimal("1e-10"))))
            traded[code] += units
        house.trade_all(trades)
        house.settle()
    # Each order fills 60 percent, so the rest needs a few rounds.
    for _ in range(15):
        house.settle()

    for code, price in prices.items():
        assert queries.inventory()[code] == before[code] + traded[code]
        assert abs(_deviation(code)) * price <= _band(code, clock.now())
    assert house.net() == []
    assert queries.breaks() == []
    assert ledger.breaks(customer_id=house.customer.id) == []
