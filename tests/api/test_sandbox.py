"""The sandbox contract: it is how the product is tried from outside."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from cards.authorizations.models import Authorization
from fx.prices import live
from fx.prices import services as prices
from krak.core import clock
from krak.core.outbox import services as outbox
from tests.stripe_door import StripeDoor, answer_of

pytestmark = pytest.mark.django_db

Call = Callable[..., Any]


@pytest.fixture
def call(client: Client) -> Call:
    """Return what sends JSON to the sandbox and gives the JSON of a good answer."""

    def send(method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        response = client.generic(
            method, f"/v1/sandbox/{path}", json.dumps(body or {}), content_type="application/json"
        )
        assert response.status_code == status, response.content
        return json.loads(response.content) if response.content else None

    return send


@pytest.fixture
def customer(call: Call, pinned: Any) -> dict[str, Any]:
    """Return a customer with 30 dollars and two lots of bitcoin."""
    pinned()
    made: dict[str, Any] = call(
        "POST",
        "customers",
        {
            "country": "US",
            "card_currency": "USD",
            "cash": "30.00",
            "holdings": [
                {"asset": "BTC", "quantity": "0.0003", "cost_basis": "9.00"},
                {"asset": "BTC", "quantity": "0.0100", "cost_basis": "400.00"},
            ],
            "spend_order": ["USD", "BTC"],
            "excluded": [],
            "cashback_asset": "SOL",
            "policy": {"daily_limit": "500.00", "fx_buffer_bps": 0, "cash_enabled": True},
        },
        status=201,
    )
    return made


def test_a_new_customer_has_a_token_and_a_card(customer: dict[str, Any]) -> None:
    assert set(customer) == {"customer", "access_token", "card"}
    assert set(customer["card"]) == {"id", "stripe_id", "cardholder_stripe_id"}


def test_the_position_before_a_tap(customer: dict[str, Any], call: Call) -> None:
    assert call("GET", f"customers/{customer['customer']}/position") == {
        "cash": {"currency": "USD", "posted": "30.00", "held": "0.00", "available": "30.00"},
        "units": {"BTC": "0.0103"},
        "realised_gain": {},
        "cashback": {"amount": "0.00", "currency": "USD"},
        "suspense": "0.00",
        "flags": [],
    }


def test_a_purchase_from_the_tap_to_the_reward(customer: dict[str, Any], call: Call) -> None:
    played = call(
        "POST", "purchases", {"customer": customer["customer"], "amount": "50.00"}, status=201
    )
    outbox.drain(now=clock.now())

    assert played["answer"]["approved"] is True
    position = call("GET", f"customers/{customer['customer']}/position")
    assert position["cash"] == {
        "currency": "USD", "posted": "0.00", "held": "0.00", "available": "0.00",
    }  # fmt: skip
    # 20 dollars at 50,000 are 0.0004 BTC: the first lot whole, and 0.0001 of the second.
    assert position["units"] == {"BTC": "0.0099", "SOL": "0.005"}
    assert position["realised_gain"] == {"BTC": "7.00"}
    assert position["cashback"] == {"amount": "0.50", "currency": "USD"}
    assert call("POST", "settle") == {"pending": 0}


def test_a_purchase_that_is_declined_is_over(customer: dict[str, Any], call: Call) -> None:
    played = call(
        "POST", "purchases", {"customer": customer["customer"], "amount": "5000.00"}, status=201
    )
    outbox.drain(now=clock.now())

    assert played["answer"]["approved"] is False
    assert played["transaction"] is None
    found = Authorization.objects.get(stripe_id=played["authorization"])
    assert (found.status, found.approved, found.amount) == ("CLOSED", False, 5000)
    position = call("GET", f"customers/{customer['customer']}/position")
    assert position["cash"]["held"] == "0.00"
    assert position["flags"] == []


def test_the_proof_covers_every_currency(customer: dict[str, Any], call: Call) -> None:
    proof = call("GET", "proof")

    assert (proof["balanced"], proof["cached_equals_summed"], proof["hash_chain_intact"]) == (
        True, True, True,
    )  # fmt: skip
    assert {"USD", "BTC"} <= set(proof["currencies"])
    assert set(proof["currencies"].values()) == {"0"}
    assert proof["journal_entries"] >= 3


def test_a_holding_without_a_cost_cost_nothing(call: Call, pinned: Any) -> None:
    pinned()
    made = call("POST", "customers", {"holdings": [{"asset": "BTC", "quantity": "1"}]}, status=201)
    call("POST", "purchases", {"customer": made["customer"], "amount": "50.00"}, status=201)

    position = call("GET", f"customers/{made['customer']}/position")

    assert position["realised_gain"] == {"BTC": "50.00"}


def test_cash_may_begin_negative_and_a_deposit_repairs_it(call: Call) -> None:
    made = call("POST", "customers", {"cash": "-5.00"}, status=201)
    path = f"customers/{made['customer']}"
    assert call("GET", f"{path}/position")["cash"]["available"] == "-5.00"

    call("POST", f"{path}/deposits", {"amount": "12.00"}, status=201)

    assert call("GET", f"{path}/position")["cash"]["available"] == "7.00"


def test_freezing_excluding_and_replacing_act_on_the_next_tap(
    customer: dict[str, Any], call: Call, client: Client
) -> None:
    path, door = f"customers/{customer['customer']}", StripeDoor(client)

    def reason(card: str, name: str, amount: int = 100) -> str:
        answer = answer_of(door.for_card(card).request(amount, authorization=name))
        return str(answer["metadata"].get("decline_reason", "approved"))

    card = customer["card"]["stripe_id"]
    call("POST", f"{path}/freeze")
    assert reason(card, "a1") == "account_frozen"
    call("POST", f"{path}/unfreeze")
    call("POST", f"{path}/excluded", {"asset": "BTC"})
    assert reason(card, "a2", 4000) == "insufficient_funds"
    call("POST", f"{path}/card", {"status": "inactive"})
    assert reason(card, "a3") == "card_inactive"
    call("POST", f"{path}/card", {"status": "canceled"})
    replacement = call("POST", f"{path}/card", {"status": "active"})
    assert replacement["stripe_id"] != card
    assert reason(replacement["stripe_id"], "a4") == "approved"
    assert reason(card, "a5") == "card_inactive"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"cash": "1.001"}, None),
        ({"card_currency": "JPY"}, None),
        ({"card_currency": "usd"}, "card_currency"),
        ({"country": "us"}, "country"),
        ({"holdings": [{"asset": "NOPE", "quantity": "1"}]}, "holdings[0].asset"),
        ({"holdings": [{"asset": "BTC", "quantity": "0"}]}, "holdings[0].quantity"),
        ({"policy": {"daily_limit": "-1"}}, "policy.daily_limit"),
        ({"policy": {"unheard_of": "1"}}, "policy.unheard_of"),
    ],
)
def test_a_bad_customer_is_refused(call: Call, body: dict[str, Any], field: str | None) -> None:
    problem = call("POST", "customers", body, status=400)

    if field:
        assert [error["field"] for error in problem["errors"]] == [field]
    else:
        assert problem["code"].startswith("sandbox.")


@pytest.fixture
def market() -> Iterator[None]:
    """Let this process read the real board, and leave no pins behind."""
    live.install(None)
    live.start()
    yield
    prices.unpin_prices()
    live.stop()


@pytest.mark.usefixtures("market")
def test_pins_are_seen_before_the_call_returns(call: Call) -> None:
    call(
        "PUT",
        "prices",
        {
            "currency": "USD",
            "bid": {"BTC": "50000", "ETH": "2500", "AAPLx": "200"},
            "stale": ["ETH"],
            "market_closed": ["AAPLx"],
        },
    )

    board, now = live.current(), clock.now()
    bitcoin, apple = board.price("BTC"), board.price("AAPLx")
    assert bitcoin is not None
    assert apple is not None
    assert bitcoin.bid == bitcoin.ask == 50_000
    assert (board.is_fresh("BTC", now), board.is_fresh("ETH", now)) == (True, False)
    assert apple.market_open is False
    call("DELETE", "prices", status=204)
    after = live.current().price("BTC")
    assert after is None or not after.pinned
