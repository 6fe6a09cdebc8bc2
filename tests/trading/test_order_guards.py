"""What cannot be ordered, and what the database refuses of an order."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from holdings.trading.models import Order, Trade
from holdings.trading.services import orders
from krak.core import clock
from tests.people import Known, new_customer
from tests.trading.orders import SELL, fill_now, place, placed
from tests.trading.test_quotes import refusal

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({"quantity": "0.2"}, (422, "trading.insufficient_funds")),
        ({"quantity": "0.00001"}, (422, "quotes.below_minimum")),
        ({"quantity": "0.000000000001"}, (400, "quotes.amount_too_fine")),
        ({"quantity": "0"}, (400, "api.invalid")),
        ({"quantity": "2"}, (422, "quotes.above_maximum")),
        ({"limit_price": "1250000.01"}, (422, "quotes.above_maximum")),
        ({"limit_price": "0"}, (400, "api.invalid")),
        (
            {"limit_price": "999999999999999999", "quantity": "1.1"},
            (400, "quotes.amount_too_large"),
        ),
        ({"limit_price": "0.0000000001", "side": "buy"}, (422, "quotes.below_minimum")),
        ({"against": "BTC"}, (400, "quotes.same_asset")),
        ({"against": "btc"}, (404, "assets.unknown")),
        ({"side": "buy", "asset": "AAPLx"}, (422, "eligibility.not_eligible")),
        ({"side": "hold"}, (400, "api.invalid")),
        ({"good_till": "friday"}, (400, "api.invalid")),
    ],
)
def test_what_cannot_be_ordered_is_refused(
    market: Any, changed: dict[str, str], answer: tuple[int, str]
) -> None:
    known = new_customer(cash="1000", holdings={"BTC": "0.1"})

    assert refusal(place(known, SELL, **changed)) == answer
    assert not Order.objects.exists()


def test_an_order_needs_a_key_and_its_repeat_places_nothing(ada: Known) -> None:
    first, again = (ada.send("/v1/orders", SELL, key="k1") for _ in range(2))

    assert first.json() == again.json()
    assert Order.objects.count() == 1


def test_there_are_so_many_open_orders_at_a_time(ada: Known, monkeypatch: Any) -> None:
    monkeypatch.setattr(orders, "MOST_OPEN", 2)
    for _ in range(2):
        placed(ada, SELL, quantity="0.01")

    assert refusal(place(ada, SELL, quantity="0.01")) == (422, "trading.too_many_orders")


def test_an_order_keeps_its_terms_and_its_end(market: Any, ada: Known) -> None:
    order = placed(ada, SELL)
    rows = Order.objects.filter(id=order.id)
    changes: list[dict[str, Any]] = [
        {"units": Decimal(1)}, {"limit_units": Decimal(1)}, {"side": "BUY"},
        {"created_at": clock.now() + timedelta(days=1)},
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(DatabaseError, match="keeps its terms"), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError, match="canceled_for_a_reason"), transaction.atomic():
        rows.update(canceled_at=clock.now())
    market({"BTC": "70000"}, ask={"BTC": "70000"})
    fill_now()
    canceled = {"canceled_at": clock.now(), "cancel_reason": "customer"}
    for undo in ({"trade": None}, canceled):
        with pytest.raises(DatabaseError, match="ended stays as it is"), transaction.atomic():
            rows.update(**undo)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.delete()


def test_an_order_is_not_both_filled_and_canceled(market: Any, ada: Known) -> None:
    filled, waits = placed(ada, SELL, limit_price="40000"), placed(ada, SELL, quantity="0.01")
    fill_now()
    filled.refresh_from_db()
    # A trade of another kind, so that only this rule is in the way.
    body = ada.send("/v1/quotes", {"sell": "USD", "buy": "BTC", "sell_amount": "10"}).json()
    ada.send(f"/v1/quotes/{body['id']}/accept")
    assert filled.trade_id is not None
    other = Trade.objects.exclude(id=filled.trade_id).get()

    with pytest.raises(IntegrityError, match="not_both_filled_and_canceled"), transaction.atomic():
        Order.objects.filter(id=waits.id).update(
            trade=other, canceled_at=clock.now(), cancel_reason="customer"
        )
    with pytest.raises(IntegrityError, match="trade_id"), transaction.atomic():
        Order.objects.filter(id=waits.id).update(trade=filled.trade)
