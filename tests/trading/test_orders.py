"""Limit orders: set aside, filled at the limit or better, once, or canceled and free again."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from fx.assets.rules import Status
from fx.eligibility.models import EligibilityRule
from holdings.ledger import queries as ledger
from holdings.ledger import services as ledger_services
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from holdings.lots.models import Lot
from holdings.trading.models import Order, Trade
from holdings.trading.rules.orders import OrderSide, limit_units
from krak.core import clock
from krak.core.ids import show, uuid7
from krak.core.transactions import transaction as unit_of_work
from krak.customers import services as customers
from krak.customers.models import (
    Act,
    Customer,
    KycRule,
    Terms,
    User,
    Verification,
)
from krak.notifications.kinds import word
from tests.people import Known, new_customer
from tests.trading.conftest import told
from tests.trading.orders import BUY, SELL, balance, fill_now, place, placed
from tests.trading.test_quotes import a_policy, refusal, set_status
from tests.trading.test_trades import books_hold

pytestmark = pytest.mark.django_db


@given(
    st.sampled_from(list(OrderSide)),
    st.integers(1, 10**12).map(lambda n: Decimal(n).scaleb(-8)),
    st.integers(1, 10**14).map(lambda n: Decimal(n).scaleb(-6)),
    st.sampled_from(["1", "0.5", "1.0123456789", "3"]).map(Decimal),
    st.sampled_from([0, 2, 10]),
)
def test_a_limit_is_rounded_for_the_customer(side, units, price, multiplier, places):
    limit = limit_units(
        side, units=units, limit_price=price, asset_multiplier=multiplier,
        against_multiplier=Decimal(1), against_places=places,
    )  # fmt: skip

    exact = units * multiplier * price
    last = Decimal(1).scaleb(-places)
    assert (
        exact <= limit < exact + last if side is OrderSide.SELL else limit <= exact < limit + last
    )


def test_a_sale_sets_its_units_aside_until_it_is_filled_at_its_limit(
    market: Any, ada: Known
) -> None:
    order = placed(ada, SELL)
    assert balance(ada, "BTC") == (Decimal("0.1"), Decimal("0.04"))
    assert (order.limit_units, order.state) == (Decimal(2400), "OPEN")

    assert fill_now() == 0
    market({"BTC": "59999.99"}, ask={"BTC": "60100"})
    assert fill_now() == 0
    market({"BTC": "60000"}, ask={"BTC": "60100"})
    assert fill_now() == 1

    order.refresh_from_db()
    trade = Trade.objects.select_related("quote").get()
    assert (order.state, order.trade) == ("FILLED", trade)
    assert (trade.quote.source, trade.quote.buy_units) == ("ORDER", Decimal(2400))
    assert balance(ada, "BTC") == (Decimal("0.06"), 0)
    assert balance(ada, "USD") == (Decimal(3400), 0)
    [(kind, facts)] = told(ada)
    assert (kind, facts["order"]) == ("order.filled", show(Order.PREFIX, order.id))
    assert word(kind, facts).text == "0.04 BTC became 2400.00 USD."
    assert fill_now() == 0
    books_hold(ada)


def test_a_purchase_sets_aside_the_most_it_may_cost_and_pays_what_it_costs(
    market: Any, ada: Known
) -> None:
    placed(ada, BUY)
    assert balance(ada, "USD") == (Decimal(1000), Decimal(400))

    market({"BTC": "39000"}, ask={"BTC": "40000.01"})
    assert fill_now() == 0
    market({"BTC": "39000"}, ask={"BTC": "39500"})
    assert fill_now() == 1

    assert balance(ada, "USD") == (Decimal(605), 0)
    assert balance(ada, "BTC") == (Decimal("0.11"), 0)
    books_hold(ada)


def test_a_limit_includes_the_fee(market: Any, ada: Known) -> None:
    market({"EUR": "1", "BTC": "50000"}, ask={"EUR": "1", "BTC": "50000"})
    order = placed(ada, SELL, against="EUR", quantity="0.01", limit_price="50000")

    # 500 euros before one per cent.
    assert fill_now() == 0
    market({"EUR": "1", "BTC": "50505"}, ask={"EUR": "1", "BTC": "50505"})
    assert fill_now() == 0
    market({"EUR": "1", "BTC": "50506"}, ask={"EUR": "1", "BTC": "50506"})
    assert fill_now() == 1

    order.refresh_from_db()
    assert order.trade is not None
    assert order.trade.quote.buy_units == Decimal("500.00")
    assert order.trade.quote.fee == Decimal("0.0001")


def test_an_order_reads_as_it_was_placed(ada: Known) -> None:
    body = place(ada, SELL).json()

    assert {name: body[name] for name in body if name not in {"id", "created_at"}} == {
        "object": "order",
        "state": "open",
        "side": "sell",
        "quantity": {"amount": "0.04", "currency": "BTC", "multiplier": None},
        "limit_price": "60000",
        "limit": {"amount": "2400.00", "currency": "USD", "multiplier": None},
        "fee": {"amount": "0", "currency": "BTC", "multiplier": None},
        "fee_percent": "0",
        "trade": None,
        "cancel_reason": "",
        "canceled_at": None,
        "livemode": False,
    }
    assert ada.get(f"/v1/orders/{body['id']}").json() == body
    assert ada.get("/v1/orders").json()["results"] == [body]


def test_a_split_changes_what_is_shown_and_not_what_is_exchanged(market: Any) -> None:
    market()
    known = new_customer(holdings={"AAPLx": "3"})
    order = placed(known, SELL, asset="AAPLx", quantity="2", limit_price="300")

    market({"AAPLx": "100"}, multipliers={"AAPLx": "2"})

    body = known.get("/v1/orders").json()["results"][0]
    assert body["quantity"] == {"amount": "4", "currency": "AAPLx", "multiplier": "2"}
    assert body["limit_price"] == "150"
    assert body["limit"] == {"amount": "600.00", "currency": "USD", "multiplier": None}
    assert body["fee"] == {"amount": "0", "currency": "AAPLx", "multiplier": "2"}
    assert fill_now() == 0
    market({"AAPLx": "150"}, multipliers={"AAPLx": "2"})
    assert fill_now() == 1
    order.refresh_from_db()
    assert order.trade is not None
    assert order.trade.quote.buy_units == 600
    [(kind, facts)] = told(known)
    assert (kind, facts["sold"]) == (
        "order.filled", {"amount": "4", "currency": "AAPLx", "multiplier": "2"},
    )  # fmt: skip
    assert facts["bought"] == {"amount": "600.00", "currency": "USD"}


@pytest.mark.parametrize("state", ["stale", "halted"])
def test_nothing_is_filled_of_what_may_not_be_traded(market: Any, ada: Known, state: str) -> None:
    placed(ada, SELL)

    market({"BTC": "70000"}, ask={"BTC": "70000"}, **{state: ["BTC"]})

    assert fill_now() == 0
    market({"BTC": "70000"}, ask={"BTC": "70000"})
    set_status("BTC", Status.HALTED)
    assert fill_now() == 0
    assert Order.objects.get().state == "OPEN"
    set_status("BTC", Status.ACTIVE)
    assert fill_now() == 1


def test_a_frozen_account_and_a_full_day_wait(market: Any, ada: Known) -> None:
    placed(ada, SELL)
    market({"BTC": "70000"}, ask={"BTC": "70000"})

    with unit_of_work():
        customers.freeze(customer_id=ada.customer.id, reason="test", now=clock.now())
    assert fill_now() == 0
    with unit_of_work():
        customers.unfreeze(customer_id=ada.customer.id, reason="test")
    a_policy(maximum_usd=Decimal(3000), daily_maximum_usd=Decimal(3000))
    quote = ada.send("/v1/quotes", {"sell": "USD", "buy": "EUR", "sell_amount": "300"}).json()
    assert ada.send(f"/v1/quotes/{quote['id']}/accept").status_code == 201
    assert fill_now() == 0
    assert Order.objects.get().state == "OPEN"
    assert balance(ada, "BTC") == (Decimal("0.1"), Decimal("0.04"))


def test_an_order_that_can_never_be_filled_is_canceled_and_its_funds_are_free(
    market: Any,
) -> None:
    market()
    known = new_customer(cash="1000", country="BR")
    order = placed(known, BUY, asset="AAPLx", quantity="1", limit_price="250")
    EligibilityRule.objects.create(
        asset_class="SECURITY", country="BR", verdict="NOT_AVAILABLE", reason="closed",
        effective_at=clock.now(),
    )  # fmt: skip

    assert fill_now() == 0

    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("CANCELED", "eligibility.not_eligible")
    assert balance(known, "USD") == (Decimal(1000), 0)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"maximum_usd": Decimal(2000)}, "quotes.above_maximum"),
        ({"minimum_usd": Decimal(3000)}, "quotes.below_minimum"),
    ],
)
def test_an_order_that_became_worth_too_much_or_too_little_is_canceled_and_its_owner_told(
    market: Any, ada: Known, changed: dict[str, Decimal], reason: str
) -> None:
    order = placed(ada, SELL)
    market({"BTC": "60000"}, ask={"BTC": "60000"})
    a_policy(**changed)

    assert fill_now() == 0

    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("CANCELED", reason)
    assert balance(ada, "BTC") == (Decimal("0.1"), 0)
    [(kind, facts)] = told(ada)
    assert kind == "order.canceled"
    assert (facts["order"], facts["asset"], facts["reason"]) == (
        show("ord", order.id), "BTC", reason,
    )  # fmt: skip


def test_an_order_over_the_limit_of_a_level_waits_for_the_next_day(market: Any, ada: Known) -> None:
    order = placed(ada, SELL)
    market({"BTC": "60000"}, ask={"BTC": "60000"})
    rule = {"level": 2, "act": Act.TRADE, "allowed": True, "currency": "EUR"}
    KycRule.objects.create(per_day=2000, effective_at=clock.now() - timedelta(seconds=1), **rule)

    # 2,400 dollars are 2,181.82 euros.
    assert fill_now() == 0
    assert balance(ada, "BTC") == (Decimal("0.1"), Decimal("0.04"))
    assert told(ada) == []
    KycRule.objects.create(per_day=2182, effective_at=clock.now(), **rule)
    assert fill_now() == 1

    order.refresh_from_db()
    assert order.state == "FILLED"
    books_hold(ada)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda theirs: Verification.objects.filter(customer=theirs).update(
                expires_at=clock.now()
            ),
            "customers.verification_required",
        ),
        (
            lambda _theirs: Terms.objects.create(
                kind="terms_of_service",
                version="newer",
                title="Newer",
                url="https://krak.example/newer",
                effective_at=clock.now(),
            ),
            "customers.terms_required",
        ),
        (
            lambda theirs: Customer.objects.filter(id=theirs.id).update(country="KP"),
            "customers.country_ineligible",
        ),
        (
            lambda theirs: User.objects.filter(customer=theirs).update(email_verified_at=None),
            "customers.email_unverified",
        ),
    ],
)
def test_whoever_may_not_trade_any_more_has_no_order_filled(
    market: Any, ada: Known, change: Any, reason: str
) -> None:
    order = placed(ada, SELL, against="EUR", limit_price="50000")
    change(ada.customer)
    assert fill_now() == 0
    assert Order.objects.get().state == "OPEN"

    market({"BTC": "60000"}, ask={"BTC": "60000"})
    assert fill_now() == 0

    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("CANCELED", reason)
    assert balance(ada, "BTC") == (Decimal("0.1"), 0)
    assert [kind for kind, _facts in told(ada)] == ["order.canceled"]
    assert not Trade.objects.exists()


def test_money_that_the_network_took_ends_the_order_it_was_set_aside_for(
    market: Any, ada: Known
) -> None:
    order = placed(ada, BUY, limit_price="50025")
    cash = ledger.balances(customer_id=ada.customer.id)["USD"]
    now = clock.now()
    with unit_of_work():
        ledger_services.post(
            Entry(
                id=uuid7(), customer_id=ada.customer.id, cause="capture", kind="CAPTURE",
                event_at=now, created_at=now, details={},
                legs=(
                    Leg(DEBIT, "USD", Decimal(700), account=cash.account_id, forced=True),
                    Leg(CREDIT, "USD", Decimal(700), house="CARD_SETTLEMENT"),
                ),
            )
        )  # fmt: skip

    assert fill_now() == 0

    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("CANCELED", "trading.insufficient_funds")
    assert balance(ada, "USD") == (Decimal(300), 0)
    books_hold(ada)


def test_an_owner_cancels_once_and_gets_the_funds_back(market: Any, ada: Known) -> None:
    order = placed(ada, SELL)
    path = f"/v1/orders/{ada.get('/v1/orders').json()['results'][0]['id']}"

    first, again = ada.send(f"{path}/cancel"), ada.send(f"{path}/cancel")

    assert first.json() == again.json()
    assert (first.json()["state"], first.json()["cancel_reason"]) == ("canceled", "customer")
    assert balance(ada, "BTC") == (Decimal("0.1"), 0)
    market({"BTC": "70000"}, ask={"BTC": "70000"})
    assert fill_now() == 0
    order.refresh_from_db()
    assert order.trade is None


def test_what_was_filled_cannot_be_canceled(market: Any, ada: Known) -> None:
    order = placed(ada, SELL, limit_price="40000")
    assert fill_now() == 1

    response = ada.send(f"/v1/orders/{ada.get('/v1/orders').json()['results'][0]['id']}/cancel")

    assert refusal(response) == (409, "trading.order_ended")
    assert response.json()["facts"] == {"state": "filled"}
    order.refresh_from_db()
    assert order.state == "FILLED"


def test_another_customers_order_does_not_exist(ada: Known) -> None:
    body = place(ada, SELL).json()
    eve = new_customer(cash="100")

    for path in (f"/v1/orders/{body['id']}", "/v1/orders/ord_x"):
        assert refusal(eve.get(path)) == (404, "trading.order_not_found")
        assert refusal(eve.send(f"{path}/cancel")) == (404, "trading.order_not_found")
    assert eve.get("/v1/orders").json()["results"] == []
    assert Order.objects.get().state == "OPEN"


def test_an_order_sells_all_that_is_shown(market: Any) -> None:
    multiplier = "1.002134567890123456"
    market(multipliers={"AAPLx": multiplier})
    known = new_customer(cash="0", holdings={"AAPLx": "3"}, country="BR")
    shown = known.get("/v1/balances").json()["results"][0]["available"]["amount"]

    order = placed(known, SELL, asset="AAPLx", quantity=shown, limit_price="300")

    assert balance(known, "AAPLx") == (order.units, order.units)
    assert order.units * Decimal(multiplier) == Decimal(shown)


def test_a_board_costs_the_same_few_queries_however_many_orders_wait(
    market: Any, ada: Known
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert fill_now() == 0
        return len(found)

    # One that is crossed before fees and not with them, so that all of the way is gone.
    market({"EUR": "1", "BTC": "50000"}, ask={"EUR": "1", "BTC": "50000"})
    close = SELL | {"against": "EUR", "quantity": "0.001", "limit_price": "50000"}
    placed(ada, close)
    before = queries()
    for _ in range(10):
        placed(ada, close)
        placed(ada, SELL, quantity="0.001")

    assert queries() == before == 4


def test_an_order_that_breaks_does_not_keep_the_others_waiting(
    market: Any, ada: Known, caplog: pytest.LogCaptureFixture
) -> None:
    broken = placed(ada, SELL)
    bob = new_customer(holdings={"BTC": "0.1"})
    sound = placed(bob, SELL)
    # The lots hold less than the account says, so the database stops the first one half-way.
    Lot.objects.filter(customer=ada.customer, currency="BTC").update(remaining=Decimal("0.01"))
    market({"BTC": "70000"}, ask={"BTC": "70000"})

    assert fill_now() == 1

    broken.refresh_from_db()
    sound.refresh_from_db()
    assert (broken.state, sound.state) == ("OPEN", "FILLED")
    assert balance(ada, "BTC") == (Decimal("0.1"), Decimal("0.04"))
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        f"{broken} broke"
    ]
