"""A firm price: what it says, for how long, and when there is none."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from fx.assets.models import Asset
from fx.assets.rules import Activation, Kind, Status
from fx.quotes import services
from fx.quotes.models import FeeSchedule, Quote, QuotePolicy
from fx.quotes.queries import shown
from fx.venues import services as venues
from fx.venues.rules import Reason, Sides
from holdings.ledger import queries as ledger
from holdings.ledger.models import JournalEntry
from krak.core import clock
from krak.core.ids import read, show, uuid7
from krak.core.transactions import transaction as unit_of_work
from krak.customers import services as customers
from tests.people import Known, new_customer

pytestmark = pytest.mark.django_db


def ask(known: Known, sell: str, buy: str, **amount: Any) -> Any:
    return known.send("/v1/quotes", {"sell": sell, "buy": buy, **amount})


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def a_policy(**changed: Any) -> QuotePolicy:
    return QuotePolicy.objects.create(
        **{
            "effective_at": clock.now() - timedelta(seconds=1), "valid_seconds": 10,
            "minimum_usd": Decimal(1), "maximum_usd": Decimal(50_000),
            "daily_maximum_usd": Decimal(250_000),
        } | changed
    )  # fmt: skip


def test_a_quote_says_every_part_of_its_price_and_moves_nothing(ada: Known) -> None:
    before = JournalEntry.objects.count()

    response = ask(ada, "EUR", "BTC", sell_amount="100.00")

    body = response.json()
    assert response.status_code == 201
    assert body["object"] == "quote"
    assert body["id"].startswith("quo_")
    assert body["state"] == "open"
    assert body["sell"] == {"amount": "100.00", "currency": "EUR"}
    assert body["buy"] == {"amount": "0.0021763178", "currency": "BTC"}
    assert body["cost"] == {"amount": "98.93", "currency": "EUR"}
    assert body["spread"] == {"amount": "0.07", "currency": "EUR"}
    assert body["fee"] == {"amount": "1.00", "currency": "EUR"}
    assert body["rate"].startswith("45454.545454")
    assert body["price"] == "45949.1715777907069"
    assert body["rounding"] == {"sell": "exact", "buy": "down"}
    assert [(leg["asset"], leg["price_usd"], leg["venue"]) for leg in body["legs"]] == [
        ("EUR", "1.0997", "pinned"),
        ("BTC", "50025", "pinned"),
    ]
    assert body["seconds_left"] == 10
    assert JournalEntry.objects.count() == before


def test_the_amount_to_buy_may_be_named_instead(ada: Known) -> None:
    body = ask(ada, "EUR", "JPY", buy_amount="10000").json()

    assert body["sell"] == {"amount": "60.63", "currency": "EUR"}
    assert body["buy"] == {"amount": "10000", "currency": "JPY"}
    assert body["rounding"] == {"sell": "up", "buy": "exact"}


@pytest.mark.parametrize(
    ("sell", "buy", "amount"),
    [("USD", "BTC", "100"), ("BTC", "USD", "0.1"), ("USDG", "EUR", "100"), ("EUR", "USDG", "100")],
)
def test_with_dollars_there_is_no_fee(
    market: Any, ada: Known, sell: str, buy: str, amount: str
) -> None:
    market({"USDG": "1"})

    body = ask(ada, sell, buy, sell_amount=amount).json()

    assert Decimal(body["fee"]["amount"]) == 0
    assert Decimal(body["spread"]["amount"]) > 0


def test_a_quote_counts_down_and_is_over_at_its_very_moment(ada: Known) -> None:
    made = ask(ada, "USD", "BTC", sell_amount="10").json()
    quote = Quote.objects.get(id=read("quo", made["id"]))

    assert quote.expires_at - quote.created_at == timedelta(seconds=10)
    read_back = ada.get(f"/v1/quotes/{made['id']}").json()
    assert read_back["state"] == "open"
    assert 0 < read_back["seconds_left"] < 10
    just_before = quote.expires_at - timedelta(microseconds=1)
    assert shown(quote, now=just_before).state == "OPEN"
    assert shown(quote, now=quote.expires_at).state == "EXPIRED"
    assert shown(quote, now=quote.expires_at).seconds_left == 0


def test_how_long_a_quote_holds_is_a_row_of_policy(ada: Known) -> None:
    a_policy(valid_seconds=25)

    assert ask(ada, "USD", "BTC", sell_amount="10").json()["seconds_left"] == 25


def test_a_newer_fee_schedule_counts_from_its_beginning_on(ada: Known) -> None:
    now = clock.now()
    for bps, begins in ((200, now - timedelta(minutes=1)), (5000, now + timedelta(hours=1))):
        FeeSchedule.objects.create(
            effective_at=begins, fee_bps=bps, minimum_fee_usd=0, free_with=[]
        )

    body = ask(ada, "USD", "BTC", sell_amount="100").json()

    assert body["fee"] == {"amount": "2.00", "currency": "USD"}


def test_units_are_shown_by_the_multiplier_of_the_moment(market: Any) -> None:
    market(multipliers={"AAPLx": "2"})
    known = new_customer(holdings={"AAPLx": "3"})

    body = ask(known, "AAPLx", "USD", sell_amount="1").json()

    assert body["sell"] == {"amount": "1", "currency": "AAPLx"}
    assert body["buy"] == {"amount": "200.00", "currency": "USD"}
    assert body["legs"][0]["multiplier"] == "2"
    assert Quote.objects.get(id=read("quo", body["id"])).sell_units == Decimal("0.5")


@pytest.mark.parametrize("multiplier", ["1.002134567890123456", "0.100000000000000001"])
def test_what_is_shown_can_be_sold_to_the_last_unit(market: Any, multiplier: str) -> None:
    market(multipliers={"AAPLx": multiplier})
    known = new_customer(holdings={"AAPLx": "9.87654321"}, country="BR")
    shown = known.get("/v1/balances").json()["results"][0]["available"]["amount"]
    assert len(shown.partition(".")[2]) > 8

    quote = ask(known, "AAPLx", "USD", sell_amount=shown).json()

    assert quote["sell"] == {"amount": shown, "currency": "AAPLx"}
    assert known.send(f"/v1/quotes/{quote['id']}/accept").status_code == 201
    assert ledger.balances(customer_id=known.customer.id)["AAPLx"].posted == 0
    nearly = str(Decimal(shown) - Decimal("1E-26"))
    assert refusal(ask(known, "AAPLx", "USD", sell_amount=nearly)) == (
        400, "quotes.amount_too_fine",
    )  # fmt: skip


# --- Refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sell", "buy", "amount", "answer"),
    [
        ("usd", "BTC", {"sell_amount": "10"}, (404, "assets.unknown")),
        ("USD", "NOPE", {"sell_amount": "10"}, (404, "assets.unknown")),
        ("USD", "USD", {"sell_amount": "10"}, (400, "quotes.same_asset")),
        ("USD", "BTC", {"sell_amount": "10.001"}, (400, "quotes.amount_too_fine")),
        ("USD", "JPY", {"buy_amount": "10.5"}, (400, "quotes.amount_too_fine")),
        ("USD", "DOGE", {"sell_amount": "10"}, (422, "quotes.no_price")),
        ("USD", "BTC", {"sell_amount": "0.99"}, (422, "quotes.below_minimum")),
        ("USD", "JPY", {"buy_amount": "1"}, (422, "quotes.below_minimum")),
        ("USD", "BTC", {"sell_amount": "50000.01"}, (422, "quotes.above_maximum")),
        ("BTC", "USD", {"buy_amount": "999999999999999999"}, (422, "quotes.above_maximum")),
        ("JPY", "BTC", {"buy_amount": "999999999999999999"}, (400, "quotes.amount_too_large")),
        ("USD", "AAPLx", {"sell_amount": "10"}, (422, "eligibility.not_eligible")),
    ],
)
def test_what_cannot_be_quoted_is_refused(
    market: Any, sell: str, buy: str, amount: dict[str, str], answer: tuple[int, str]
) -> None:
    known = new_customer(cash="10")

    assert refusal(ask(known, sell, buy, **amount)) == answer
    assert not Quote.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"sell": "USD", "buy": "BTC"},
        {"sell": "USD", "buy": "BTC", "sell_amount": "1", "buy_amount": "1"},
        {"sell": "USD", "buy": "BTC", "sell_amount": "1", "fee": "0"},
        *(
            {"sell": "USD", "buy": "BTC", "sell_amount": amount}
            for amount in (
                "0", "0.00", "-1", "NaN", "Infinity", "1e400", "1E+30", "0x10", "1,000", "1_000",
                " 5 ", "１２.5", "٣", "9" * 40, "", ".5", "5.", 10, 1.1, True, None, ["1"],
            )
        ),
    ],
)  # fmt: skip
def test_odd_amounts_are_a_field_error(ada: Known, body: dict[str, Any]) -> None:
    assert refusal(ada.send("/v1/quotes", body)) == (400, "api.invalid")
    assert not Quote.objects.exists()


def test_the_smallest_worth_is_one_dollar_to_the_cent(ada: Known) -> None:
    assert ask(ada, "USD", "BTC", sell_amount="1.00").status_code == 201
    # 0.91 euros are 1.0007 dollars at the bid, 0.90 are 0.9897.
    assert ask(ada, "EUR", "BTC", sell_amount="0.91").status_code == 201
    assert refusal(ask(ada, "EUR", "BTC", sell_amount="0.90")) == (422, "quotes.below_minimum")


@pytest.mark.parametrize("code", ["EUR", "BTC"])
def test_a_stale_or_halted_asset_is_neither_bought_nor_sold(
    market: Any, ada: Known, code: str
) -> None:
    for state, answer in (("stale", "quotes.stale_price"), ("halted", "quotes.halted")):
        market(**{state: [code]})
        assert refusal(ask(ada, "EUR", "BTC", sell_amount="10")) == (422, answer)
        assert refusal(ask(ada, "BTC", "EUR", buy_amount="10")) == (422, answer)


def test_a_stale_price_may_be_tried_again(market: Any, ada: Known) -> None:
    market(stale=["BTC"])

    response = ask(ada, "USD", "BTC", sell_amount="10")

    assert response.json()["retryable"] is True
    assert response.headers["Retry-After"] == "1"


def set_status(code: str, status: Status) -> None:
    Asset.objects.update_or_create(
        code=code,
        defaults={
            "name": code, "kind": Kind.CRYPTO.value, "decimals": 10, "status": status.value,
            "listed_at": clock.now(),
        },
    )  # fmt: skip


def test_what_staff_halt_is_refused_before_a_board_says_so(ada: Known) -> None:
    set_status("BTC", Status.HALTED)

    assert refusal(ask(ada, "BTC", "USD", sell_amount="0.01")) == (422, "quotes.halted")


def test_what_is_being_delisted_can_only_be_sold(ada: Known) -> None:
    set_status("BTC", Status.DELISTING)

    assert refusal(ask(ada, "USD", "BTC", sell_amount="10")) == (422, "quotes.delisting")
    assert ask(ada, "BTC", "USD", sell_amount="0.01").status_code == 201


def _stop(code: str, sides: Sides) -> None:
    set_status(code, Status.ACTIVE)
    with unit_of_work():
        venues.halt(code=code, reason=Reason.OPERATOR, note="test", sides=sides, now=clock.now())


def test_of_a_halt_of_one_side_the_other_goes_on(market: Any, ada: Known) -> None:
    _stop("BTC", Sides.BUYING)

    assert refusal(ask(ada, "USD", "BTC", sell_amount="10")) == (422, "quotes.halted")
    assert ask(ada, "BTC", "USD", sell_amount="0.01").status_code == 201
    _stop("EUR", Sides.SELLING)
    assert refusal(ask(ada, "EUR", "USD", sell_amount="10")) == (422, "quotes.halted")
    assert ask(ada, "USD", "EUR", sell_amount="10").status_code == 201


def test_around_a_change_of_its_multiplier_a_share_is_not_traded(market: Any) -> None:
    known = new_customer(holdings={"AAPLx": "3"})
    for minutes, answer in ((16, 201), (15, 422), (-14, 422)):
        at = clock.now() + timedelta(minutes=minutes)
        market(activations={"AAPLx": (Activation(at=at, multiplier=Decimal(1)),)})

        response = ask(known, "AAPLx", "USD", sell_amount="1")

        assert response.status_code == answer, minutes
        if answer == 422:
            assert refusal(response) == (422, "quotes.halted")


def test_a_board_from_before_a_change_is_no_board_to_trade_by(market: Any) -> None:
    known = new_customer(holdings={"AAPLx": "3"})
    now = clock.now()
    market(
        built_at=now - timedelta(hours=1),
        activations={"AAPLx": (Activation(at=now - timedelta(minutes=30), multiplier=Decimal(2)),)},
    )

    assert refusal(ask(known, "AAPLx", "USD", sell_amount="1")) == (422, "quotes.stale_price")


def test_a_frozen_account_gets_no_quote(ada: Known) -> None:
    with unit_of_work():
        customers.freeze(customer_id=ada.customer.id, reason="test", now=clock.now())

    assert refusal(ask(ada, "USD", "BTC", sell_amount="10")) == (422, "quotes.account_frozen")


def test_a_board_without_the_home_currency_cannot_reckon_a_gain(ada: Known) -> None:
    type(ada.customer).objects.filter(id=ada.customer.id).update(home_currency="GBP")

    assert refusal(ask(ada, "BTC", "EUR", sell_amount="0.01")) == (422, "quotes.no_price")


def test_another_customers_quote_does_not_exist(ada: Known) -> None:
    made = ask(ada, "USD", "BTC", sell_amount="10").json()
    eve = new_customer(cash="100")

    theirs = eve.get(f"/v1/quotes/{made['id']}")
    nobodys = eve.get("/v1/quotes/quo_x")

    assert refusal(theirs) == refusal(nobodys) == (404, "quotes.not_found")


def test_the_same_key_gets_the_same_quote(ada: Known) -> None:
    body = {"sell": "USD", "buy": "BTC", "sell_amount": "10"}

    first, second = (ada.send("/v1/quotes", body, key="k1") for _ in range(2))

    assert first.json() == second.json()
    assert Quote.objects.count() == 1


# --- What the database refuses -------------------------------------------------------------------


@pytest.fixture
def quote(ada: Known) -> Quote:
    made = ask(ada, "EUR", "BTC", sell_amount="100").json()
    return Quote.objects.get(id=read("quo", made["id"]))


@pytest.mark.parametrize(
    "change",
    [{"sell_units": Decimal(1)}, {"rate": Decimal(1)}, {"expires_at": clock.now()}, {"prices": {}}],
)
def test_a_quote_keeps_its_terms(quote: Quote, change: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError, match="keeps its terms"), transaction.atomic():
        Quote.objects.filter(id=quote.id).update(**change)


def test_a_quote_is_accepted_while_it_holds_and_once(quote: Quote) -> None:
    rows = Quote.objects.filter(id=quote.id)
    with pytest.raises(IntegrityError, match="while_it_holds"), transaction.atomic():
        rows.update(accepted_at=quote.expires_at)
    with pytest.raises(IntegrityError, match="while_it_holds"), transaction.atomic():
        rows.update(accepted_at=quote.created_at - timedelta(microseconds=1))
    rows.update(accepted_at=quote.created_at)
    for change in (
        lambda: rows.update(accepted_at=None),
        rows.delete,
    ):
        with pytest.raises(DatabaseError, match="stays as it is"), transaction.atomic():
            change()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"buy_currency": "EUR"}, "two_assets"),
        ({"buy_units": 0}, "sells_and_buys_something"),
        ({"fee": Decimal(100)}, "part_of_what_is_sold"),
        ({"spread": Decimal("-0.01")}, "part_of_what_is_sold"),
        ({"source": "ORDER"}, "only_a_customers_quote_waits"),
    ],
)
def test_a_quote_that_makes_no_sense_is_refused(
    quote: Quote, change: dict[str, Any], name: str
) -> None:
    for field, value in {"id": uuid7(), **change}.items():
        setattr(quote, field, value)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        quote.save(force_insert=True)


@pytest.mark.parametrize("table", [FeeSchedule, QuotePolicy])
def test_dated_rows_are_only_added_to(table: Any) -> None:
    for change in (
        lambda: table.objects.update(effective_at=clock.now()),
        table.objects.all().delete,
    ):
        with pytest.raises(DatabaseError, match="history is kept"), transaction.atomic():
            change()


def test_a_policy_that_lets_nothing_through_is_refused(db: None) -> None:
    for changed in ({"valid_seconds": 0}, {"maximum_usd": 0}, {"daily_maximum_usd": 1}):
        with pytest.raises(IntegrityError, match="lets_something_through"), transaction.atomic():
            a_policy(**changed)


def test_quotes_that_nobody_took_are_forgotten_after_their_time(quote: Quote, ada: Known) -> None:
    taken = ask(ada, "USD", "BTC", sell_amount="10").json()
    ada.send(f"/v1/quotes/{taken['id']}/accept")
    over = quote.expires_at + services.KEPT_AFTER_EXPIRY

    with unit_of_work():
        assert services.purge(now=over) == 0
        assert services.purge(now=over + timedelta(seconds=1)) == 1

    assert show("quo", Quote.objects.get().id) == taken["id"]
