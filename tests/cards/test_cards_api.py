"""The phone's view of its cards, over HTTP."""

import json
from typing import Any

import pytest
from django.test import Client

from cards.issuing.models import Card, SecretAccess
from tests.cards.stripe_side import StripeSide
from tests.people import Known, new_customer

pytestmark = pytest.mark.django_db

ADDRESS = {"line1": "1 Rue", "city": "Paris", "postal_code": "75001", "country": "FR"}


@pytest.fixture
def known(pinned: Any) -> Known:
    pinned()
    return new_customer(cash="100")


@pytest.fixture
def connected(pinned: Any, stripe_side: StripeSide) -> Known:
    """Return a customer whose card the fake Stripe knows."""
    pinned()
    known = new_customer(cash="100")
    stripe_side.work()
    return known


def _send(known: Known, method: str, path: str, body: Any = None, **headers: str) -> Any:
    return Client().generic(
        method,
        path,
        json.dumps(body if body is not None else {}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {known.token}", **headers},
    )


def test_from_order_to_replacement(connected: Known, stripe_side: StripeSide) -> None:
    known = connected
    order = {"type": "virtual", "currency": "USD"}
    ordered = _send(known, "POST", "/v1/cards", order, **{"Idempotency-Key": "first"})
    again = _send(known, "POST", "/v1/cards", order, **{"Idempotency-Key": "first"})
    assert (ordered.status_code, ordered.json()["status"]) == (201, "pending")
    assert again.json() == ordered.json()
    assert again["Idempotent-Replayed"] == "true"
    card = f"/v1/cards/{ordered.json()['id']}"
    assert _send(known, "POST", f"{card}/freeze").json()["code"] == "cards.not_ready"

    stripe_side.work()
    shown = known.get(card).json()
    assert (shown["status"], shown["settled"], shown["last4"]) == (
        "active",
        True,
        Card.objects.get(stripe_id=stripe_side.cards()[-1].id).last4,
    )

    frozen = _send(known, "POST", f"{card}/freeze").json()
    assert (frozen["status"], frozen["settled"]) == ("inactive", False)
    assert _send(known, "POST", f"{card}/unfreeze").json()["status"] == "active"

    controls = {"purchase_limit": "20.00", "blocked_categories": ["7995"], "atm_enabled": False}
    assert _send(known, "PUT", f"{card}/controls", controls).json()["controls"] == {
        "purchase_limit": {"amount": "20.00", "currency": "USD"},
        "daily_limit": None,
        "monthly_limit": None,
        "atm_enabled": False,
        "online_enabled": True,
        "blocked_countries": [],
        "blocked_categories": ["7995"],
    }

    successor = _send(known, "POST", f"{card}/replace", {"reason": "lost"})
    assert (successor.status_code, successor.json()["status"]) == (201, "pending")
    assert successor.json()["replaces"] == ordered.json()["id"]
    assert successor.json()["controls"]["purchase_limit"]["amount"] == "20.00"
    ended = known.get(card).json()
    assert (ended["status"], ended["end_reason"]) == ("canceled", "lost")
    assert _send(known, "POST", f"{card}/unfreeze").json()["code"] == "cards.canceled"


def test_who_the_cards_are_for(connected: Known) -> None:
    known = connected
    person = {"first_name": "Zoë", "last_name": "O'Hara-Šimić", "address": ADDRESS}
    told = _send(known, "PUT", "/v1/cardholder", person)

    assert told.status_code == 200
    assert known.get("/v1/cardholder").json() == told.json()
    assert {name: told.json()[name] for name in ("first_name", "address", "requirements")} == {
        "first_name": "Zoë",
        "address": ADDRESS,
        "requirements": [],
    }


def test_keys_to_secrets_are_never_cached(connected: Known) -> None:
    known = connected
    card = f"/v1/cards/{known.card.shown_id}"

    def ask(method: str, secret: str, body: dict[str, str]) -> Any:
        action = f"card.{secret.removesuffix('-key')}"
        proof = known.proof(action, card=known.card.shown_id)
        return _send(known, method, f"{card}/{secret}", body, **{"Step-Up": proof})

    details = ask("POST", "details-key", {"nonce": "ephkn_1"})
    wallet = ask("POST", "wallet-key", {"stripe_version": "2024-06-20"})
    pin = ask("PUT", "pin", {"encrypted_number": "sealed-for-stripe-0001"})

    assert (details.status_code, wallet.status_code, pin.status_code) == (201, 201, 204)
    assert details["Cache-Control"] == wallet["Cache-Control"] == "no-store"
    assert details.json()["secret"] != wallet.json()["secret"]
    assert [each.purpose for each in SecretAccess.objects.order_by("id")] == [
        "DETAILS",
        "WALLET",
        "PIN",
    ]
    assert known.get(card).json()["pin_set"] is True


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("POST", "/freeze", {}),
        ("POST", "/unfreeze", {}),
        ("POST", "/cancel", {}),
        ("POST", "/replace", {"reason": "lost"}),
        ("PUT", "/controls", {}),
        ("GET", "/wallets", None),
        ("POST", "/details-key", {"nonce": "ephkn_1"}),
        ("POST", "/wallet-key", {"stripe_version": "2024-06-20"}),
        ("PUT", "/pin", {"encrypted_number": "sealed-for-stripe-0001"}),
    ],
)
def test_another_customers_card_is_not_there(
    known: Known, method: str, path: str, body: Any
) -> None:
    other = new_customer()
    response = _send(known, method, f"/v1/cards/{other.card.shown_id}{path}", body)
    assert (response.status_code, response.json()["code"]) == (404, "cards.not_found")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("controls", {"daily_limit": "1.001"}, "daily_limit"),
        ("controls", {"daily_limit": "-1"}, "daily_limit"),
        ("controls", {"daily_limit": 5}, "daily_limit"),
        ("controls", {"daily_limit": "0"}, "daily_limit"),
        ("controls", {"daily_limit": "1000000000"}, "daily_limit"),
        ("controls", {"blocked_categories": ["0000"]}, "blocked_categories"),
        ("controls", {"blocked_countries": ["fr"]}, "blocked_countries[0]"),
        ("controls", {"unknown": 1}, "unknown"),
    ],
)
def test_odd_controls_are_field_errors(
    known: Known, path: str, body: dict[str, Any], field: str
) -> None:
    response = _send(known, "PUT", f"/v1/cards/{known.card.shown_id}/{path}", body)
    assert response.status_code == 400
    assert [each["field"] for each in response.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "metal"}, "type"),
        ({"type": "virtual", "shipping": {"name": "A", "address": ADDRESS}}, "shipping"),
        ({"type": "physical", "shipping": {"name": "A"}}, "shipping.address"),
    ],
)
def test_odd_orders_are_field_errors(known: Known, body: dict[str, Any], field: str) -> None:
    response = _send(known, "POST", "/v1/cards", body, **{"Idempotency-Key": "x"})
    assert response.status_code == 400
    assert [each["field"] for each in response.json()["errors"]] == [field]


