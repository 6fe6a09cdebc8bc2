"""Rules for incoming money: a share of each credit, once, or kept with what stood in the way."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from holdings.ledger import queries as ledger
from holdings.trading import services
from holdings.trading.models import AutoConvertRule, AutoConvertRun, Trade
from holdings.trading.services.auto_convert import TOPIC
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.money import plain
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction as unit_of_work
from krak.customers.models import Act, KycRule
from krak.notifications.kinds import word
from tests.people import Known, new_customer
from tests.trading.conftest import told
from tests.trading.test_quotes import refusal
from tests.trading.test_trades import books_hold

pytestmark = pytest.mark.django_db

RULE = {"currency": "USD", "into": "BTC", "percent": "50", "minimum": "20.00"}


def set_rule(known: Known, **changed: str) -> Any:
    return known.send("/v1/auto-convert", RULE | changed, method="put")


def deposit(known: Known, amount: str) -> None:
    response = known.send(
        f"/v1/sandbox/customers/{known.customer.shown_id}/deposits", {"amount": amount}
    )
    assert response.status_code == 201
    outbox.drain(now=clock.now())


def usd(known: Known) -> Decimal:
    return ledger.balances(customer_id=known.customer.id)["USD"].posted


def apply(
    known: Known, amount: str, cause: str = "deposit:1", *, waits: bool = True
) -> AutoConvertRun | None:
    with unit_of_work():
        return services.apply_auto_convert(
            customer_id=known.customer.id, currency="USD", amount=Decimal(amount), cause=cause,
            waits=waits, now=clock.now(),
        )  # fmt: skip


def test_a_share_of_a_deposit_is_converted(ada: Known) -> None:
    body = set_rule(ada).json()
    assert {name: body[name] for name in ("currency", "into", "percent", "minimum")} == {
        "currency": "USD", "into": "BTC", "percent": "50",
        "minimum": {"amount": "20.00", "currency": "USD"},
    }  # fmt: skip
    assert ada.get("/v1/auto-convert").json() == {"results": [body]}

    deposit(ada, "100.01")

    # Half of it, cut to the cent.
    assert usd(ada) == Decimal("1050.01")
    trade = Trade.objects.select_related("quote").get()
    assert (trade.quote.source, trade.quote.sell_units) == ("AUTO_CONVERT", Decimal(50))
    run = ada.get("/v1/auto-convert/runs").json()["results"][0]
    assert run["amount"] == {"amount": "50.00", "currency": "USD"}
    assert (run["outcome"], run["reason"], run["into"]) == ("traded", "", "BTC")
    [(kind, facts)] = [each for each in told(ada) if each[0].startswith("auto_convert")]
    assert (kind, word(kind, facts).text) == (
        "auto_convert.converted", f"50.00 USD became {plain(trade.quote.buy_units)} BTC.",
    )  # fmt: skip
    books_hold(ada)


def test_without_a_rule_nothing_is_promised(ada: Known) -> None:
    deposit(ada, "100")

    assert not OutboxMessage.objects.filter(topic="trading.auto_convert").exists()
    assert usd(ada) == 1100


def test_a_share_keeps_to_the_limit_of_a_level(ada: Known) -> None:
    set_rule(ada)
    KycRule.objects.create(
        level=2, act=Act.TRADE, allowed=True, currency="USD", per_day=80,
        effective_at=clock.now(),
    )  # fmt: skip

    runs = [apply(ada, "100", cause=f"deposit:{number}") for number in (1, 2)]

    assert [(run.outcome, run.reason) for run in runs if run] == [
        ("TRADED", ""), ("SKIPPED", "customers.limit_passed"),
    ]  # fmt: skip
    assert usd(ada) == 950


def test_less_than_the_minimum_stays_as_it_is(ada: Known) -> None:
    set_rule(ada)

    deposit(ada, "19.99")
    assert usd(ada) == Decimal("1019.99")
    deposit(ada, "20.00")

    assert usd(ada) == Decimal("1029.99")
    assert AutoConvertRun.objects.count() == 1


def test_a_credit_is_converted_once(ada: Known) -> None:
    set_rule(ada)

    assert apply(ada, "100") is not None
    assert apply(ada, "100") is None
    assert apply(ada, "100", cause="deposit:2") is not None

    assert Trade.objects.count() == 2
    assert usd(ada) == 900


def test_a_newer_rule_takes_the_place_of_the_older_and_may_be_dropped(ada: Known) -> None:
    first = set_rule(ada).json()
    second = set_rule(ada, percent="12.34", into="EUR").json()

    assert (second["id"], second["percent"], second["into"]) == (first["id"], "12.34", "EUR")
    apply(ada, "100")
    assert Trade.objects.select_related("quote").get().quote.sell_units == Decimal("12.34")
    assert ada.send("/v1/auto-convert/USD", method="delete").status_code == 204
    assert refusal(ada.send("/v1/auto-convert/USD", method="delete")) == (
        404, "trading.rule_not_found",
    )  # fmt: skip
    assert apply(ada, "100", cause="deposit:2") is None
    assert ada.get("/v1/auto-convert").json() == {"results": []}


@pytest.mark.parametrize(
    ("state", "amount", "reason"),
    [
        ({"halted": ["BTC"]}, "100", "quotes.halted"),
        ({}, "5000", "trading.insufficient_funds"),
        ({}, "1.98", "quotes.below_minimum"),
    ],
)
def test_what_stands_in_the_way_is_kept_with_the_run(
    market: Any, ada: Known, state: dict[str, Any], amount: str, reason: str
) -> None:
    set_rule(ada, minimum="0")
    market(**state)

    run = apply(ada, amount)

    assert run is not None
    assert (run.outcome, run.reason, run.trade) == ("SKIPPED", reason, None)
    assert usd(ada) == 1000
    [(kind, facts)] = told(ada)
    assert (kind, facts["reason"], facts["into"]) == ("auto_convert.skipped", reason, "BTC")


def test_without_a_price_it_waits_for_one_over_a_weekend(market: Any, ada: Known) -> None:
    set_rule(ada)
    market(stale=["BTC"])
    deposit(ada, "100")
    monday = clock.now() + timedelta(days=2)
    waiting = OutboxMessage.objects.get(topic=TOPIC, done_at=None)
    assert (waiting.attempts, waiting.last_error, waiting.dead_at) == (0, "", None)

    for _again in range(8):
        waiting = OutboxMessage.objects.get(topic=TOPIC, done_at=None)
        outbox.deliver([waiting.id], now=monday)

    assert not AutoConvertRun.objects.exists()
    market()
    waiting = OutboxMessage.objects.get(topic=TOPIC, done_at=None)
    outbox.deliver([waiting.id], now=clock.now())
    assert AutoConvertRun.objects.get().outcome == "TRADED"


def test_what_has_no_price_for_days_is_left_and_its_owner_told(market: Any, ada: Known) -> None:
    set_rule(ada)
    market(stale=["BTC"])
    deposit(ada, "100")
    waiting = OutboxMessage.objects.get(topic=TOPIC, done_at=None)

    outbox.deliver([waiting.id], now=clock.now() + timedelta(days=5))

    run = AutoConvertRun.objects.get()
    assert (run.outcome, run.reason) == ("SKIPPED", "quotes.stale_price")
    assert told(ada)[-1][0] == "auto_convert.skipped"
    assert not OutboxMessage.objects.filter(topic=TOPIC, done_at=None).exists()
    assert usd(ada) == 1100


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({"percent": "0"}, (400, "api.invalid")),
        ({"percent": "100.01"}, (400, "api.invalid")),
        ({"percent": "0.001"}, (400, "api.invalid")),
        ({"minimum": "-1"}, (400, "api.invalid")),
        ({"into": "USD"}, (400, "quotes.same_asset")),
        ({"into": "btc"}, (404, "assets.unknown")),
        ({"into": "AAPLx"}, (422, "eligibility.not_eligible")),
    ],
)
def test_a_rule_that_cannot_be_is_refused(
    market: Any, changed: dict[str, str], answer: tuple[int, str]
) -> None:
    known = new_customer(cash="10")

    assert refusal(set_rule(known, **changed)) == answer
    assert not AutoConvertRule.objects.exists()


def test_another_customers_rule_does_not_exist(ada: Known) -> None:
    set_rule(ada)
    apply(ada, "100")
    eve = new_customer()

    assert eve.get("/v1/auto-convert").json() == {"results": []}
    assert eve.get("/v1/auto-convert/runs").json()["results"] == []
    assert eve.send("/v1/auto-convert/USD", method="delete").status_code == 404
    assert AutoConvertRule.objects.count() == 1


def test_a_run_stays_and_a_credit_has_one(ada: Known) -> None:
    set_rule(ada)
    apply(ada, "100")
    run = AutoConvertRun.objects.get()

    for change in (
        lambda: AutoConvertRun.objects.update(reason="x"),
        AutoConvertRun.objects.all().delete,
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    run.id, run.trade, run.outcome, run.reason = uuid7(), None, "SKIPPED", "x"
    with pytest.raises(IntegrityError, match="a_credit_is_converted_once"), transaction.atomic():
        run.save(force_insert=True)
    with pytest.raises(IntegrityError, match="turns_a_share"), transaction.atomic():
        AutoConvertRule.objects.update(share_bps=10_001)
