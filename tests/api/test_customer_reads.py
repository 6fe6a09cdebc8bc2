"""What a customer reads of themselves, and what nobody else does."""

from typing import Any

import pytest
from django.test import Client

from cards.authorizations.models import Authorization
from cards.authorizations.rules.decision import Decline
from cards.authorizations.rules.explanation import WORDS
from cards.cashback.models import Grant
from cards.issuing.models import CardStatus
from krak.core import clock
from krak.core.ids import show, uuid7
from krak.core.outbox import services as outbox
from krak.core.transactions import transaction
from krak.customers.models import AccessToken, Customer
from krak.sandbox import services as sandbox
from tests.people import Known, new_customer
from tests.stripe_door import StripeDoor, answer_of

pytestmark = pytest.mark.django_db

PATHS = ["/v1/me", "/v1/balances", "/v1/cards", "/v1/authorizations", "/v1/cashback"]


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


@pytest.fixture
def known(pinned: Any) -> Known:
    pinned()
    return new_customer(cash="100")


def _door(known: Known) -> StripeDoor:
    return StripeDoor(Client(), known.card.stripe_id)


def _without_request_id(response: Any) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    return {name: value for name, value in body.items() if name != "request_id"}


# --- Who is asking -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PATHS, "/v1/authorizations/auth_x"])
@pytest.mark.parametrize("header", [None, "Bearer unknown", "Basic eDp5"])
def test_without_a_good_token_nothing_is_told(path: str, header: str | None) -> None:
    response = Client().get(path, headers={"Authorization": header} if header else {})

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["Content-Type"] == "application/problem+json"


def test_an_ended_or_expired_token_is_no_token(known: Known) -> None:
    AccessToken.objects.update(expires_at=clock.now())
    assert known.get("/v1/me").status_code == 401


def test_an_unknown_path_is_a_problem() -> None:
    response = Client().get("/v1/nothing")

    assert (response.status_code, response.json()["code"]) == (404, "api.not_found")


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/v1/cards"])
def test_nothing_is_written_here(known: Known, path: str) -> None:
    response = Client().post(path, headers={"Authorization": f"Bearer {known.token}"})
    assert response.status_code == 405


# --- Me, cards, balances -------------------------------------------------------------------------


def test_me(known: Known) -> None:
    customer = Customer.objects.get()
    assert known.get("/v1/me").json() == {
        "object": "customer",
        "id": customer.shown_id,
        "name": "Sandbox Customer",
        "email": customer.user.email,
        "country": "US",
        "home_currency": "USD",
        "email_verified": True,
        "tag": None,
        "display_currency": "USD",
        "first_name": "",
        "last_name": "",
        "born_on": None,
        "tax_residences": [],
        "verification_level": 2,
        "frozen": False,
        "created_at": customer.created_at.isoformat().replace("+00:00", "Z"),
        "livemode": False,
    }


def test_cards_come_newest_first_and_only_ones_own(known: Known) -> None:
    new_customer()
    with transaction():
        sandbox.set_card(customer_id=known.customer.id, status=CardStatus.CANCELED)
        newest = sandbox.set_card(customer_id=known.customer.id, status=CardStatus.ACTIVE)

    body = known.get("/v1/cards").json()

    assert (body["next"], body["previous"]) == (None, None)
    assert [(card["id"], card["status"]) for card in body["results"]] == [
        (newest.shown_id, "active"),
        (known.card.shown_id, "canceled"),
    ]
    assert body["results"][0] == {
        "object": "card",
        "id": newest.shown_id,
        "type": "virtual",
        "status": "active",
        "currency": "USD",
        "last4": newest.last4,
        "expires_on": None,
        "replaces": known.card.shown_id,
        "end_reason": None,
        "shipping_status": "",
        "pin_set": False,
        "controls": {
            "purchase_limit": None,
            "daily_limit": None,
            "monthly_limit": None,
            "atm_enabled": True,
            "online_enabled": True,
            "blocked_countries": [],
            "blocked_categories": [],
        },
        "settled": True,
        "created_at": body["results"][0]["created_at"],
        "livemode": False,
    }


