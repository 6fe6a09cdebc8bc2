"""From a quote to a trade: once, at its price, in the books and in the lots."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from fx.assets.rules import Status
from fx.quotes.models import Quote, QuotePolicy
from fx.quotes.services import Expired
from holdings.ledger import queries as ledger
from holdings.ledger.models import JournalEntry
from holdings.lots import queries as lots
from holdings.lots.models import Disposal, Lot
from holdings.trading import services
from holdings.trading.models import Trade
from krak.core import clock
from krak.core.ids import read, uuid7
from krak.core.transactions import transaction as unit_of_work
from krak.customers import services as customers
from krak.customers.models import Act, KycRule, Verification
from tests.people import Known, new_customer
from tests.trading.test_quotes import a_policy, ask, refusal, set_status

pytestmark = pytest.mark.django_db


def accept(known: Known, quote: dict[str, Any], key: str = "") -> Any:
    return known.send(f"/v1/quotes/{quote['id']}/accept", key=key)


def posted(known: Known) -> dict[str, Decimal]:
    return {
        code: balance.posted
        for code, balance in ledger.balances(customer_id=known.customer.id).items()
    }


def books_hold(known: Known) -> None:
    """Balanced, cached = summed, chained; and all units but those of the home currency in lots."""
    assert ledger.breaks(customer_id=known.customer.id) == []
    in_lots = lots.units_in_lots(customer_id=known.customer.id)
    assert in_lots == {
        code: units
        for code, units in posted(known).items()
        if code != known.customer.home_currency and units > 0
    }


def legs_of(entry: JournalEntry) -> list[tuple[str, str, str, Decimal]]:
    return [
        (p.side, p.house or "customer", p.currency, p.amount)
        for p in entry.postings.order_by("leg")
    ]


def test_a_trade_is_one_entry_through_the_inventory(ada: Known) -> None:
    quote = ask(ada, "EUR", "BTC", sell_amount="100").json()

    response = accept(ada, quote)

    body = response.json()
    assert response.status_code == 201
    assert {
        name: body[name] for name in ("sell", "buy", "cost", "spread", "fee", "rate", "legs")
    } == {name: quote[name] for name in ("sell", "buy", "cost", "spread", "fee", "rate", "legs")}
    assert (body["object"], body["quote"], body["source"]) == ("trade", quote["id"], "customer")
    trade = Trade.objects.get()
    assert legs_of(trade.entry) == [
        ("DEBIT", "customer", "EUR", Decimal(100)),
        ("CREDIT", "INVENTORY", "EUR", Decimal("98.93")),
        ("CREDIT", "SPREAD", "EUR", Decimal("0.07")),
        ("CREDIT", "FEES", "EUR", Decimal("1.00")),
        ("DEBIT", "INVENTORY", "BTC", Decimal("0.0021763178")),
        ("CREDIT", "customer", "BTC", Decimal("0.0021763178")),
    ]
    assert trade.entry.details["board_version"] == str(trade.quote.board_version)
    assert trade.entry.details["prices"]["buy"]["venue"] == "pinned"
    assert posted(ada)["EUR"] == 400
    assert posted(ada)["BTC"] == Decimal("0.1021763178")
    books_hold(ada)


def test_selling_for_cash_realises_what_was_got_less_what_the_oldest_lots_cost(ada: Known) -> None:
    Lot.objects.filter(customer=ada.customer, currency="BTC").update(
        cost=Decimal(2000), cost_remaining=Decimal(2000)
    )
    quote = ask(ada, "BTC", "USD", sell_amount="0.04").json()
    # 0.04 × 49,975, no fee against dollars.
    assert quote["buy"] == {"amount": "1999.00", "currency": "USD"}

    body = accept(ada, quote).json()

    # 2,000 of cost for 0.1: 800 for 0.04.
    assert body["gain"] == {"amount": "1199.00", "currency": "USD"}
    disposal = Disposal.objects.get(customer=ada.customer)
    assert (disposal.proceeds, disposal.cost_basis) == (Decimal(1999), Decimal(800))
    assert posted(ada)["USD"] == 2999
    books_hold(ada)


def test_what_is_bought_with_cash_is_a_lot_that_cost_all_that_was_paid(ada: Known) -> None:
    body = accept(ada, ask(ada, "USD", "BTC", sell_amount="100").json()).json()

    lot = Lot.objects.filter(customer=ada.customer, currency="BTC").latest("acquired_at")
    assert (lot.quantity, lot.cost, lot.cost_currency) == (
        Decimal("0.0019990004"), Decimal(100), "USD",
    )  # fmt: skip
    assert body["gain"] == {"amount": "0.00", "currency": "USD"}
    assert not Disposal.objects.exists()
    books_hold(ada)


def test_between_two_assets_the_proceeds_of_one_are_the_cost_of_the_other(ada: Known) -> None:
    body = accept(ada, ask(ada, "EUR", "BTC", sell_amount="100").json()).json()

    # 0.0021763178 BTC at the middle of 49,975 and 50,025.
    assert body["gain"] == {"amount": "108.82", "currency": "USD"}
    lot = Lot.objects.filter(customer=ada.customer, currency="BTC").latest("acquired_at")
    assert (lot.cost, lot.cost_currency) == (Decimal("108.82"), "USD")
    assert Disposal.objects.get().proceeds == Decimal("108.82")


def test_the_quoted_price_is_honoured_whatever_the_market_does(market: Any, ada: Known) -> None:
    quote = ask(ada, "USD", "BTC", sell_amount="100").json()
    market({"BTC": "90000"}, ask={"BTC": "90000"})
    market({"BTC": "90000"}, ask={"BTC": "90000"}, stale=["BTC"])

    body = accept(ada, quote).json()

    assert body["buy"] == quote["buy"] == {"amount": "0.0019990004", "currency": "BTC"}


def test_a_quote_is_accepted_to_its_last_moment_and_not_at_its_end(ada: Known, market: Any) -> None:
    quotes = [
        Quote.objects.get(id=read("quo", ask(ada, "USD", "BTC", sell_amount="10").json()["id"]))
        for _ in range(2)
    ]

    late, early = quotes
    with unit_of_work(), pytest.raises(Expired) as refused:
        services.accept_quote(
            quote_id=late.id, customer=ada.customer, board=market(), now=late.expires_at
        )
    with unit_of_work():
        services.accept_quote(
            quote_id=early.id, customer=ada.customer, board=market(),
            now=early.expires_at - timedelta(microseconds=1),
        )  # fmt: skip

    assert refused.value.facts == {"expired_at": late.expires_at.isoformat()}
    assert Trade.objects.get().quote == early


def test_an_expired_quote_says_how_to_go_on(ada: Known, monkeypatch: Any) -> None:
    quote = ask(ada, "USD", "BTC", sell_amount="10").json()
    over = Quote.objects.get().expires_at
    monkeypatch.setattr(clock, "now", lambda: over)

    response = accept(ada, quote)

    assert refusal(response) == (409, "quotes.expired")
    assert response.json()["detail"] == "Ask for a new quote with POST /v1/quotes."


def test_accepting_twice_trades_once(ada: Known) -> None:
    quote = ask(ada, "USD", "BTC", sell_amount="100").json()

    first, again = (accept(ada, quote, key="k1") for _ in range(2))
    other = accept(ada, quote, key="k2")

    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert refusal(other) == (409, "quotes.already_accepted")
    assert Trade.objects.count() == 1
    assert posted(ada)["USD"] == 900
    assert ada.get(f"/v1/quotes/{quote['id']}").json()["state"] == "accepted"


def test_without_a_key_nothing_is_accepted(ada: Known) -> None:
    quote = ask(ada, "USD", "BTC", sell_amount="100").json()

    response = Client().post(
        f"/v1/quotes/{quote['id']}/accept", headers={"Authorization": f"Bearer {ada.token}"}
    )

    assert refusal(response) == (400, "idempotency.key_required")


def test_without_the_funds_a_quote_stays_open(ada: Known) -> None:
    quote = ask(ada, "USD", "BTC", sell_amount="1000.01").json()

    response = accept(ada, quote)

    assert refusal(response) == (422, "trading.insufficient_funds")
    assert response.json()["facts"] == {"asset": "USD", "needed": "1000.01", "available": "1000"}
    assert Quote.objects.get().accepted_at is None
    assert not Trade.objects.exists()
    books_hold(ada)


def test_what_is_set_aside_cannot_be_sold(ada: Known) -> None:
    order = {
        "side": "buy", "asset": "ETH", "against": "USD", "quantity": "0.3", "limit_price": "2000",
    }  # fmt: skip
    assert ada.send("/v1/orders", order).status_code == 201

    assert refusal(accept(ada, ask(ada, "USD", "BTC", sell_amount="400.01").json())) == (
        422, "trading.insufficient_funds",
    )  # fmt: skip
    assert accept(ada, ask(ada, "USD", "BTC", sell_amount="400").json()).status_code == 201


def test_an_asset_that_was_halted_meanwhile_is_not_traded(market: Any, ada: Known) -> None:
    quote = ask(ada, "USD", "BTC", sell_amount="100").json()

    market(halted=["BTC"])
    by_the_board = accept(ada, quote)
    market()
    set_status("BTC", Status.HALTED)
    by_staff = accept(ada, quote)

    assert refusal(by_the_board) == refusal(by_staff) == (422, "quotes.halted")
    assert not Trade.objects.exists()
    set_status("BTC", Status.ACTIVE)
    assert accept(ada, quote).status_code == 201


def test_an_account_that_was_frozen_meanwhile_does_not_trade(ada: Known) -> None:
    quote = ask(ada, "USD", "BTC", sell_amount="100").json()
    with unit_of_work():
        customers.freeze(customer_id=ada.customer.id, reason="test", now=clock.now())

    assert refusal(accept(ada, quote)) == (422, "quotes.account_frozen")


def test_a_day_has_a_limit_that_several_quotes_do_not_pass(ada: Known) -> None:
    a_policy(maximum_usd=Decimal(100), daily_maximum_usd=Decimal(150))
    quotes = [ask(ada, "USD", "BTC", sell_amount="100").json() for _ in range(2)]

    assert accept(ada, quotes[0]).status_code == 201
    second = accept(ada, quotes[1])
    third = ask(ada, "USD", "BTC", sell_amount="50.01")
    fits = ask(ada, "USD", "BTC", sell_amount="50.00").json()

    assert refusal(second) == refusal(third) == (422, "quotes.above_daily_maximum")
    assert second.json()["facts"] == {"daily_maximum_usd": "150", "left_usd": "50"}
    assert accept(ada, fits).status_code == 201


def test_another_customers_quote_and_trade_do_not_exist(ada: Known) -> None:
    quote = ask(ada, "USD", "BTC", sell_amount="100").json()
    eve = new_customer(cash="1000")

    assert refusal(accept(eve, quote)) == (404, "quotes.not_found")
    assert refusal(accept(eve, {"id": "quo_x"})) == (404, "quotes.not_found")
    trade = accept(ada, quote).json()
    assert refusal(eve.get(f"/v1/trades/{trade['id']}")) == (404, "trading.trade_not_found")
    assert eve.get("/v1/trades").json()["results"] == []
    assert ada.get(f"/v1/trades/{trade['id']}").json() == trade
    assert ada.get("/v1/trades").json()["results"] == [trade]


def test_shown_units_of_a_trade_are_those_of_its_moment(market: Any) -> None:
    market(multipliers={"AAPLx": "2"})
    known = new_customer(holdings={"AAPLx": "3"})

    body = accept(known, ask(known, "AAPLx", "USD", sell_amount="1").json()).json()
    market(multipliers={"AAPLx": "4"})

    assert body["sell"] == {"amount": "1", "currency": "AAPLx"}
    assert posted(known)["AAPLx"] == 1
    assert known.get(f"/v1/trades/{body['id']}").json() == body
    books_hold(known)


def test_a_failure_after_the_posting_leaves_nothing_half_done(ada: Known, market: Any) -> None:
    quote = ask(ada, "EUR", "BTC", sell_amount="100").json()
    before = posted(ada)
    # The lots are made to hold less than the account says: the database stops the walk half-way.
    Lot.objects.filter(customer=ada.customer, currency="EUR").update(remaining=Decimal(99))

    with pytest.raises(DatabaseError, match="lots of"), unit_of_work():
        services.accept_quote(
            quote_id=read("quo", quote["id"]), customer=ada.customer, board=market(),
            now=clock.now(),
        )  # fmt: skip

    assert posted(ada) == before
    assert not Trade.objects.exists()
    assert not JournalEntry.objects.filter(kind="CONVERSION").exists()
    assert Quote.objects.get().accepted_at is None


def test_a_trade_is_never_changed(ada: Known) -> None:
    accept(ada, ask(ada, "USD", "BTC", sell_amount="100").json())

    for change in (lambda: Trade.objects.update(gain=1), Trade.objects.all().delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_a_quote_is_traded_once(ada: Known) -> None:
    accept(ada, ask(ada, "USD", "BTC", sell_amount="100").json())
    trade = Trade.objects.get()
    trade.id = uuid7()

    with (
        pytest.raises(DatabaseError, match=r"trading_trade_(quote|entry)_id_key"),
        transaction.atomic(),
    ):
        trade.save(force_insert=True)


def test_a_policy_in_force_later_does_not_count_yet(ada: Known) -> None:
    a_policy(effective_at=clock.now() + timedelta(hours=1), maximum_usd=Decimal(1))

    assert ask(ada, "USD", "BTC", sell_amount="100").status_code == 201
    assert QuotePolicy.objects.count() == 2


def test_a_level_of_verification_limits_what_is_traded_in_a_day(ada: Known) -> None:
    KycRule.objects.create(
        level=2, act=Act.TRADE, allowed=True, currency="USD", per_day=1000,
        effective_at=clock.now(),
    )  # fmt: skip
    first = accept(ada, ask(ada, "USD", "BTC", sell_amount="900").json())
    second = accept(ada, ask(ada, "EUR", "BTC", sell_amount="200").json())

    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (422, "customers.limit_passed")
    assert second.json()["facts"]["limit"] == {"amount": "1000", "currency": "USD"}
    assert Trade.objects.count() == 1


def test_who_is_not_verified_trades_nothing(ada: Known) -> None:
    quote = ask(ada, "USD", "BTC", sell_amount="100").json()
    Verification.objects.filter(customer=ada.customer).update(expires_at=clock.now())
    order = {"side": "sell", "asset": "EUR", "against": "USD", "quantity": "5", "limit_price": "3"}
    plan = {"buy": "BTC", "pay_with": "EUR", "amount": "25.00", "frequency": "monthly"}
    rule = {"currency": "EUR", "into": "BTC", "percent": "50"}

    refused = [
        accept(ada, quote),
        ada.send("/v1/orders", order),
        ada.send("/v1/recurring-buys", plan),
        ada.send("/v1/auto-convert", rule, method="put"),
    ]

    for answer in refused:
        told = (answer.status_code, answer.json()["code"])
        assert told == (403, "customers.verification_required")
    assert not Trade.objects.exists()


def test_money_doors_are_not_asked_as_often_as_a_script_would(ada: Known) -> None:
    statuses = [ada.send("/v1/orders", {}).status_code for _ in range(31)]

    assert statuses == [400] * 30 + [429]
