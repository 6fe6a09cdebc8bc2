"""The primary market can be tried whole without staff: the walk of docs/primary-market.md."""

from typing import Any

import pytest
from django.test import Client

from tests.people import Known, new_customer
from tests.primary.world import balance, books_hold, redeem, refusal, subscribe, work

pytestmark = pytest.mark.django_db


def play(path: str, **body: str) -> Any:
    return Client().post(f"/v1/sandbox/{path}", body, content_type="application/json")


@pytest.fixture
def bob(catalogue: None, market: Any) -> Known:
    return new_customer(cash="20000", country="BR")


def test_a_customer_is_let_in_and_their_request_accepted(bob: Known) -> None:
    party = play(f"customers/{bob.customer.shown_id}/party")
    assert party.status_code == 201, party.content
    assert party.json()["wallet"] == bob.get("/v1/primary").json()["party"]["wallet"]
    made = subscribe(bob, "10200.00").json()["id"]

    accepted = play(f"primary-requests/{made}")
    work()

    assert accepted.json() == {"state": "approved"}
    assert bob.get(f"/v1/primary/requests/{made}").json()["state"] == "settled"
    assert balance(bob, "AAPLx") == (50, 0)
    books_hold(bob)


def test_a_request_is_rejected(bob: Known) -> None:
    play(f"customers/{bob.customer.shown_id}/party", network="ethereum")
    made = subscribe(bob).json()["id"]

    assert play(f"primary-requests/{made}", outcome="rejected").json() == {"state": "rejected"}
    assert refusal(play(f"primary-requests/{made}")) == (409, "primary.not_waiting")
    assert balance(bob, "USD") == (20000, 0)


def test_what_cannot_be_played_is_refused(bob: Known) -> None:
    shown = bob.customer.shown_id

    assert refusal(play(f"customers/{shown}/party", network="bitcoin")) == (
        422, "primary.network_without_shares",
    )  # fmt: skip
    play(f"customers/{shown}/party")
    assert refusal(play(f"customers/{shown}/party")) == (409, "primary.already_a_party")
    assert refusal(play("primary-requests/preq_x")) == (404, "primary.request_not_found")
    assert refusal(redeem(bob)) == (422, "trading.insufficient_funds")