def test_balances_are_in_shown_units_and_valued_at_home(pinned: Any) -> None:
    pinned({"AAPLx": "200"}, multipliers={"AAPLx": "2"}, stale=["BTC"])
    known = new_customer(cash="100.10", holdings={"AAPLx": "3", "BTC": "0.0005"})
    _door(known).request(2550)

    body = known.get("/v1/balances").json()

    wallets = {wallet["currency"]: wallet for wallet in body["results"]}
    assert list(wallets) == ["AAPLx", "BTC", "USD"]
    assert {name: wallets["USD"][name] for name in ("posted", "held", "available", "value")} == {
        "posted": usd("100.10"),
        "held": usd("25.50"),
        "available": usd("74.60"),
        "value": usd("100.10"),
    }
    assert float(wallets["AAPLx"]["posted"]["amount"]) == 3
    assert wallets["AAPLx"]["value"] == usd("600.00")
    assert [wallets[code]["stale"] for code in wallets] == [False, True, False]
    assert wallets["BTC"]["value"] == usd("25.00")
    assert (body["value"], body["stale"]) == (usd("725.10"), True)
    assert wallets["USD"]["object"] == "wallet"
    assert wallets["USD"]["id"].startswith("wal_")


def test_what_has_no_price_has_no_value(pinned: Any) -> None:
    pinned()
    known = new_customer(cash="5", holdings={"SOL": "1"})
    board = pinned()
    pinned_without = {code: p for code, p in board.prices.items() if code != "SOL"}
    object.__setattr__(board, "prices", pinned_without)

    body = known.get("/v1/balances").json()

    sol = next(wallet for wallet in body["results"] if wallet["currency"] == "SOL")
    assert (sol["value"], sol["stale"], sol["price_as_of"]) == (None, True, None)
    assert (body["value"], body["stale"]) == (usd("5.00"), True)


# --- Authorizations ------------------------------------------------------------------------------


def test_a_purchase_with_a_sale_is_explained(pinned: Any) -> None:
    pinned({"BTC": "50000"}, ask={"BTC": "50100"}, stale=["ETH"])
    known = new_customer(
        cash="10", holdings={"BTC": "0.01", "ETH": "1", "SOL": "1"}, excluded=["SOL"]
    )
    assert answer_of(_door(known).request(6000))["approved"] is True
    shown_id = known.get("/v1/authorizations").json()["results"][0]["id"]

    body = known.get(f"/v1/authorizations/{shown_id}").json()

    assert (body["object"], body["status"], body["approved"]) == ("authorization", "pending", True)
    assert body["card"] == known.card.shown_id
    assert (body["amount"], body["captured"]) == (usd("60.00"), usd("0.00"))
    assert body["decline"] is None
    (decision,) = body["decisions"]
    assert (decision["outcome"], decision["decline"]) == ("approved", None)
    assert decision["asked"] == decision["approved"] == usd("60.00")
    holdings = {h["units"]["currency"]: h for h in decision["holdings"]}
    assert holdings["USD"]["counted"] == usd("10.00")
    assert holdings["BTC"]["bid"] == "50000"
    assert holdings["BTC"]["value"] == usd("500.00")
    assert 0 < float(holdings["BTC"]["counted"]["amount"]) <= 500
    assert {code: h["left_out"] for code, h in holdings.items()} == {
        "USD": None,
        "BTC": None,
        "ETH": "no_usable_price",
        "SOL": "excluded",
    }
    (sale,) = decision["sales"]
    assert sale["units"] == {"amount": "0.001", "currency": "BTC"}
    assert (sale["bid"], sale["proceeds"], sale["venue"]) == ("50000", usd("50.00"), "pinned")
    assert sale["spread"] == usd("0.05")


def test_a_decline_is_said_in_plain_words(known: Known) -> None:
    _door(known).request(10_001)

    listed = known.get("/v1/authorizations").json()["results"][0]
    explained = known.get(f"/v1/authorizations/{listed['id']}").json()

    why = {"reason": "insufficient_funds", "message": WORDS[Decline.INSUFFICIENT_FUNDS]}
    assert listed["decline"] == explained["decline"] == why
    assert explained["decisions"][0]["decline"] == why
    assert (explained["approved"], explained["amount"]) == (False, usd("0.00"))


def test_every_decline_has_its_sentence() -> None:
    assert set(WORDS) == set(Decline)
    assert all(words.endswith(".") for words in WORDS.values())


