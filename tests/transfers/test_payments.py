"""Paying by tag: at once, with a conversion on the way, and what is refused."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from fx.assets.rules import Activation
from fx.prices import live
from holdings.ledger.models import JournalEntry
from holdings.lots.models import Disposal, Lot
from holdings.trading.models import Trade
from holdings.transfers.models import Transfer
from holdings.transfers.services import passes
from krak.core import clock
from krak.customers.models import Act, Customer, KycRule
from tests.people import Known, new_customer
from tests.transfers.conftest import (
    books_hold,
    not_ready,
    pay,
    posted,
    refusal,
    tag,
    tagged,
    told,
)

pytestmark = pytest.mark.django_db


def test_a_payment_is_two_entries_through_transit_and_there_at_once(ada: Known, bob: Known) -> None:
    response = pay(ada, bob, "25.00", note=" Dinner 🍜 ")

    body = response.json()
    assert response.status_code == 201
    assert (body["object"], body["kind"], body["direction"], body["state"]) == (
        "transfer", "payment", "out", "completed",
    )  # fmt: skip
    assert body["amount"] == {"amount": "25.00", "currency": "USD"}
    assert body["counterparty"] == {"tag": tag(bob), "name": "Sandbox Customer"}
    assert (body["note"], body["trade"]) == ("Dinner 🍜", None)
    assert body["ended_at"] == body["created_at"]
    assert (posted(ada), posted(bob)) == (975, 25)
    sent, received = (
        JournalEntry.objects.filter(customer=known.customer).latest("sequence")
        for known in (ada, bob)
    )
    assert (sent.kind, received.kind) == ("TRANSFER_SENT", "TRANSFER_RECEIVED")
    # The journal is never changed: neither tags nor notes are in it.
    assert sent.details == {"transfer": body["id"], "transfer_kind": "payment"} == received.details
    assert told(bob) == [
        (
            "transfer.received",
            {
                "transfer": body["id"], "amount": {"amount": "25.00", "currency": "USD"},
                "counterparty": tag(ada), "note": "Dinner 🍜",
            },
        )
    ]  # fmt: skip
    books_hold(ada, bob)


def test_both_find_it_in_their_lists_and_nobody_else_does(ada: Known, bob: Known) -> None:
    sent = pay(ada, bob, "1").json()
    carl = tagged(new_customer(country="BR"))

    mine, theirs = (known.get("/v1/transfers").json()["results"] for known in (ada, bob))

    assert mine == [sent]
    assert [(row["id"], row["direction"]) for row in theirs] == [(sent["id"], "in")]
    assert theirs[0]["counterparty"]["tag"] == tag(ada)
    path = f"/v1/transfers/{sent['id']}"
    assert refusal(carl.get(path)) == (404, "transfers.not_found")
    first = bob.get(path)
    assert first.json() == theirs[0]
    for door in ("cancel", "accept"):
        assert refusal(carl.send(f"{path}/{door}")) == (404, "transfers.not_found")
    assert refusal(bob.send(f"{path}/cancel")) == (404, "transfers.not_found")
    assert refusal(ada.send(f"{path}/accept")) == (404, "transfers.not_found")


def test_the_same_key_pays_once(ada: Known, bob: Known) -> None:
    first = pay(ada, bob, "25", key="one")
    again = pay(ada, bob, "25", key="one")
    other = pay(ada, bob, "26", key="one")

    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.status_code == 422
    assert posted(bob) == 25


def test_coins_leave_lots_at_what_they_are_worth_and_come_as_a_new_one(
    ada: Known, bob: Known
) -> None:
    assert pay(ada, bob, "0.004", "BTC").status_code == 201

    # 0.004 at the middle of 49,975 and 50,025.
    disposal = Disposal.objects.get(customer=ada.customer)
    assert (disposal.units, disposal.proceeds) == (Decimal("0.004"), Decimal(200))
    lot = Lot.objects.get(customer=bob.customer)
    assert (lot.quantity, lot.cost, lot.cost_currency) == (Decimal("0.004"), Decimal(200), "USD")
    books_hold(ada, bob)


def test_all_that_is_shown_of_a_share_can_be_sent(market: Any, bob: Known) -> None:
    market(multipliers={"AAPLx": "1.002134567890123456"})
    known = tagged(new_customer(holdings={"AAPLx": "1"}, country="BR"))
    shown = known.get("/v1/balances").json()["results"][0]["available"]

    sent = pay(known, bob, shown["amount"], "AAPLx").json()

    assert sent["amount"] == shown
    assert posted(known, "AAPLx") == 0


def test_shares_are_shown_with_their_multiplier_wherever_they_are_on_the_way(
    market: Any, ada: Known, bob: Known
) -> None:
    market(multipliers={"AAPLx": "1.02"})
    rich = tagged(new_customer(holdings={"AAPLx": "10.2"}, country="BR"))
    one = {"amount": "1.02", "currency": "AAPLx"}

    sent = pay(rich, bob, "1.02", "AAPLx").json()
    asked = bob.send("/v1/payment-requests", {"of": tag(rich), "amount": one}).json()
    link = rich.send("/v1/payment-links", {"amount": one}).json()
    seen = bob.send("/v1/payment-links/look", {"token": link["token"]}).json()
    bill = bob.send("/v1/split-bills", {"amount": one, "shares": [{"tag": tag(rich)}]}).json()

    for body in (sent, asked, link, seen, bill):
        assert (body["amount"], body["multiplier"]) == (one, "1.02")
    assert rich.get("/v1/transfers").json()["results"][-1] == sent
    assert told(bob)[0][1]["amount"] == one | {"multiplier": "1.02"}
    as_it_is = quote(rich, bob, "1.02", "AAPLx").json()
    assert as_it_is["amount"] == as_it_is["pay"] == one | {"multiplier": "1.02"}
    converted = quote(rich, bob, "10.00", "EUR").json()
    assert converted["amount"]["multiplier"] is None
    assert converted["pay"] == converted["quote"]["sell"] | {"multiplier": "1.02"}
    assert pay(ada, bob, "1.00").json()["multiplier"] is None


# --- Converted on the way -------------------------------------------------------------------------


def quote(sender: Known, to: Known, amount: str, currency: str, **more: Any) -> Any:
    body = {"to": tag(to), "amount": {"amount": amount, "currency": currency}, **more}
    return sender.send("/v1/transfers/quote", body)


def test_an_asset_that_is_not_held_is_converted_with_its_fee_shown_first(
    ada: Known, bob: Known
) -> None:
    made = quote(ada, bob, "10000", "JPY", **{"from": "EUR"}).json()

    # 66 dollars at the bid of 1.0997, and one per cent.
    assert made["pay"] == made["quote"]["sell"] | {"multiplier": None}
    assert made["quote"]["sell"] == {"amount": "60.63", "currency": "EUR"}
    assert made["quote"]["fee"] == {"amount": "0.61", "currency": "EUR"}
    assert made["amount"] == made["quote"]["buy"] | {"multiplier": None}
    assert made["quote"]["buy"] == {"amount": "10000", "currency": "JPY"}
    assert (made["instant"], made["step_up"]) == (True, False)
    assert posted(ada, "EUR") == 500

    body = pay(ada, bob, "10000", "JPY", quote=made["quote"]["id"]).json()

    assert body["trade"] == ada.get("/v1/trades").json()["results"][0]["id"]
    assert (posted(ada, "EUR"), posted(ada, "JPY")) == (Decimal("439.37"), 0)
    assert posted(bob, "JPY") == 10000
    books_hold(ada, bob)


def test_without_a_wish_the_home_currency_pays_and_then_the_dearest_that_covers_it(
    ada: Known, bob: Known
) -> None:
    assert quote(ada, bob, "100", "ETH").json()["code"] == "customers.limit_passed"
    assert quote(ada, bob, "0.1", "ETH").json()["pay"]["currency"] == "USD"
    # 1,250 dollars: too much for the dollars, but not for the bitcoin.
    assert quote(ada, bob, "0.5", "ETH").json()["pay"]["currency"] == "BTC"
    enough = quote(ada, bob, "10", "EUR").json()
    assert enough["pay"] == {"amount": "10.00", "currency": "EUR", "multiplier": None}
    assert enough["quote"] is None
    missing = quote(ada, bob, "3", "ETH")
    assert refusal(missing) == (422, "transfers.insufficient_funds")
    assert missing.json()["facts"] == {
        "asset": "ETH", "needed": "3", "available": "0", "next": "/v1/transfers/quote",
    }  # fmt: skip


def test_what_cannot_be_sold_now_hides_nothing_that_can(market: Any, bob: Known) -> None:
    dear = ("BTC", "ETH", "SOL", "PAXG", "AAPLx", "SPYx")
    market(dict.fromkeys(dear, "1000") | {"USDC": "1"}, stale=list(dear))
    holdings = dict.fromkeys(dear, "10") | {"USDC": "500"}
    rich = tagged(new_customer(holdings=holdings, country="BR"))

    assert quote(rich, bob, "100", "EUR").json()["pay"]["currency"] == "USDC"


def test_a_quote_serves_only_what_it_is_for_and_once(ada: Known, bob: Known) -> None:
    made = quote(ada, bob, "10000", "JPY").json()["quote"]["id"]

    assert refusal(pay(ada, bob, "9999", "JPY", quote=made)) == (409, "transfers.quote_mismatch")
    assert refusal(pay(bob, ada, "10000", "JPY", quote=made)) == (404, "quotes.not_found")
    assert pay(ada, bob, "10000", "JPY", quote=made).status_code == 201
    assert refusal(pay(ada, bob, "10000", "JPY", quote=made)) == (409, "quotes.already_accepted")
    assert Trade.objects.filter(customer=ada.customer).count() == 1


def test_a_payment_that_is_refused_after_its_conversion_converts_nothing(
    ada: Known, bob: Known
) -> None:
    made = quote(ada, bob, "10000", "JPY").json()["quote"]["id"]
    KycRule.objects.create(
        level=2, act=Act.PAY, allowed=True, currency="USD", per_day=Decimal(1),
        effective_at=clock.now(),
    )  # fmt: skip

    assert refusal(pay(ada, bob, "10000", "JPY", quote=made)) == (422, "customers.limit_passed")
    assert not Trade.objects.filter(customer=ada.customer).exists()


# --- Refused --------------------------------------------------------------------------------------


def test_what_may_not_be_paid_is_refused_and_says_what_to_do(ada: Known, bob: Known) -> None:
    usa = tagged(new_customer(country="US"))
    rich = tagged(new_customer(holdings={"AAPLx": "5"}, country="BR"))

    assert refusal(pay(ada, ada, "1")) == (400, "transfers.to_oneself")
    assert refusal(pay(rich, usa, "1", "AAPLx")) == (422, "transfers.recipient_not_eligible")
    assert "country" not in pay(rich, usa, "1", "AAPLx").json()["facts"]
    assert refusal(pay(ada, bob, "500.01", "EUR")) == (422, "transfers.insufficient_funds")
    assert refusal(pay(ada, bob, "0.001")) == (400, "quotes.amount_too_fine")
    assert refusal(pay(ada, bob, "1", "usd")) == (404, "assets.unknown")
    assert not Transfer.objects.exists()
    assert pay(rich, bob, "1", "AAPLx").status_code == 201


def test_somebody_frozen_sends_nothing_and_what_they_are_sent_waits(ada: Known, bob: Known) -> None:
    Customer.objects.filter(id=bob.customer.id).update(frozen_at=clock.now())
    assert pay(ada, bob, "5").json()["state"] == "pending"
    assert refusal(pay(bob, ada, "5")) == (422, "quotes.account_frozen")

    Customer.objects.filter(id=bob.customer.id).update(frozen_at=None)
    Customer.objects.filter(id=ada.customer.id).update(frozen_at=clock.now())

    waiting = bob.get("/v1/transfers").json()["results"][0]["id"]
    path = f"/v1/transfers/{waiting}/accept"
    assert refusal(bob.send(path)) == (422, "transfers.on_hold")
    assert passes.deliver_waiting(board=live.current(), now=clock.now()) == 0
    assert posted(bob) == 0
    books_hold(ada, bob)


def test_the_limits_of_a_level_count_what_was_sent_and_not_what_came_back(
    ada: Known, bob: Known
) -> None:
    now = clock.now()
    KycRule.objects.create(
        level=2, act=Act.PAY, allowed=True, currency="EUR", per_day=Decimal(50),
        per_month=Decimal(500), effective_at=now,
    )  # fmt: skip
    not_ready(bob)
    waiting = pay(ada, bob, "50").json()
    assert refusal(pay(ada, bob, "10")) == (422, "customers.limit_passed")

    ada.send(f"/v1/transfers/{waiting['id']}/cancel")

    # A dollar is 1 / 1.1 euros.
    assert pay(ada, bob, "55.00").status_code == 201
    passed = pay(ada, bob, "0.01")
    assert refusal(passed) == (422, "customers.limit_passed")
    assert passed.json()["facts"] == {
        "act": "pay", "period": "day", "limit": {"amount": "50", "currency": "EUR"},
        "next": "/v1/verifications",
    }  # fmt: skip


def test_much_for_somebody_new_takes_a_step_up_and_the_second_time_does_not(market: Any) -> None:
    ada = tagged(new_customer(cash="5000", country="BR"))
    bob = tagged(new_customer(country="BR"))

    asked = pay(ada, bob, "1000")
    assert refusal(asked) == (403, "identity.step_up_required")
    assert asked.json()["facts"]["subject"] == {
        "to": tag(bob), "amount": "1000", "currency": "USD",
    }  # fmt: skip
    proof = ada.proof("transfers.send", to=tag(bob), amount="1000", currency="USD")

    body = {"to": tag(bob), "amount": {"amount": "1000", "currency": "USD"}}
    sent = Client().post(
        "/v1/transfers", body, content_type="application/json",
        headers={
            "Authorization": f"Bearer {ada.token}", "Idempotency-Key": "k", "Step-Up": proof,
        },
    )  # fmt: skip

    assert sent.status_code == 201
    assert pay(ada, bob, "1000").status_code == 201
    assert pay(ada, bob, "999.99").status_code == 201


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"to": "аda"}, "to"),  # Cyrillic а
        ({"to": "ada\u200b"}, "to"),
        ({"to": 7}, "to"),
        ({"to": "x" * 5000}, "to"),
        ({"note": "two\nlines"}, "note"),
        ({"note": "\u202ereversed"}, "note"),
        ({"note": "in\u200bvisible"}, "note"),
        ({"note": "x" * 141}, "note"),
        ({"note": None}, "note"),
        ({"amount": {"amount": "1e3", "currency": "USD"}}, "amount.amount"),
        ({"amount": {"amount": 5, "currency": "USD"}}, "amount.amount"),
        ({"amount": {"amount": "-5", "currency": "USD"}}, "amount.amount"),
        ({"amount": {"amount": "0", "currency": "USD"}}, "amount.amount"),
        ({"amount": {"amount": "٣", "currency": "USD"}}, "amount.amount"),
        ({"amount": {"amount": "1" * 19, "currency": "USD"}}, "amount.amount"),
        ({"amount": {"amount": "0." + "0" * 28 + "1", "currency": "USD"}}, "amount.amount"),
        ({"amount": {"amount": "1", "currency": "U" * 17}}, "amount.currency"),
        ({"amount": {"amount": "1", "currency": "USD", "extra": 1}}, "amount.extra"),
        ({"amount": "1"}, "amount"),
        ({"amount": None}, "amount"),
        ({"quote": "trd_x"}, "quote"),
        ({"quote": 5}, "quote"),
        ({"from": "BTC"}, "from"),
    ],
)
def test_what_is_odd_is_a_field_error(ada: Known, changed: dict[str, Any], field: str) -> None:
    body = {"to": "somebody", "amount": {"amount": "1", "currency": "USD"}} | changed

    response = ada.send("/v1/transfers", body)

    assert refusal(response) == (400, "api.invalid")
    assert [error["field"] for error in response.json()["errors"]] == [field]


@pytest.mark.parametrize("body", ["[]", "7", "null", '{"to": "a", "to": "b"}', "{", '"\\u0000"'])
def test_what_is_no_object_is_refused(ada: Known, body: str) -> None:
    for path in ("transfers", "transfers/quote", "payment-requests", "payment-links",
                 "payment-links/claim", "split-bills"):  # fmt: skip
        assert ada.send(f"/v1/{path}", body).status_code == 400, path


def test_nobody_is_paid_by_a_tag_that_nobody_has(ada: Known) -> None:
    body = {"to": "$Nobody_1", "amount": {"amount": "1", "currency": "USD"}}
    assert refusal(ada.send("/v1/transfers", body)) == (404, "customers.tag_not_found")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("transfers", {"to": "$bob"}),
        ("transfers/quote", {"to": "$bob"}),
        ("payment-requests", {"of": "$bob"}),
        ("payment-links", {}),
        ("split-bills", {"shares": [{"tag": "$bob", "amount": "0.1"}]}),
    ],
)
def test_shown_units_are_not_read_by_a_board_from_before_a_split(
    market: Any, bob: Known, path: str, body: dict[str, Any]
) -> None:
    known = tagged(new_customer(holdings={"AAPLx": "10"}, country="BR"))
    now = clock.now()
    market(
        built_at=now - timedelta(seconds=30),
        activations={"AAPLx": (Activation(now - timedelta(seconds=5), Decimal(10)),)},
    )
    assert known.get("/v1/balances").json()["results"][0]["posted"]["amount"] == "100"
    asked = json.dumps(body | {"amount": {"amount": "0.1", "currency": "AAPLx"}})

    response = known.send(f"/v1/{path}", asked.replace("$bob", tag(bob)))

    assert refusal(response) == (422, "quotes.stale_price")
    assert posted(known, "AAPLx") == 10
