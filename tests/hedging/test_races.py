"""Two rounds at one moment, a fill while a round nets: made, not hoped for."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from fx.prices import live
from holdings.hedging import queries, services, tasks
from holdings.hedging.models import HedgeFill, HedgeOrder, RiskLimit, RiskState
from krak.core import clock
from tests.boards import board_of_pins
from tests.hedging.conftest import House, list_assets, list_instruments
from tests.races import in_a_thread, other_session, wait_for_blocked

__all__ = ["other_session"]

pytestmark = pytest.mark.usefixtures("committed")

CODE = "SPYx"


@pytest.fixture
def traded(now: datetime) -> Iterator[House]:
    """Return a committed house that customers have sold nine shares to, beyond the band."""
    list_assets(now)
    list_instruments("paper", now)
    with live.installed(board_of_pins({})):
        house = House()
        house.limit(CODE)
        house.trade(CODE, "1", "500")
        house.settle()
        house.trade(CODE, "9", "4500")
        yield house
        # Nothing is deleted: what is left is hedged, and the limit is made wide again.
        for order in HedgeOrder.objects.filter(asset=CODE, ended_at=None):
            house.follow(house.send(order))
        house.settle()
        house.limit(CODE, band_usd=10**9, widen_at_usd=10**9, stop_at_usd=10**9)


def test_of_two_rounds_at_one_moment_one_orders(
    traded: House, other_session: psycopg.Connection[Any]
) -> None:
    other_session.execute(
        "SELECT 1 FROM hedging_riskstate WHERE asset = %s FOR NO KEY UPDATE", [CODE]
    )
    with ThreadPoolExecutor(2) as pool:
        rounds = [pool.submit(in_a_thread, lambda: services.net(now=clock.now())) for _ in range(2)]
        wait_for_blocked(other_session, 2)
        other_session.rollback()
        written = sorted(each.result(10) for each in rounds)

    assert written == [0, 1]
    assert HedgeOrder.objects.filter(asset=CODE, ended_at=None).count() == 1


def test_a_round_that_waits_for_a_fill_to_be_recorded_nets_with_it(
    traded: House, other_session: psycopg.Connection[Any]
) -> None:
    (order,) = traded.net()
    traded.send(order)
    other_session.execute(
        "SELECT 1 FROM hedging_riskstate WHERE asset = %s FOR NO KEY UPDATE", [CODE]
    )
    with ThreadPoolExecutor(2) as pool:
        following = pool.submit(in_a_thread, lambda: traded.follow(order))
        wait_for_blocked(other_session, 1)
        netting = pool.submit(in_a_thread, lambda: services.net(now=clock.now()))
        wait_for_blocked(other_session, 2)
        other_session.rollback()
        following.result(10)
        assert netting.result(10) == 0

    assert HedgeFill.objects.filter(order=order).count() == 1
    assert RiskState.objects.get(asset=CODE).units == 0
    assert queries.breaks() == []


def test_an_order_whose_message_comes_four_times_at_once_is_sent_once(traded: House) -> None:
    (order,) = traded.net()

    def send(_n: int) -> None:
        in_a_thread(lambda: tasks.send(payload={"order": str(order.id)}, now=clock.now()))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))

    assert traded.follow(order).state == "FILLED"
    assert HedgeFill.objects.filter(order=order).count() == 1
    assert RiskState.objects.get(asset=CODE).units == 0


def test_a_thread_of_trades_and_a_thread_of_rounds_end_flat(traded: House) -> None:
    def trade() -> None:
        for _ in range(30):
            traded.trade(CODE, "1", "500")

    def hedge() -> None:
        for _ in range(8):
            traded.settle()

    with ThreadPoolExecutor(3) as pool:
        trading = pool.submit(in_a_thread, trade)
        hedging = pool.submit(in_a_thread, hedge)
        trading.result(60)
        hedging.result(60)
    traded.settle()
    traded.settle()

    held = queries.inventory()[CODE]
    state = RiskState.objects.get(asset=CODE)
    fills = HedgeFill.objects.filter(asset=CODE)
    assert (
        held
        + sum((fill.units if fill.side == "BUY" else -fill.units for fill in fills), Decimal(0))
        == state.units
    )
    assert abs(state.units) * 500 <= RiskLimit.objects.filter(asset=CODE).latest("id").band_usd
    assert queries.breaks() == []