def test_anothers_authorization_is_as_unknown_as_an_unknown_one(known: Known) -> None:
    other = new_customer(cash="100")
    _door(other).request(100)
    theirs = Authorization.objects.get()
    assert other.get(f"/v1/authorizations/{theirs.shown_id}").status_code == 200

    answers = [
        known.get(f"/v1/authorizations/{shown_id}")
        for shown_id in (
            theirs.shown_id,
            show("auth", uuid7()),
            theirs.shown_id.replace("auth", "card"),
            str(theirs.id),
            "auth_" + "z" * 26,
        )
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({str(_without_request_id(answer)) for answer in answers}) == 1
    assert known.get("/v1/authorizations").json()["results"] == []


# --- Pages ---------------------------------------------------------------------------------------


def _ids(page: dict[str, Any]) -> list[str]:
    return [row["id"] for row in page["results"]]


def test_pages_go_there_and_back_and_stay_put_while_rows_arrive(known: Known) -> None:
    door = _door(known)
    for number in range(5):
        door.request(100, authorization=f"p{number}")
    all_ids = [a.shown_id for a in Authorization.objects.order_by("-id")]

    first = known.get("/v1/authorizations?page_size=2").json()
    door.request(100, authorization="p5")
    second = known.get(first["next"]).json()
    third = known.get(second["next"]).json()
    back = known.get(third["previous"]).json()
    newest = known.get(first_of := known.get(back["previous"]).json()["previous"]).json()

    assert _ids(first) + _ids(second) + _ids(third) == all_ids
    assert (first["previous"], third["next"]) == (None, None)
    assert _ids(back) == _ids(second)
    assert len(_ids(newest)) == 1
    assert newest["previous"] is None
    assert first_of.startswith("http://testserver/v1/authorizations?")


@pytest.mark.parametrize("size", ["0", "201", "-1", "x", "", "1e2", "٣", "9" * 5000])
def test_a_page_has_1_to_200_rows(known: Known, size: str) -> None:
    response = known.get(f"/v1/authorizations?page_size={size}")

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["page_size"]


@pytest.mark.parametrize("cursor", ["", "x", "after_", "after_z", "card_" + "0" * 26, "after_%00"])
def test_a_made_up_cursor_is_refused(known: Known, cursor: str) -> None:
    response = known.get(f"/v1/cards?cursor={cursor}")

    assert (response.status_code, response.json()["code"]) == (400, "api.cursor_malformed")


def test_a_list_costs_the_same_for_one_row_and_for_many(
    known: Known, django_assert_num_queries: Any
) -> None:
    door = _door(known)
    for number in range(3):
        door.request(100, authorization=f"p{number}")
    # Who is asking, the page, its decisions, and the policies by which they will be rewarded.
    with django_assert_num_queries(4):
        known.get("/v1/authorizations")


# --- Cashback ------------------------------------------------------------------------------------


def test_cashback_is_added_up_and_listed(known: Known) -> None:
    door = _door(known)
    door.request(6000, authorization="a1")
    door.transaction(6000, kind="capture", transaction="t1", authorization="a1")
    outbox.drain(now=clock.now())
    grant = Grant.objects.get()

    body = known.get("/v1/cashback").json()

    assert body["totals"] == [usd(f"{grant.value:.2f}")]
    (row,) = body["results"]
    assert row["authorization"] == Authorization.objects.get().shown_id
    assert row["value"] == row["paid"] == usd(f"{grant.value:.2f}")
    assert row["taken_back"] == usd("0.00")
    assert row["id"].startswith("cbk_")
    assert (body["next"], body["previous"]) == (None, None)


def test_what_is_to_be_earned_is_seen_at_the_tap_and_until_it_has_cleared(known: Known) -> None:
    door = _door(known)
    door.request(6000, authorization="a1")
    door.request(200, authorization="a2", mcc="6540")
    door.request(100_000, authorization="a3")

    def seen() -> dict[str, Any]:
        rows = known.get("/v1/authorizations").json()["results"]
        return {row["amount"]["amount"]: row["cashback_pending"] for row in rows}

    assert seen() == {"60.00": usd("0.60"), "2.00": None, "0.00": None}
    path = f"/v1/authorizations/{Authorization.objects.get(stripe_id=door.id('a1')).shown_id}"
    assert known.get(path).json()["cashback_pending"] == usd("0.60")
    assert known.get("/v1/cashback").json()["pending"] == [usd("0.60")]

    door.transaction(6000, kind="capture", transaction="t1", authorization="a1")
    outbox.drain(now=clock.now())

    assert seen()["60.00"] is None
    body = known.get("/v1/cashback").json()
    assert (body["pending"], body["totals"]) == ([], [usd("0.60")])


# --- In which currency ---------------------------------------------------------------------------


def test_values_are_shown_in_the_display_currency_and_reckoned_in_the_home_currency(
    known: Known,
) -> None:
    changed = known.send("/v1/me", {"display_currency": "EUR"}, method="patch")

    assert changed.status_code == 200, changed.content
    # A euro is 1.10 dollars.
    euros = {"amount": "90.90", "currency": "EUR"}
    balances = known.get("/v1/balances").json()
    assert (balances["value"], balances["results"][0]["value"]) == (euros, euros)
    assert known.get("/v1/portfolio").json()["value"]["currency"] == "EUR"
    assert known.get("/v1/portfolio?currency=JPY").json()["value"]["currency"] == "JPY"
    assert known.get("/v1/portfolio/history?from=2026-11-19").json()["currency"] == "EUR"
    assert known.get("/v1/me").json()["home_currency"] == "USD"
