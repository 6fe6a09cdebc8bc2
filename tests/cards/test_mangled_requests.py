"""The synchronous door, asked by whatever: an answer or a refusal, never a failure."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cards.authorizations.models import Authorization, Decision, StrayRequest
from holdings.ledger import queries as ledger
from holdings.ledger.models import Hold, LedgerAccount
from krak.core import clock
from krak.sandbox.issuer import shapes
from tests.cards.test_stripe_fixtures import NAMES, door, event
from tests.mangled import changed, mangled
from tests.stripe_door import AUTHORIZATION_SECRET, StripeDoor

__all__ = ["door"]

pytestmark = pytest.mark.django_db

REQUESTS = [name for name in NAMES if name.startswith("auth_request")]


def _held() -> Any:
    return sum(LedgerAccount.objects.values_list("held", flat=True))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), name=st.sampled_from(REQUESTS))
def test_whatever_is_asked_is_answered_or_refused(door: StripeDoor, data: Any, name: str) -> None:
    asked = changed(event(name), "id", data.draw(st.uuids().map(str)))
    before = _held(), Decision.objects.count(), StrayRequest.objects.count()

    response = door.send_body("authorizations", mangled(data.draw, asked))

    assert response.status_code in {200, 400}, response.content
    if response.status_code == 400:
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "webhooks.malformed_event"
    elif response.json()["approved"]:
        assert response.json().keys() <= {"approved", "amount", "metadata"}
        return
    else:
        assert response.json()["metadata"]["decline_reason"] != "system_error"
    assert _held() == before[0]
    if response.status_code == 400:
        assert (Decision.objects.count(), StrayRequest.objects.count()) == before[1:]
    assert ledger.breaks() == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "\ud800"),
        ("merchant_data.name", "\ud800 shop"),
        ("card", "\ud800"),
        ("request_history", "one"),
        ("request_history", [{}] * 1001),
        ("pending_request", "5000"),
        ("merchant_data", ["a shop"]),
        ("pending_request.amount_details", "none"),
        ("/data.object", "iauth_1"),
        ("/data.object", ["iauth_1"]),
    ],
)
def test_what_no_database_keeps_is_refused_before_it_gets_there(
    door: StripeDoor, path: str, value: Any
) -> None:
    response = door.send_body("authorizations", changed(event("auth_request_usd"), path, value))

    if path == "merchant_data.name":
        assert response.json()["approved"] is True
        assert Authorization.objects.get().merchant_name == "? shop"
        return
    assert response.status_code == 400, response.content
    assert not Hold.objects.exists()
    assert not StrayRequest.objects.exists()


@pytest.mark.parametrize("time", ["9" * 400, "-" + "9" * 400, "1" * 5000, "٣"])
def test_a_time_that_is_none_is_no_signature(client: Client, time: str) -> None:
    text, _right = shapes.signed(
        event("auth_request_usd"), secret=AUTHORIZATION_SECRET, now=clock.now()
    )

    response = client.post(
        "/webhooks/stripe/authorizations",
        data=text,
        content_type="application/json",
        headers={"Stripe-Signature": f"t={time},v1={'0' * 64}"},
    )

    assert response.status_code == 400
