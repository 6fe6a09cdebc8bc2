"""A receipt says to the cent what paid for a purchase."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from cards.authorizations.models import Authorization
from krak.core import clock
from krak.core.ids import show, uuid7
from krak.core.outbox import services as outbox
from tests.dinners import dinner
from tests.people import Known, new_customer
from tests.statements.books import buy
from tests.stripe_door import StripeDoor

pytestmark = pytest.mark.django_db


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


@pytest.fixture
def known(pinned: Any) -> Known:
    pinned({"BTC": "49900", "ETH": "2500"}, ask={"BTC": "50100"})
    return new_customer(cash="100", cashback_asset="ETH")


def receipt_of(known: Known) -> dict[str, Any]:
    shown = Authorization.objects.get(customer=known.customer).shown_id
    response = known.get(f"/v1/authorizations/{shown}/receipt")
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def test_a_dinner_paid_with_cash_and_bitcoin(known: Known) -> None:
    now = clock.now()
    buy(known.customer, "0.0002", "BTC", cost="4", at=now - timedelta(days=2))
    buy(known.customer, "0.01", "BTC", cost="600", at=now - timedelta(days=1))
    dinner(known)

    body = receipt_of(known)

    (sale,) = body["sales"]
    # Units for 20.00 at 49,900, rounded up at the tenth decimal.
    assert sale["units"] == {"amount": "0.0004008017", "currency": "BTC"}
    assert (sale["price"], sale["proceeds"], sale["spread"]) == ("49900", usd("20.00"), usd("0.04"))
    # The first lot whole, and of the second 0.0002008017 of 0.01.
    assert sale["cost_basis"] == {"amount": "16.048102", "currency": "USD"}
    assert sale["gain"] == {"amount": "3.951898", "currency": "USD"}
    assert body["from_cash"] == usd("100.00")
    assert (body["approved"], body["captured"], body["refunded"]) == (
        usd("120.00"), usd("120.00"), usd("0.00"),
    )  # fmt: skip
    (cleared,) = body["cleared"]
    assert (cleared["kind"], cleared["settlement"], cleared["rate"]) == (
        "capture", usd("120.00"), "1",
    )  # fmt: skip
    assert cleared["presentment"] == usd("120.00")
    assert body["cashback"] == [
        {
            "value": usd("1.20"), "units": {"amount": "0.00048", "currency": "ETH"},
            "multiplier": None,
        }
    ]  # fmt: skip
    assert sale["multiplier"] is None


def test_a_reward_in_shares_is_in_the_units_that_are_shown(client: Client, pinned: Any) -> None:
    pinned({"AAPLx": "200"}, multipliers={"AAPLx": "2"})
    known = new_customer(cash="1000", cashback_asset="AAPLx")
    till = StripeDoor(client, known.card.stripe_id)
    till.request(50000)
    till.transaction(50000, transaction="t1", kind="capture")
    outbox.drain(now=clock.now())

    (reward,) = receipt_of(known)["cashback"]
    paid = {"amount": "0.025", "currency": "AAPLx"}
    assert (reward["units"], reward["multiplier"]) == (paid, "2")
    (granted,) = known.get("/v1/cashback").json()["results"]
    assert (granted["paid"], granted["multiplier"]) == (paid, "2")


def test_a_sale_of_shares_has_the_multiplier_of_the_sale(client: Client, pinned: Any) -> None:
    pinned({"AAPLx": "200"}, multipliers={"AAPLx": "2"})
    known = new_customer(holdings={"AAPLx": "3"})
    StripeDoor(client, known.card.stripe_id).request(50_00)

    pinned({"AAPLx": "100"}, multipliers={"AAPLx": "4"})

    (sale,) = receipt_of(known)["sales"]
    assert (sale["units"]["currency"], sale["multiplier"]) == ("AAPLx", "2")


def test_a_purchase_that_has_not_cleared_says_so(known: Known) -> None:
    door = StripeDoor(Client(), known.card.stripe_id)
    door.request(60_00)

    body = receipt_of(known)

    assert (body["status"], body["approved"], body["captured"]) == (
        "pending", usd("60.00"), usd("0.00"),
    )  # fmt: skip
    assert (body["from_cash"], body["sales"], body["cleared"], body["cashback"]) == (
        usd("60.00"), [], [], [],
    )  # fmt: skip


def test_a_refund_is_on_the_receipt_and_takes_its_reward_back(known: Known) -> None:
    door = dinner(known, 80_00)
    door.transaction(30_00, kind="refund", transaction="t2")
    outbox.drain(now=clock.now())

    body = receipt_of(known)

    assert (body["captured"], body["refunded"]) == (usd("80.00"), usd("30.00"))
    assert [each["kind"] for each in body["cleared"]] == ["capture", "refund"]
    assert [each["value"] for each in body["cashback"]] == [usd("0.50")]


def test_a_declined_request_paid_nothing(known: Known) -> None:
    StripeDoor(Client(), known.card.stripe_id).request(5_000_00)

    body = receipt_of(known)

    assert (body["approved"], body["from_cash"], body["sales"]) == (usd("0.00"), usd("0.00"), [])


def test_a_receipt_is_its_owners_only(known: Known) -> None:
    dinner(known, 80_00)
    shown = Authorization.objects.get(customer=known.customer).shown_id
    eve = new_customer()

    pdf = known.get(f"/v1/authorizations/{shown}/receipt/pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.headers["Content-Type"] == "application/pdf"
    for path in (f"{shown}/receipt", f"{shown}/receipt/pdf", f"{show('auth', uuid7())}/receipt"):
        refused = eve.get(f"/v1/authorizations/{path}")
        assert (refused.status_code, refused.json()["code"]) == (404, "authorizations.not_found")


def test_what_a_card_holds_is_found_among_the_authorizations(known: Known) -> None:
    StripeDoor(Client(), known.card.stripe_id).request(60_00)

    pending = known.get("/v1/authorizations?status=pending").json()["results"]
    assert [row["amount"] for row in pending] == [usd("60.00")]
    assert known.get("/v1/authorizations?status=closed").json()["results"] == []
    assert known.get("/v1/authorizations?status=Pending").status_code == 400
