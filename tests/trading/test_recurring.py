"""Recurring buys: once per slot, skipped for a reason, paused, resumed and ended."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from fx.prices import live
from holdings.ledger import queries as ledger
from holdings.trading import tasks
from holdings.trading.api import recurring as door
from holdings.trading.models import RecurringBuy, RecurringRun, Trade
from holdings.trading.rules.schedule import Frequency
from holdings.trading.services import recurring
from krak.core import clock
from krak.core.ids import read, show, uuid7
from krak.core.transactions import transaction as unit_of_work
from krak.customers import services as customers
from krak.customers.models import Act, KycRule, Verification
from krak.notifications import kinds
from tests.people import Known, new_customer
from tests.trading.conftest import told
from tests.trading.test_quotes import refusal
from tests.trading.test_trades import books_hold

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
WEEKLY = {
    "buy": "BTC", "pay_with": "USD", "amount": "100.00", "frequency": "weekly", "at": "00:00",
}  # fmt: skip


def started(known: Known, **changed: Any) -> RecurringBuy:
    response = known.send("/v1/recurring-buys", WEEKLY | changed)
    assert response.status_code == 201, response.content
    return RecurringBuy.objects.get(id=read("rcb", response.json()["id"]))


def run_at(now: datetime) -> int:
    return recurring.run_due(board=live.current(), now=now)


def outcomes(plan: RecurringBuy) -> list[tuple[date, str, str]]:
    return [(r.slot_on, r.outcome, r.reason) for r in plan.runs.order_by("slot_on")]


def verified_until(known: Known, moment: datetime) -> None:
    Verification.objects.filter(customer=known.customer).update(expires_at=moment)


def path_of(known: Known) -> str:
    return f"/v1/recurring-buys/{known.get('/v1/recurring-buys').json()['results'][0]['id']}"


def test_a_slot_buys_once_and_the_next_one_follows(ada: Known) -> None:
    plan = started(ada)
    today = clock.now().date()

    assert run_at(clock.now()) == 1
    assert run_at(clock.now()) == 0

    plan.refresh_from_db()
    assert outcomes(plan) == [(today, "TRADED", "")]
    assert plan.next_on == today + 7 * DAY
    trade = Trade.objects.select_related("quote").get()
    assert (trade.quote.source, trade.quote.sell_units) == ("RECURRING", Decimal(100))
    assert RecurringRun.objects.get().trade == trade
    assert ledger.balances(customer_id=ada.customer.id)["USD"].posted == 900
    books_hold(ada)


def test_it_reads_as_it_was_started_with_its_next_run_and_what_came_of_the_others(
    ada: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "FURTHEST", timedelta(days=100 * 366))
    body = ada.send(
        "/v1/recurring-buys",
        WEEKLY | {
            "frequency": "monthly", "starts_on": "2099-01-31", "at": "08:30",
            "time_zone": "Europe/Berlin",
        },
    ).json()  # fmt: skip

    assert {name: body[name] for name in body if name not in {"id", "created_at"}} == {
        "object": "recurring_buy",
        "state": "active",
        "buy": "BTC",
        "amount": {"amount": "100.00", "currency": "USD"},
        "fee": {"amount": "0.00", "currency": "USD"},
        "fee_percent": "0",
        "multiplier": None,
        "frequency": "monthly",
        "starts_on": "2099-01-31",
        "at": "08:30",
        "time_zone": "Europe/Berlin",
        "next_on": "2099-01-31",
        "next_at": "2099-01-31T07:30:00Z",
        "livemode": False,
    }
    path = path_of(ada)
    assert ada.get(path).json() == body
    verified_until(ada, datetime(2100, 1, 1, tzinfo=UTC))
    for number in range(3):
        run_at(datetime(2099, 1, 31, 8, tzinfo=UTC) + number * timedelta(days=30))
    runs = ada.get(f"{path}/runs").json()["results"]
    assert [(run["slot_on"], run["outcome"]) for run in runs] == [
        ("2099-03-31", "traded"), ("2099-02-28", "traded"), ("2099-01-31", "traded"),
    ]  # fmt: skip


def test_a_slot_without_funds_is_skipped_and_told(ada: Known) -> None:
    plan = started(ada, amount="1000.01")

    assert run_at(clock.now()) == 1

    assert outcomes(plan) == [(clock.now().date(), "SKIPPED", "trading.insufficient_funds")]
    assert not Trade.objects.exists()
    [(kind, facts)] = told(ada)
    assert (kind, facts) == (
        "recurring_buy.skipped",
        {
            "recurring_buy": show("rcb", plan.id), "slot_on": clock.now().date().isoformat(),
            "asset": "BTC", "pay_with": "USD", "reason": "trading.insufficient_funds",
            "message": "Not enough of this asset is available.",
        },
    )  # fmt: skip
    assert kinds.word(kind, facts).text == (
        "BTC was not bought: Not enough of this asset is available."
    )
    run = ada.get(f"{path_of(ada)}/runs").json()["results"][0]
    assert (run["outcome"], run["reason"], run["trade"]) == (
        "skipped", "trading.insufficient_funds", None,
    )  # fmt: skip


def test_a_halted_asset_and_a_country_that_closed_are_skipped(market: Any, ada: Known) -> None:
    plan = started(ada, frequency="daily")
    shares = started(ada, buy="AAPLx", frequency="daily")
    market(halted=["BTC"])
    type(ada.customer).objects.filter(id=ada.customer.id).update(country="US")

    assert run_at(clock.now()) == 2

    today = clock.now().date()
    assert outcomes(plan) == [(today, "SKIPPED", "quotes.halted")]
    assert outcomes(shares) == [(today, "SKIPPED", "eligibility.not_eligible")]


def test_a_slot_keeps_to_the_limit_and_the_term_of_a_level(ada: Known) -> None:
    plan = started(ada, frequency="daily", amount="600")
    KycRule.objects.create(
        level=2, act=Act.TRADE, allowed=True, currency="USD", per_month=1100,
        effective_at=clock.now(),
    )  # fmt: skip
    first = datetime(2099, 1, 1, 1, tzinfo=UTC)
    plan.next_on, plan.next_at = first.date(), first
    plan.save(update_fields=["next_on", "next_at"])
    verified_until(ada, first + 2 * DAY)

    run_at(first)
    run_at(first + DAY)
    run_at(first + 2 * DAY)

    assert [(outcome, reason) for _day, outcome, reason in outcomes(plan)] == [
        ("TRADED", ""),
        ("SKIPPED", "customers.limit_passed"),
        ("SKIPPED", "customers.verification_required"),
    ]
    told_of = [(kind, facts["recurring_buy"]) for kind, facts in told(ada)]
    assert [kind for kind, _plan in told_of] == [
        "recurring_buy.bought", *["recurring_buy.skipped"] * 2,
    ]  # fmt: skip
    assert {of for _kind, of in told_of} == {show(RecurringBuy.PREFIX, plan.id)}
    books_hold(ada)


def test_a_frozen_account_buys_nothing(ada: Known) -> None:
    plan = started(ada)
    with unit_of_work():
        customers.freeze(customer_id=ada.customer.id, reason="test", now=clock.now())

    run_at(clock.now())

    assert [reason for _day, _outcome, reason in outcomes(plan)] == ["quotes.account_frozen"]


def test_a_slot_waits_an_hour_for_a_price_and_no_longer(market: Any, ada: Known) -> None:
    plan = started(ada, frequency="daily")
    market(stale=["BTC"])

    due = plan.next_at
    last = due + recurring.PATIENCE - timedelta(microseconds=1)
    assert run_at(last) == 0
    assert outcomes(plan) == []
    assert run_at(due + recurring.PATIENCE) == 1
    assert outcomes(plan) == [(due.date(), "SKIPPED", "quotes.stale_price")]
    market()
    assert run_at(due + DAY) == 1
    assert outcomes(plan)[1] == (due.date() + DAY, "TRADED", "")


def test_slots_that_nobody_ran_are_missed_and_only_the_newest_buys(ada: Known) -> None:
    plan = started(ada, frequency="daily")
    first = plan.next_on

    assert run_at(plan.next_at + 3 * DAY) == 1

    assert outcomes(plan) == [
        (first, "SKIPPED", "missed"),
        (first + DAY, "SKIPPED", "missed"),
        (first + 2 * DAY, "SKIPPED", "missed"),
        (first + 3 * DAY, "TRADED", ""),
    ]
    plan.refresh_from_db()
    assert plan.next_on == first + 4 * DAY


def test_every_day_has_one_run_across_leap_day_and_daylight_saving(
    ada: Known,
) -> None:
    begins = date(2027, 10, 1)
    with unit_of_work():
        plan = recurring.start(
            recurring.NewPlan(
                buy="BTC", pay_with="USD", amount=Decimal(1), frequency=Frequency.DAILY,
                starts_on=begins, at=time(2, 30), time_zone="America/New_York",
            ),
            customer=ada.customer, board=live.current(), now=clock.now(),
        )  # fmt: skip

    run_at(datetime(2028, 4, 1, 12, tzinfo=UTC))

    days = [day for day, _outcome, _reason in outcomes(plan)]
    assert days == [begins + n * DAY for n in range(len(days))]
    assert days[-1] == date(2028, 4, 1)
    assert date(2028, 2, 29) in days


def test_while_paused_nothing_runs_and_resuming_goes_on_with_what_is_to_come(ada: Known) -> None:
    plan = started(ada, frequency="daily")
    path = path_of(ada)

    paused = ada.send(f"{path}/pause").json()
    assert (paused["state"], paused["next_on"], paused["next_at"]) == ("paused", None, None)
    assert run_at(clock.now()) == 0
    assert ada.send(f"{path}/pause").json()["state"] == "paused"
    resumed = ada.send(f"{path}/resume").json()

    tomorrow = clock.now().date() + DAY
    assert (resumed["state"], resumed["next_on"]) == ("active", tomorrow.isoformat())
    assert run_at(clock.now()) == 0
    assert run_at(plan.next_at + DAY) == 1
    assert outcomes(plan) == [(tomorrow, "TRADED", "")]


def test_what_was_canceled_stays_so(ada: Known) -> None:
    plan = started(ada)
    path = path_of(ada)

    for _ in range(2):
        assert ada.send(f"{path}/cancel").json()["state"] == "canceled"
    assert run_at(clock.now()) == 0
    for verb in ("pause", "resume"):
        assert refusal(ada.send(f"{path}/{verb}")) == (409, "trading.plan_canceled")
    assert outcomes(plan) == []


def test_another_customers_plan_does_not_exist(ada: Known) -> None:
    started(ada)
    eve, path = new_customer(), path_of(ada)

    for answer in (
        eve.get(path), eve.get(f"{path}/runs"), eve.get("/v1/recurring-buys/rcb_x"),
        *(eve.send(f"{path}/{verb}") for verb in ("pause", "resume", "cancel")),
    ):  # fmt: skip
        assert refusal(answer) == (404, "trading.plan_not_found")
    assert eve.get("/v1/recurring-buys").json()["results"] == []
    assert RecurringBuy.objects.get().state == "ACTIVE"


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({"amount": "0.99"}, (422, "quotes.below_minimum")),
        ({"amount": "50000.01"}, (422, "quotes.above_maximum")),
        ({"amount": "10.001"}, (400, "quotes.amount_too_fine")),
        ({"amount": "0"}, (400, "api.invalid")),
        ({"buy": "USD"}, (400, "quotes.same_asset")),
        ({"buy": "NOPE"}, (404, "assets.unknown")),
        ({"buy": "AAPLx"}, (422, "eligibility.not_eligible")),
        ({"frequency": "yearly"}, (400, "api.invalid")),
        ({"starts_on": "2026-02-30"}, (400, "api.invalid")),
        ({"starts_on": "2020-01-01"}, (400, "trading.start_in_the_past")),
        ({"starts_on": "9999-12-31"}, (400, "api.invalid")),
        ({"at": "25:00"}, (400, "api.invalid")),
        ({"time_zone": "Mars/Olympus"}, (400, "api.invalid")),
        ({"time_zone": "Factory"}, (400, "api.invalid")),
        ({"time_zone": "localtime"}, (400, "api.invalid")),
        ({"owner": "me"}, (400, "api.invalid")),
    ],
)
def test_what_cannot_be_planned_is_refused(
    market: Any, changed: dict[str, str], answer: tuple[int, str]
) -> None:
    known = new_customer(cash="10")

    assert refusal(known.send("/v1/recurring-buys", WEEKLY | changed)) == answer
    assert not RecurringBuy.objects.exists()


def test_a_start_is_within_five_years(ada: Known) -> None:
    def start(years: int) -> Any:
        year = clock.now().year + years
        return ada.send("/v1/recurring-buys", WEEKLY | {"starts_on": f"{year}-01-01"})

    assert start(5).status_code == 201
    assert start(7).json()["errors"] == [
        {
            "field": "starts_on",
            "code": "too_far",
            "detail": "A recurring buy starts within five years.",
        }
    ]


def test_there_are_so_many_plans_at_a_time(ada: Known, monkeypatch: Any) -> None:
    monkeypatch.setattr(recurring, "MOST_PLANS", 1)
    started(ada)

    assert refusal(ada.send("/v1/recurring-buys", WEEKLY)) == (422, "trading.too_many_plans")


def test_the_clocks_door_runs_what_is_due(ada: Known) -> None:
    plan = started(ada)

    tasks.run_recurring_buys(argument_of_a_newer_release=1)

    assert [outcome for _day, outcome, _reason in outcomes(plan)] == ["TRADED"]


def test_a_slot_of_a_plan_runs_once_and_its_run_stays(ada: Known) -> None:
    started(ada)
    run_at(clock.now())
    run = RecurringRun.objects.get()

    for change in (
        lambda: RecurringRun.objects.update(reason="x"),
        RecurringRun.objects.all().delete,
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    run.id = uuid7()
    run.trade, run.outcome, run.reason = None, "SKIPPED", "x"
    with pytest.raises(IntegrityError, match="a_slot_of_a_plan_runs_once"), transaction.atomic():
        run.save(force_insert=True)
    run.slot_on, run.reason = run.slot_on + DAY, ""
    with pytest.raises(IntegrityError, match="skipped_for_a_reason"), transaction.atomic():
        run.save(force_insert=True)