def test_an_order_needs_a_key_and_a_processor(known: Known) -> None:
    assert _send(known, "POST", "/v1/cards").json()["code"] == "idempotency.key_required"
    unconnected = _send(known, "POST", "/v1/cards", {}, **{"Idempotency-Key": "x"})
    assert (unconnected.status_code, unconnected.json()["code"]) == (
        503,
        "processor.unavailable",
    )
    assert Card.objects.count() == 1


def test_merchant_categories_are_listed(known: Known) -> None:
    listed = {each["code"]: each for each in known.get("/v1/merchant-categories").json()["results"]}
    assert listed["4121"] == {
        "object": "merchant_category",
        "code": "4121",
        "name": "Taxi-cabs and limousines",
        "group": "Transportation",
    }
    assert "3000" not in listed


def test_a_higher_limit_takes_a_step_up_for_exactly_it_and_a_lower_one_none(
    connected: Known,
) -> None:
    known, path = connected, f"/v1/cards/{connected.card.shown_id}/controls"
    higher = {"purchase_limit": "50.00"}
    assert _send(known, "PUT", path, {"purchase_limit": "20.00"}).status_code == 200
    assert _send(known, "PUT", path, {"purchase_limit": "10.00"}).status_code == 200

    refused = _send(known, "PUT", path, higher)
    removed = _send(known, "PUT", path, {})
    facts = refused.json()["facts"]
    proof = known.proof(facts["action"], **facts["subject"])
    other = _send(known, "PUT", path, {"purchase_limit": "60.00"}, **{"Step-Up": proof})
    raised = _send(known, "PUT", path, higher, **{"Step-Up": proof})

    for answer in (refused, removed, other):
        assert (answer.status_code, answer.json()["code"]) == (403, "identity.step_up_required")
    assert facts["subject"] == {
        "card": known.card.shown_id,
        "purchase_limit": "50",
        "daily_limit": "none",
        "monthly_limit": "none",
    }
    assert raised.json()["controls"]["purchase_limit"]["amount"] == "50.00"
