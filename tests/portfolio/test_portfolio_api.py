"""A customer looks at what they have."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError
from django.test import Client

from fx.assets import directory
from fx.assets import services as assets
from fx.assets.models import Asset, Multiplier
from fx.assets.rules import Kind
from fx.candles import recent
from fx.candles.rules import Span
from holdings.lots.models import Lot
from holdings.portfolio import services, tasks
from holdings.portfolio.models import DayValue
from krak.core import clock
from krak.core.schedule.models import Run
from krak.core.transactions import transaction
from krak.customers.models import Customer
from krak.sandbox import services as sandbox
from tests.fx.candles import put
from tests.people import Known, new_customer
from tests.stripe_door import StripeDoor, answer_of

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Any:
    recent.forget()
    directory.forget()
    yield
    recent.forget()
    directory.forget()


def with_lots(cash: str, *lots: tuple[str, str, str]) -> Known:
    """Return a customer with cash and lots: asset, shown units, cost in dollars."""
    with transaction():
        customer, token, card = sandbox.create_customer(
            sandbox.NewCustomer(
                country="US", card_currency="USD", cash=Decimal(cash),
                holdings=[sandbox.Holding(a, Decimal(q), Decimal(c)) for a, q, c in lots],
                spend_order=None, excluded=(), cashback_asset=None, policy={},
            ),
            now=clock.now(),
        )  # fmt: skip
    return Known(customer, token, card)


def yesterday(**closes: str) -> None:
    """Let these have been worth so much a day ago, per base unit."""
    at = Span.MINUTE.begin(clock.now() - DAY)
    for code, close in closes.items():
        # Two minutes, should the clock move on between this and the question.
        for minute in (at - timedelta(minutes=1), at):
            put(Span.MINUTE, code, minute, close)


# --- Now -----------------------------------------------------------------------------------------


def test_a_portfolio_is_valued_sorted_and_compared(pinned: Any) -> None:
    pinned({"BTC": "50000", "AAPLx": "200"}, multipliers={"AAPLx": "2"}, stale=["AAPLx"])
    known = with_lots("100", ("BTC", "0.01", "300"), ("BTC", "0.01", "500"), ("AAPLx", "3", "650"))
    yesterday(BTC="40000", AAPLx="500")

    body = known.get("/v1/portfolio").json()

    rows = body.pop("results")
    assert body == {
        "object": "portfolio",
        "currency": "USD",
        "value": usd("1700.00"),
        "multiplier": None,
        # 1000 - 800 + 600 - 750 + 0 of 1650
        "day_change": {"amount": usd("50.00"), "percent": "3.03"},
        "gain": {"amount": usd("150.00"), "percent": "10.34"},
        "stale": True,
        "hidden": {"count": 0, "value": usd("0.00")},
        "livemode": False,
    }
    assert [row["code"] for row in rows] == ["BTC", "AAPLx", "USD"]
    age = rows[1].pop("price_age_seconds")
    assert 0 <= age < 60
    assert rows[1].pop("price_as_of").endswith("Z")
    assert rows[1] == {
        "object": "holding",
        "code": "AAPLx",
        "units": {"amount": "3", "currency": "AAPLx"},
        "multiplier": "2",
        "price": "200",
        "value": usd("600.00"),
        "share": "35.3",
        "cost_basis": usd("650.00"),
        "gain": {"amount": usd("-50.00"), "percent": "-7.69"},
        "day_change": {"amount": usd("-150.00"), "percent": "-20"},
        "stale": True,
    }
    assert rows[0]["cost_basis"] == usd("800.00")
    assert (rows[2]["cost_basis"], rows[2]["gain"], rows[2]["stale"]) == (None, None, False)
    assert sum(Decimal(row["share"]) for row in rows) == 100


def test_any_asset_is_a_currency_to_look_at_it_in(pinned: Any) -> None:
    pinned({"BTC": "50000", "EUR": "1.25"})
    known = with_lots("100", ("BTC", "0.01", "250"))

    euros = known.get("/v1/portfolio?currency=EUR").json()
    bitcoin = known.get("/v1/portfolio?currency=BTC").json()

    assert euros["value"] == {"amount": "480.00", "currency": "EUR"}
    assert euros["gain"] == {"amount": {"amount": "200.00", "currency": "EUR"}, "percent": "100"}
    assert (euros["results"][0]["price"], euros["day_change"]) == ("40000", None)
    assert bitcoin["value"] == {"amount": "0.012", "currency": "BTC"}


def test_values_in_shares_have_their_multiplier(pinned: Any) -> None:
    pinned({"AAPLx": "200"}, multipliers={"AAPLx": "2"})
    known = with_lots("100")

    portfolio = known.get("/v1/portfolio?currency=AAPLx").json()
    assert (portfolio["value"], portfolio["multiplier"]) == (
        {"amount": "0.5", "currency": "AAPLx"}, "2",
    )  # fmt: skip
    assert known.get("/v1/portfolio/history?currency=AAPLx").json()["multiplier"] == "2"
    assert known.send("/v1/me", {"display_currency": "AAPLx"}, method="patch").status_code == 200
    balances = known.get("/v1/balances").json()
    assert (balances["value"]["currency"], balances["multiplier"]) == ("AAPLx", "2")


@pytest.mark.parametrize("path", ["/v1/portfolio", "/v1/portfolio/history"])
def test_a_currency_that_cannot_be_shown_is_refused(pinned: Any, path: str) -> None:
    pinned()
    known = new_customer(cash="1")

    without_price = known.get(f"{path}?currency=CHF")
    unknown = known.get(f"{path}?currency=chf")

    assert (without_price.status_code, without_price.json()["code"]) == (
        422,
        "prices.currency_without_price",
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "assets.unknown")


def test_small_holdings_are_hidden_on_demand_and_count_all_the_same(pinned: Any) -> None:
    pinned({"BTC": "50000", "SOL": "100"})
    known = with_lots("9.99", ("BTC", "0.01", "1"), ("SOL", "0.1", "1"))

    body = known.get("/v1/portfolio?hide_small=10").json()

    assert [row["code"] for row in body["results"]] == ["BTC", "SOL"]
    assert body["hidden"] == {"count": 1, "value": usd("9.99")}
    assert body["value"] == usd("519.99")
    assert known.get("/v1/portfolio?hide_small=x").status_code == 400
    assert known.get("/v1/portfolio?hide_small=-1").status_code == 400


def test_nothing_is_a_portfolio_too(pinned: Any) -> None:
    pinned()

    body = new_customer().get("/v1/portfolio").json()

    assert (body["value"], body["results"], body["day_change"], body["gain"]) == (
        usd("0.00"), [], None, None,
    )  # fmt: skip


def test_what_has_no_price_is_shown_without_a_value(pinned: Any) -> None:
    pinned()
    known = new_customer(cash="5", holdings={"SOL": "1"})
    board = pinned()
    without = {code: p for code, p in board.prices.items() if code != "SOL"}
    object.__setattr__(board, "prices", without)

    rows = known.get("/v1/portfolio?hide_small=1000").json()["results"]

    (sol,) = rows
    assert (sol["code"], sol["value"], sol["price"], sol["stale"]) == ("SOL", None, None, True)


def test_a_cost_that_lots_do_not_account_for_is_not_guessed(pinned: Any) -> None:
    pinned()
    known = with_lots("0", ("BTC", "0.01", "300"))
    Lot.objects.update(remaining=Decimal("0.004"))

    (row,) = known.get("/v1/portfolio").json()["results"]

    assert (row["cost_basis"], row["gain"]) == (None, None)


def test_a_portfolio_costs_two_queries_a_third_for_its_currency_and_a_fourth_once_a_minute(
    pinned: Any, django_assert_num_queries: Any
) -> None:
    pinned()
    known = with_lots("1", *((code, "1", "1") for code in ("BTC", "ETH", "SOL", "EUR", "AAPLx")))
    with django_assert_num_queries(4):
        known.get("/v1/portfolio")
    with django_assert_num_queries(3):
        known.get("/v1/portfolio")
    with django_assert_num_queries(2):
        known.get("/v1/portfolio?currency=EUR")


@pytest.mark.parametrize(
    "path",
    ["/v1/portfolio", "/v1/portfolio/history", "/v1/portfolio/lots", "/v1/portfolio/disposals"],
)
def test_nobody_sees_what_another_has(pinned: Any, path: str) -> None:
    pinned()
    with_lots("5", ("BTC", "1", "1"))
    mine = new_customer()

    assert mine.get(path).json()["results"] == []
    assert Client().get(path).status_code == 401


# --- Lots and disposals --------------------------------------------------------------------------


def test_lots_and_what_left_them(pinned: Any) -> None:
    pinned({"BTC": "50000"})
    known = with_lots("0", ("BTC", "0.001", "30"), ("BTC", "0.01", "400"), ("SOL", "1", "1"))
    answer = answer_of(StripeDoor(Client(), known.card.stripe_id).request(10_000))
    assert answer["approved"] is True

    lots = known.get("/v1/portfolio/lots?asset=BTC").json()["results"]
    gone = known.get("/v1/portfolio/disposals").json()["results"]

    (lot,) = lots
    assert [row["multiplier"] for row in (lot, *gone)] == [None, None, None]
    assert lot["id"].startswith("lot_")
    assert (lot["acquired"], lot["remaining"], lot["cost_basis"]) == (
        {"amount": "0.01", "currency": "BTC"},
        {"amount": "0.009", "currency": "BTC"},
        usd("360.00"),
    )
    assert len(known.get("/v1/portfolio/lots").json()["results"]) == 2
    assert [(row["units"]["amount"], row["cost_basis"], row["gain"]) for row in gone] == [
        ("0.001", usd("40.00"), usd("10.00")),
        ("0.001", usd("30.00"), usd("20.00")),
    ]
    assert gone[0]["lot"] == lot["id"]
    assert gone[0]["proceeds"] == usd("50.00")
    assert gone[0]["acquired_at"] > gone[1]["acquired_at"]


def test_lots_have_the_multiplier_of_now_and_what_left_them_that_of_then(pinned: Any) -> None:
    pinned({"AAPLx": "200"}, multipliers={"AAPLx": "2"})
    known = with_lots("0", ("AAPLx", "3", "500"))
    share = Asset.objects.create(
        code="AAPLx", name="Apple", kind=Kind.TOKENIZED_EQUITY.value, decimals=8,
        listed_at=clock.now(),
    )  # fmt: skip
    Multiplier.objects.create(
        asset=share, multiplier=Decimal(2), activates_at=clock.now() - DAY,
        created_at=clock.now() - 2 * DAY,
    )  # fmt: skip
    assert answer_of(StripeDoor(Client(), known.card.stripe_id).request(100_00))["approved"]

    pinned({"AAPLx": "100"}, multipliers={"AAPLx": "4"})

    (lot,) = known.get("/v1/portfolio/lots").json()["results"]
    assert (lot["acquired"]["amount"], lot["multiplier"]) == ("6", "4")
    (gone,) = known.get("/v1/portfolio/disposals").json()["results"]
    assert (gone["units"]["currency"], gone["multiplier"]) == ("AAPLx", "2")


def test_disposals_of_one_moment_are_paged_apart(pinned: Any) -> None:
    pinned({"BTC": "50000"})
    known = with_lots("0", *(("BTC", "0.001", str(n)) for n in range(1, 6)))
    StripeDoor(Client(), known.card.stripe_id).request(22_000)

    first = known.get("/v1/portfolio/disposals?page_size=2").json()
    second = known.get(first["next"]).json()
    third = known.get(second["next"]).json()
    back = known.get(third["previous"]).json()

    costs = [
        [row["cost_basis"]["amount"] for row in page["results"]]
        for page in (first, second, third, back)
    ]
    assert costs == [["2.00", "4.00"], ["3.00", "2.00"], ["1.00"], ["3.00", "2.00"]]
    assert (first["previous"], third["next"]) == (None, None)
    cursor = first["next"].split("cursor=")[1].split("&")[0]
    for broken in (cursor[:-1], "after_" + "0" * 26, cursor.replace("after", "card")):
        response = known.get(f"/v1/portfolio/disposals?cursor={broken}")
        assert (response.status_code, response.json()["code"]) == (400, "api.cursor_malformed")


def test_units_that_left_are_shown_by_the_multiplier_of_their_time(pinned: Any) -> None:
    pinned({"AAPLx": "200"})
    call_command("load_catalogue")
    known = with_lots("0", ("AAPLx", "1", "100"))
    StripeDoor(Client(), known.card.stripe_id).request(10_000)
    with transaction():
        assets.schedule_multiplier(
            code="AAPLx",
            multiplier=Decimal(4),
            activates_at=clock.now(),
            now=clock.now() - DAY,
        )
    pinned({"AAPLx": "50"}, multipliers={"AAPLx": "4"})

    (gone,) = known.get("/v1/portfolio/disposals").json()["results"]
    (left,) = known.get("/v1/portfolio/lots").json()["results"]

    assert gone["units"] == {"amount": "0.5", "currency": "AAPLx"}
    assert left["remaining"] == {"amount": "2", "currency": "AAPLx"}
    assert (gone["cost_basis"], left["cost_basis"]) == (usd("50.00"), usd("50.00"))


@pytest.mark.parametrize("path", ["/v1/portfolio/lots", "/v1/portfolio/disposals"])
def test_an_unknown_asset_is_told(pinned: Any, path: str) -> None:
    pinned()
    response = new_customer().get(f"{path}?asset=btc")

    assert (response.status_code, response.json()["code"]) == (404, "assets.unknown")


# --- Days ----------------------------------------------------------------------------------------


def close_day(on: date, **closes: str) -> None:
    """Let a day have ended at these prices."""
    midnight = datetime(on.year, on.month, on.day, tzinfo=UTC)
    for code, close in closes.items():
        put(Span.MINUTE, code, midnight + DAY - timedelta(minutes=1), close)
        put(Span.DAY, code, midnight, close)


def test_a_day_is_valued_by_the_balances_and_prices_of_its_end(pinned: Any) -> None:
    pinned()
    today = clock.now().date()
    known = with_lots("100", ("BTC", "0.01", "300"), ("SOL", "1", "1"))
    new_customer()
    close_day(today, BTC="50000", USD="1")
    close_day(today - DAY, BTC="40000", SOL="10")

    assert services.write_day(on=today, now=clock.now()) == 1
    assert services.write_day(on=today - DAY, now=clock.now()) == 0

    (row,) = DayValue.objects.all()
    assert (row.customer_id, row.valued_on) == (known.customer.id, today)
    # The coin without a close of today is valued by yesterday's, which is not too old.
    assert (row.value, row.unpriced) == (Decimal(610), 0)


def test_what_moved_after_the_end_of_a_day_does_not_count(pinned: Any) -> None:
    pinned()
    today = clock.now().date()
    known = with_lots("100")
    account = known.customer.id
    close_day(today, USD="1")
    # Everything that was posted today is after the end of yesterday.
    assert services.write_day(on=today - DAY, now=clock.now()) == 0
    assert services.write_day(on=today, now=clock.now()) == 1
    assert DayValue.objects.get(customer_id=account).value == 100


def test_writing_a_day_again_changes_nothing_and_goes_on_where_it_was(pinned: Any) -> None:
    pinned()
    today = clock.now().date()
    people = [with_lots(str(cash)) for cash in range(1, 8)]
    assert services.write_day(on=today, now=clock.now(), batch=2) == 7
    DayValue.objects.filter(customer_id=people[3].customer.id).delete()
    first = dict(DayValue.objects.values_list("customer_id", "created_at"))

    assert services.write_day(on=today, now=clock.now(), batch=2) == 1
    assert services.write_day(on=today, now=clock.now(), batch=2) == 0

    again = dict(DayValue.objects.values_list("customer_id", "created_at"))
    assert {who: at for who, at in again.items() if who in first} == first
    assert sorted(DayValue.objects.values_list("value", flat=True)) == [1, 2, 3, 4, 5, 6, 7]


def test_a_customer_and_day_have_one_value(pinned: Any) -> None:
    pinned()
    customer = new_customer().customer
    row = {"customer": customer, "valued_on": date(2026, 11, 18), "value": 1, "unpriced": 0}
    DayValue.objects.create(**row, created_at=clock.now())

    with pytest.raises(IntegrityError):
        DayValue.objects.create(**row, created_at=clock.now())


def test_a_holding_that_was_never_priced_is_counted(pinned: Any) -> None:
    pinned()
    with_lots("3", ("BTC", "1", "1"))

    services.write_day(on=clock.now().date(), now=clock.now())

    row = DayValue.objects.get()
    assert (row.value, row.unpriced) == (3, 1)


def test_the_clock_asks_for_each_of_the_last_days_once(pinned: Any) -> None:
    pinned()
    tasks.write_days()
    tasks.write_days()

    runs = Run.objects.filter(job="portfolio.write_day").order_by("slot")
    last = (clock.now() - tasks.SETTLED).date() - DAY
    assert [(run.slot.date(), run.attempts) for run in runs] == [
        (last - days * DAY, 1) for days in range(6, -1, -1)
    ]


def _days(customer: Customer, *values: str) -> None:
    today = clock.now().date()
    for days, worth in enumerate(reversed(values), start=1):
        DayValue.objects.create(
            customer=customer, valued_on=today - days * DAY, value=Decimal(worth),
            unpriced=int(days == 1), created_at=clock.now(),
        )  # fmt: skip


def test_history_is_in_the_currency_of_each_day(pinned: Any) -> None:
    pinned()
    known = new_customer()
    today = clock.now().date()
    _days(known.customer, "100", "110", "121")
    for days, rate in ((3, "1"), (1, "1.1")):
        put(Span.DAY, "EUR", datetime.combine(today - days * DAY, datetime.min.time(), UTC), rate)

    dollars = known.get("/v1/portfolio/history").json()
    euros = known.get("/v1/portfolio/history?currency=EUR").json()
    one = known.get(f"/v1/portfolio/history?from={today - 2 * DAY}&to={today - 2 * DAY}").json()

    assert dollars == {
        "object": "portfolio_history",
        "currency": "USD",
        "multiplier": None,
        "results": [
            {"on": str(today - 3 * DAY), "value": usd("100.00"), "complete": True},
            {"on": str(today - 2 * DAY), "value": usd("110.00"), "complete": True},
            {"on": str(today - DAY), "value": usd("121.00"), "complete": False},
        ],
    }
    assert [(row["on"], row["value"]["amount"]) for row in euros["results"]] == [
        (str(today - 3 * DAY), "100.00"),
        (str(today - DAY), "110.00"),
    ]
    assert [row["value"] for row in one["results"]] == [usd("110.00")]


@pytest.mark.parametrize(
    "query", ["from=2026-11-18&to=2026-11-17", "from=2020-01-01&to=2026-11-17", "from=soon",
              "to=0001-01-01&from=0001-01-02"],
)  # fmt: skip
def test_days_that_make_no_sense_are_refused(pinned: Any, query: str) -> None:
    pinned()
    response = new_customer().get(f"/v1/portfolio/history?{query}")

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["from"]
