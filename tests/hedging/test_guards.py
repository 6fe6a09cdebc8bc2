"""What the database refuses of hedging, tried around the services."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from holdings.hedging import queries
from holdings.hedging.models import HedgeFill, HedgeOrder, RiskState
from krak.core import clock
from krak.core.ids import uuid7
from tests.hedging.conftest import House


@pytest.fixture
def filled(house: House) -> HedgeOrder:
    house.limit("BTC")
    house.trade("BTC", "2", "100000")
    (order,) = house.settle()
    return order


@pytest.mark.parametrize("table", ["hedging_risklimit", "hedging_hedgefill"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_limits_and_fills_cannot_be_changed(filled: HedgeOrder, table: str, verb: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # What the test case holds back until its end would hide what is refused now.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        # Two triggers guard limits from being emptied: the table's own, and the audit's.
        refusal = "append-only|its history is kept"
        with pytest.raises(DatabaseError, match=refusal), transaction.atomic():
            cursor.execute(verb.format(table))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("quantity = quantity + 1", "an order keeps what it asks for"),
        ("asset = 'ETH'", "an order keeps what it asks for"),
        ("deadline = deadline + interval '1 hour'", "an order keeps what it asks for"),
        ("ended_at = NULL, state = 'SENT'", "an order does not go back"),
        ("state = 'SENT'", "an_order_ends_in_an_end_state"),
        ("sent_at = NULL", "only_what_was_sent_has_an_answer"),
    ],
)
def test_an_order_keeps_what_it_asks_for_and_does_not_go_back(
    filled: HedgeOrder, columns: str, message: str
) -> None:
    with pytest.raises(DatabaseError, match=message), transaction.atomic():
        connection.cursor().execute(
            f"UPDATE hedging_hedgeorder SET {columns} WHERE id = %s", [filled.id]
        )


def test_an_order_cannot_be_deleted(filled: HedgeOrder) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute("DELETE FROM hedging_hedgeorder")


def _order(**values: Any) -> HedgeOrder:
    now = clock.now()
    usual = {
        "id": uuid7(), "asset": "ETH", "venue": "paper", "pair": "ETH", "side": "BUY",
        "quantity": Decimal(1), "multiplier": Decimal(1), "deadline": now + timedelta(seconds=30),
        "reason": "test", "created_at": now,
    }  # fmt: skip
    return HedgeOrder(**usual | values)


def test_an_asset_has_one_open_order(house: House) -> None:
    _order().save(force_insert=True)

    with pytest.raises(IntegrityError, match="an_asset_has_one_open_order"), transaction.atomic():
        _order().save(force_insert=True)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"quantity": Decimal(0)}, "an_order_is_for_something"),
        ({"limit_price": Decimal(0)}, "an_order_is_for_something"),
        ({"side": "HOLD"}, "an_order_buys_or_sells"),
        ({"state": "FILLED"}, "an_order_ends_in_an_end_state"),
        ({"state": "SENT"}, "only_what_was_sent_has_an_answer"),
    ],
)
def test_an_order_makes_sense(house: House, values: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        _order(**values).save(force_insert=True)


def test_a_fill_is_recorded_once(filled: HedgeOrder) -> None:
    (fill,) = filled.fills.all()
    fill.id = uuid7()

    with pytest.raises(IntegrityError, match="a_fill_is_recorded_once"), transaction.atomic():
        fill.save(force_insert=True)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"kind": "CRYPTO"}, "a_limit_is_of_an_asset_or_of_a_kind"),
        ({"asset": ""}, "a_limit_is_of_an_asset_or_of_a_kind"),
        (
            {"asset": "", "kind": "CRYPTO", "target_units": 1},
            "a_kinds_target_is_zero",
        ),
        ({"band_usd": 60_000}, "a_limit_hedges_before_it_widens_before_it_stops"),
        ({"stop_at_usd": 100}, "a_limit_hedges_before_it_widens_before_it_stops"),
        ({"widen_bps": 5001}, "a_limits_basis_points_are_at_most_5000"),
        ({"slip_bps": 5001}, "a_limits_basis_points_are_at_most_5000"),
    ],
)
def test_a_limit_makes_sense(house: House, values: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        house.limit(**{"asset": "BTC"} | values)


def test_a_position_that_is_not_inventory_and_fills_is_found(filled: HedgeOrder) -> None:
    assert queries.breaks() == []

    RiskState.objects.filter(asset="BTC").update(units=Decimal(7))
    assert queries.breaks() == ["BTC"]
    RiskState.objects.filter(asset="BTC").delete()

    assert queries.breaks() == ["BTC"]
    assert HedgeFill.objects.filter(asset="BTC").count() == 1
