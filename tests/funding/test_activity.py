"""How money in and out reads in the list of everything that moved."""

from typing import Any

import pytest

from tests.cards.stripe_side import StripeSide
from tests.funding.test_receipts import account, address
from tests.funding.test_top_ups import paid
from tests.funding.world import BITCOIN, IBAN, World, save, withdraw, work
from tests.people import Known

pytestmark = pytest.mark.django_db


def lines(known: Known, query: str = "") -> list[dict[str, Any]]:
    response = known.get(f"/v1/activity{query}")
    assert response.status_code == 200, response.content
    found: list[dict[str, Any]] = response.json()["results"]
    return found


def words(row: dict[str, Any]) -> tuple[Any, ...]:
    amounts = [f"{each['amount']} {each['currency']}" for each in row["amounts"]]
    return (row["title"], row["party"], row["note"], row["status"], *amounts)


def test_money_that_came_says_from_whom_and_how(ada: Known, world: World) -> None:
    world.tell("bank", world.transfer(iban=account(ada)["iban"]))
    there = address(ada)["address"]
    world.tell("chain", world.output(address=there, confirmations=3))

    coins, cash = lines(ada)[:2]

    assert words(cash) == (
        "Bank transfer received", "Grace Hopper", "rent", "completed", "250.00 EUR",
    )  # fmt: skip
    assert words(coins) == ("Coins received on Bitcoin", "", "", "completed", "0.1 BTC")
    shown = [row["id"] for row in ada.get("/v1/deposits").json()["results"]]
    assert [coins["links"], cash["links"]] == [{"deposit": each} for each in shown]
    assert {coins["group"], cash["group"]} == {"deposit"}
    for text in ("grace", "RENT"):
        assert [row["title"] for row in lines(ada, f"?q={text}")] == ["Bank transfer received"]
    assert lines(ada, "?q=lovelace") == []


def test_a_top_up_and_what_became_of_it(ada: Known, stripe_side: StripeSide) -> None:
    shown, intent = paid(ada, stripe_side)
    refund = stripe_side.v1.refunds.create({"payment_intent": intent, "amount": 1000})
    stripe_side.hand_over()
    stripe_side.issuer.control.fail_refund(refund.id)
    stripe_side.hand_over()
    dispute = stripe_side.issuer.control.dispute_payment(intent)
    stripe_side.hand_over()
    stripe_side.issuer.control.decide_payment(dispute["id"], "won")
    stripe_side.hand_over()

    rows = lines(ada)[:5]

    assert [words(row) for row in rows] == [
        ("Dispute of a top-up won", "", "", "completed", "50.00 USD"),
        ("Top-up disputed", "", "", "completed", "-50.00 USD"),
        ("Refund of a top-up failed", "", "", "completed", "10.00 USD"),
        ("Top-up refunded", "", "", "completed", "-10.00 USD"),
        ("Top-up by card", "", "", "completed", "50.00 USD"),
    ]
    deposit = ada.get("/v1/deposits").json()["results"][0]["id"]
    assert [row["links"] for row in rows] == [{"deposit": deposit, "top_up": shown}] * 5


def test_a_withdrawal_says_where_to_and_how_far_it_is(ada: Known, world: World) -> None:
    label = "Rainy days"
    bank, chain = save(ada, label=label), save(ada, rail="bitcoin", account=BITCOIN)
    made = withdraw(ada, bank, "100", "EUR", "0").json()
    withdraw(ada, chain, "0.01", "BTC", "0.00005")
    work()

    coins, cash = lines(ada, "?group=withdrawal")
    assert words(cash) == ("Sent to a bank", label, "", "pending", "-100.00 EUR")
    assert words(coins) == (
        "Sent on Bitcoin", f"…{BITCOIN[-4:]}", "", "pending", "-0.01005 BTC",
    )  # fmt: skip
    assert cash["links"] == {"withdrawal": made["id"], "destination": bank}

    world.tell("bank", world.payout("completed", made["id"]))
    assert lines(ada, "?q=rainy")[0]["status"] == "completed"
    assert lines(ada, f"?q={IBAN}")[0]["id"] == cash["id"]

    world.tell("bank", world.payout("returned", made["id"]))
    back, sent = lines(ada, "?q=rainy")
    assert (words(back)[:4], sent["status"]) == (
        ("Withdrawal came back", label, "", "completed"), "returned",
    )  # fmt: skip
    assert back["amounts"][0]["amount"] == cash["amounts"][0]["amount"].removeprefix("-")
