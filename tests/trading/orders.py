"""Orders as tests place and fill them."""

from decimal import Decimal
from typing import Any

from fx.prices import live
from holdings.ledger import queries as ledger
from holdings.trading.models import Order
from holdings.trading.services import orders
from krak.core import clock
from krak.core.ids import read
from tests.people import Known

SELL = {
    "side": "sell", "asset": "BTC", "against": "USD", "quantity": "0.04", "limit_price": "60000",
}  # fmt: skip


BUY = {
    "side": "buy", "asset": "BTC", "against": "USD", "quantity": "0.01", "limit_price": "40000",
}  # fmt: skip


def place(known: Known, order: dict[str, str], **changed: str) -> Any:
    return known.send("/v1/orders", order | changed)


def placed(known: Known, order: dict[str, str], **changed: str) -> Order:
    response = place(known, order, **changed)
    assert response.status_code == 201, response.content
    return Order.objects.get(id=read("ord", response.json()["id"]))


def fill_now() -> int:
    return orders.fill_crossed(board=live.current(), now=clock.now())


def balance(known: Known, code: str) -> tuple[Decimal, Decimal]:
    found = ledger.balances(customer_id=known.customer.id)[code]
    return found.posted, found.held
