"""What conversions cost is told before anybody asks for one."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from moneyed import Money

from fx.prices import live
from fx.prices.rules import board_of
from fx.quotes.models import FeeSchedule
from holdings.trading.models import Trade
from holdings.trading.services import orders, recurring
from krak.core import clock
from krak.core.money import amount_object, money
from tests.people import Known, new_customer
from tests.trading.test_quotes import ask

pytestmark = pytest.mark.django_db


def test_the_fees_in_force_are_those_that_a_quote_charges(ada: Known) -> None:
    now = clock.now()
    FeeSchedule.objects.create(
        effective_at=now, fee_bps=150, minimum_fee_usd="0.30", free_with=["USD"]
    )
    FeeSchedule.objects.create(
        effective_at=now + timedelta(days=1), fee_bps=900, minimum_fee_usd=0, free_with=[]
    )

    fees = ada.get("/v1/fees").json()

    assert (fees["fee_percent"], fees["free_with"]) == ("1.5", ["USD"])
    assert fees["minimum_fee"] == {"amount": "0.30", "currency": "USD"}
    assert fees["quotes_hold_seconds"] > 0
    assert ask(ada, "EUR", "BTC", sell_amount="100").json()["fee"]["amount"] == "1.50"
    assert ask(ada, "USD", "BTC", sell_amount="100").json()["fee"]["amount"] == "0.00"


def a_schedule(bps: int, minimum_usd: str) -> None:
    FeeSchedule.objects.create(
        effective_at=clock.now(), fee_bps=bps, minimum_fee_usd=minimum_usd, free_with=["USD"]
    )


def charged() -> Money:
    """Return the fee of the one trade."""
    quote = Trade.objects.select_related("quote").get().quote
    return money(quote.fee, quote.sell_currency)


@pytest.mark.parametrize("side", ["sell", "buy"])
def test_an_order_says_the_fee_that_it_is_charged_at_its_limit(
    market: Any, ada: Known, side: str
) -> None:
    a_schedule(150, "0.30")
    market({"EUR": "1", "BTC": "50000"}, ask={"EUR": "1", "BTC": "50000"})
    asked = {
        "side": side, "asset": "BTC", "against": "EUR", "quantity": "0.004",
        "limit_price": {"sell": "49000", "buy": "50765"}[side],
    }  # fmt: skip

    order = ada.send("/v1/orders", asked).json()

    assert order["fee_percent"] == "1.5"
    assert (
        order["fee"]
        == {
            "sell": {"amount": "0.00006", "currency": "BTC", "multiplier": None},
            # Of 203.06 euros: 3.0459, rounded up.
            "buy": {"amount": "3.05", "currency": "EUR", "multiplier": None},
        }[side]
    )
    assert ada.get("/v1/orders").json()["results"] == [order]
    assert orders.fill_crossed(board=live.current(), now=clock.now()) == 1
    assert amount_object(charged()) | {"multiplier": None} == order["fee"]
    ended = ada.get(f"/v1/orders/{order['id']}").json()
    assert (ended["state"], ended["fee"], ended["fee_percent"]) == ("filled", None, None)


def test_a_fee_is_shown_by_the_multiplier_of_what_is_sold(market: Any) -> None:
    market(multipliers={"AAPLx": "2"})
    known = new_customer(holdings={"AAPLx": "3"}, country="BR")
    order = {"side": "sell", "asset": "AAPLx", "against": "EUR", "quantity": "2"}

    made = known.send("/v1/orders", order | {"limit_price": "300"}).json()

    assert made["fee"] == {"amount": "0.02", "currency": "AAPLx", "multiplier": "2"}


def test_a_recurring_buy_says_the_fee_that_each_buy_is_charged(ada: Known) -> None:
    a_schedule(150, "0.30")
    asked = {
        "buy": "BTC", "pay_with": "EUR", "amount": "10.00", "frequency": "weekly", "at": "00:00",
    }  # fmt: skip

    plan = ada.send("/v1/recurring-buys", asked).json()

    # 30 cents of a dollar at the bid of 1.0997 are more than 15 of a euro.
    assert (plan["fee"], plan["fee_percent"]) == ({"amount": "0.28", "currency": "EUR"}, "1.5")
    assert ada.get("/v1/recurring-buys").json()["results"] == [plan]
    assert recurring.run_due(board=live.current(), now=clock.now()) == 1
    assert amount_object(charged()) == plan["fee"]
    path = f"/v1/recurring-buys/{plan['id']}"
    assert ada.send(f"{path}/pause").json()["fee"] == plan["fee"]
    ended = ada.send(f"{path}/cancel").json()
    assert (ended["fee"], ended["fee_percent"]) == (None, None)


def test_what_has_no_price_has_no_fee_yet_and_a_rate(market: Any, ada: Known) -> None:
    asked = {
        "side": "sell", "asset": "BTC", "against": "EUR", "quantity": "0.01",
        "limit_price": "60000",
    }  # fmt: skip
    order = ada.send("/v1/orders", asked).json()
    without = [price for code, price in market().prices.items() if code != "BTC"]
    now = clock.now()

    with live.installed(board_of(without, version=1, built_at=now)):
        seen = ada.get(f"/v1/orders/{order['id']}").json()

    assert (order["fee"]["amount"], seen["fee"], seen["fee_percent"]) == ("0.0001", None, "1")


def test_a_rule_for_incoming_money_says_its_rate_and_the_smallest_fee(ada: Known) -> None:
    a_schedule(150, "0.30")
    rule = {"currency": "EUR", "into": "BTC", "percent": "50"}

    dear = ada.send("/v1/auto-convert", rule, method="put").json()
    free = ada.send("/v1/auto-convert", rule | {"currency": "USD"}, method="put").json()

    cents = [{"amount": amount, "currency": "USD"} for amount in ("0.30", "0.00")]
    assert (dear["fee_percent"], dear["minimum_fee"]) == ("1.5", cents[0])
    assert (free["fee_percent"], free["minimum_fee"]) == ("0", cents[1])
    assert ada.get("/v1/auto-convert").json()["results"] == [dear, free]


@pytest.mark.parametrize("many", [1, 5])
def test_a_list_asks_for_the_terms_once(ada: Known, many: int) -> None:
    order = {"side": "sell", "asset": "BTC", "against": "EUR", "quantity": "0.01"}
    for _ in range(many):
        assert ada.send("/v1/orders", order | {"limit_price": "60000"}).status_code == 201

    with CaptureQueriesContext(connection) as seen:
        assert len(ada.get("/v1/orders").json()["results"]) == many

    asked = [each["sql"] for each in seen if "quotes_feeschedule" in each["sql"]]
    assert len(asked) == 1
