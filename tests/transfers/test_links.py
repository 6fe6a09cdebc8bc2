"""Payment links: a token shown once, claimed once, canceled, run out."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fx.prices import live
from holdings.transfers.models import PaymentLink, Transfer
from holdings.transfers.services import passes
from krak.core import clock
from krak.core.idempotency.models import KeptAnswer
from krak.customers.models import Customer
from tests.people import Known, new_customer
from tests.transfers.conftest import (
    books_hold,
    not_ready,
    posted,
    ready,
    refusal,
    tag,
    tagged,
    told,
)

pytestmark = pytest.mark.django_db


def create(sender: Known, amount: str = "25", currency: str = "USD", **more: Any) -> Any:
    key = more.pop("key", "")
    body = {"amount": {"amount": amount, "currency": currency}, "note": "Happy birthday", **more}
    return sender.send("/v1/payment-links", body, key=key)


def claim(known: Known, link: dict[str, Any]) -> Any:
    return known.send("/v1/payment-links/claim", {"token": link["token"]})


def test_a_link_sets_money_aside_and_gives_it_to_who_claims_it(ada: Known, bob: Known) -> None:
    response = create(ada)
    link = response.json()

    assert (response.status_code, link["state"], link["claimed_by"]) == (201, "pending", None)
    assert response.headers["Cache-Control"] == "no-store"
    assert posted(ada) == 975
    books_hold(ada, bob)
    seen = bob.send("/v1/payment-links/look", {"token": link["token"]}).json()
    assert (seen["amount"]["amount"], seen["sender"]["tag"], seen["note"]) == (
        "25.00", tag(ada), "Happy birthday",
    )  # fmt: skip

    taken = claim(bob, link)

    assert (taken.status_code, taken.json()["kind"], taken.json()["direction"]) == (
        201, "link", "in",
    )  # fmt: skip
    assert posted(bob) == 25
    mine = ada.get(f"/v1/payment-links/{link['id']}").json()
    assert (mine["state"], mine["claimed_by"]["tag"]) == ("completed", tag(bob))
    assert "token" not in mine
    [(kind, facts)] = told(ada)
    assert (kind, facts["link"], facts["counterparty"]) == ("link.claimed", link["id"], tag(bob))
    for again in (claim(bob, link), claim(tagged(new_customer(country="BR")), link)):
        assert refusal(again) == (409, "transfers.link_ended")
    cancel = ada.send(f"/v1/payment-links/{link['id']}/cancel")
    assert refusal(cancel) == (409, "transfers.already_paid")
    books_hold(ada, bob)


def test_the_token_is_in_no_table_and_is_told_again_to_a_repeat(ada: Known, settings: Any) -> None:
    link = create(ada, key="one").json()
    again = create(ada, key="one")

    assert again.json() == link
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(link["token"]) == 43
    kept = KeptAnswer.objects.get(owner=ada.customer.id, key="one")
    assert link["token"] not in str(vars(kept))
    assert link["token"].encode() not in bytes(PaymentLink.objects.get().digest)
    settings.SECRET_KEY = "another"
    assert create(ada, key="one").json()["token"] is None


def test_a_link_is_not_for_who_made_it_nor_for_who_may_not_take_it(ada: Known, bob: Known) -> None:
    link = create(ada).json()
    not_ready(bob)

    assert refusal(claim(ada, link)) == (409, "transfers.own_link")
    assert refusal(claim(bob, link)) == (403, "customers.email_unverified")
    assert refusal(claim(bob, {"token": "x" * 43})) == (404, "transfers.link_not_found")
    Customer.objects.filter(id=ada.customer.id).update(frozen_at=clock.now())
    ready(bob)
    assert refusal(claim(bob, link)) == (422, "transfers.on_hold")
    Customer.objects.filter(id=ada.customer.id).update(frozen_at=None)
    assert claim(bob, link).status_code == 201


def test_a_link_to_an_asset_is_only_for_who_may_hold_it(market: Any, bob: Known) -> None:
    rich = tagged(new_customer(holdings={"AAPLx": "5"}, country="BR"))
    usa = tagged(new_customer(country="US"))
    link = create(rich, "1", "AAPLx").json()

    assert refusal(claim(usa, link)) == (422, "eligibility.not_eligible")
    assert claim(bob, link).status_code == 201
    books_hold(rich, usa, bob)


@pytest.mark.parametrize("how", ["cancel", "expire"])
def test_a_link_that_nobody_claims_gives_the_money_back(ada: Known, bob: Known, how: str) -> None:
    link = create(ada, "0.004", "BTC").json()
    path = f"/v1/payment-links/{link['id']}"
    assert refusal(bob.send(f"{path}/cancel")) == (404, "transfers.link_not_found")
    if how == "cancel":
        assert ada.send(f"{path}/cancel").json()["state"] == "canceled"
        assert ada.send(f"{path}/cancel").json()["state"] == "canceled"
        assert told(ada) == []
    else:
        end = Transfer.objects.get().expires_at
        assert end == Transfer.objects.get().created_at + timedelta(days=14)
        assert passes.expire_due(board=live.current(), now=end) == 1
        assert [kind for kind, _ in told(ada)] == ["link.expired"]

    assert posted(ada, "BTC") == Decimal("0.1")
    assert refusal(claim(bob, link)) == (409, "transfers.link_ended")
    books_hold(ada, bob)


def test_a_link_for_much_takes_a_step_up(market: Any) -> None:
    rich = new_customer(cash="5000", country="BR")

    asked = create(rich, "1000")

    assert refusal(asked) == (403, "identity.step_up_required")
    assert asked.json()["facts"]["subject"] == {
        "to": "link", "amount": "1000", "currency": "USD",
    }  # fmt: skip


@pytest.mark.parametrize("body", [{}, {"token": 7}, {"token": "x" * 101}, {"token": "a\x00"},
                                  {"token": "x", "more": 1}])  # fmt: skip
def test_an_odd_token_is_a_field_error(ada: Known, body: dict[str, Any]) -> None:
    for door in ("claim", "look"):
        assert ada.send(f"/v1/payment-links/{door}", body).status_code == 400
