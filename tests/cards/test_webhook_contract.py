"""What the webhook doors take and answer: section 2 of the card policy, and bad input."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cards.authorizations.models import Decision, StrayRequest
from krak.core import clock
from krak.core.inbox.models import InboxEvent
from krak.sandbox.issuer import shapes
from krak.stripe.events import API_VERSION
from tests.cards.scenarios import Play, scenario
from tests.stripe_door import AUTHORIZATION_SECRET, StripeDoor, answer_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def play(client: Any, pinned: Any) -> Play:
    """Return a customer with 100 dollars."""
    return Play(scenario("A01"), client, pinned)


def _request_body(play: Play, amount: Any = 5000, **changed: Any) -> dict[str, Any]:
    created = int(clock.now().timestamp())
    asked = shapes.authorization(
        stripe_id=play.door.id("a1"),
        card={"id": play.card.stripe_id, "cardholder": "ich_test"},
        currency="usd",
        merchant_data=shapes.merchant(name="SHOP", mcc="5812", country="US"),
        merchant_currency="usd",
        created=created,
        pending_request=shapes.pending_request(
            amount=amount, currency="usd", merchant_amount=5000, merchant_currency="usd"
        )
        | changed,
    )
    return shapes.event("issuing_authorization.request", asked, created=created)


def _nothing_was_stored() -> bool:
    return not Decision.objects.exists() and not StrayRequest.objects.exists()


def test_an_approval_is_json_with_the_version_and_our_decision_id(play: Play) -> None:
    response = play.door.request(5000)

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Stripe-Version"] == API_VERSION
    decision = Decision.objects.get()
    assert answer_of(response) == {"approved": True, "metadata": {"decision": decision.shown_id}}


def test_a_decline_says_why(play: Play) -> None:
    response = play.door.request(10_001)

    answer = answer_of(response)
    assert (answer["approved"], answer["metadata"]["decline_reason"]) == (
        False,
        "insufficient_funds",
    )
    assert "amount" not in answer


def test_the_same_request_gets_the_stored_answer_also_after_a_deposit(play: Play) -> None:
    first = play.door.request(10_001)
    play.deposit(5000)
    second = play.door.request(10_001)

    assert first.json() == second.json()
    assert Decision.objects.count() == 1


def test_an_unknown_card_is_declined_and_kept(client: Any, pinned: Any) -> None:
    pinned()
    door = StripeDoor(client, "ic_nobody")

    first, second = door.request(100), door.request(100)

    assert answer_of(first)["metadata"]["decline_reason"] == "unknown_card"
    assert answer_of(second) == answer_of(first)
    assert first.status_code == second.status_code == 200
    assert StrayRequest.objects.get().card_stripe_id == "ic_nobody"


def test_a_livemode_that_is_not_ours_is_an_unknown_card(play: Play) -> None:
    response = play.door.send_body("authorizations", _request_body(play) | {"livemode": True})

    assert answer_of(response)["metadata"]["decline_reason"] == "unknown_card"


@pytest.mark.parametrize(
    "age", [timedelta(seconds=301), timedelta(seconds=-65)], ids=["too old", "from the future"]
)
def test_a_timestamp_that_is_not_now_is_refused(play: Play, age: timedelta) -> None:
    # The limits are 300 and -60; the future one leaves time for the way to the door.
    body = _request_body(play)
    text, header = shapes.signed(body, secret=AUTHORIZATION_SECRET, now=clock.now() - age)

    response = play.client.post(
        "/webhooks/stripe/authorizations",
        data=text,
        content_type="application/json",
        headers={"Stripe-Signature": header},
    )

    assert response.status_code == 400
    assert _nothing_was_stored()


@pytest.mark.parametrize(
    ("secret", "change", "header"),
    [
        ("whsec_wrong", None, None),
        (AUTHORIZATION_SECRET, "byte", None),
        (AUTHORIZATION_SECRET, None, ""),
        (AUTHORIZATION_SECRET, None, "t=1,v1=00"),
        (AUTHORIZATION_SECRET, None, "v1=00"),
        (AUTHORIZATION_SECRET, None, "t=abc,v1=00"),
        (AUTHORIZATION_SECRET, "truncated", None),
    ],
)
def test_what_is_not_signed_by_stripe_is_refused(
    play: Play, secret: str, change: str | None, header: str | None
) -> None:
    text, signature = shapes.signed(_request_body(play), secret=secret, now=clock.now())
    if change == "byte":
        text = text.replace("5000", "5001")
    elif change == "truncated":
        text = text[:-20]

    response = play.client.post(
        "/webhooks/stripe/authorizations",
        data=text,
        content_type="application/json",
        headers={"Stripe-Signature": signature if header is None else header},
    )

    assert response.status_code == 400
    assert _nothing_was_stored()


def test_one_matching_signature_of_several_is_enough(play: Play) -> None:
    text, right = shapes.signed(_request_body(play), secret=AUTHORIZATION_SECRET, now=clock.now())
    timestamp, signature = right.split(",")

    response = play.client.post(
        "/webhooks/stripe/authorizations",
        data=text,
        content_type="application/json",
        headers={"Stripe-Signature": f"{timestamp},v1={'0' * 64},{signature}"},
    )

    assert answer_of(response)["approved"] is True


@pytest.mark.parametrize("amount", [-1, 10**16, 1.5, "5000", True, None], ids=repr)
def test_an_absurd_amount_is_refused_and_leaves_nothing(play: Play, amount: Any) -> None:
    response = play.door.send_body("authorizations", _request_body(play, amount))

    assert response.status_code == 400
    assert _nothing_was_stored()


def test_a_huge_amount_is_declined(play: Play) -> None:
    response = play.door.request(10**15)

    assert answer_of(response)["metadata"]["decline_reason"] == "velocity_limit"


def test_an_unknown_card_currency_is_refused(play: Play) -> None:
    body = _request_body(play, currency="qqq")

    assert play.door.send_body("authorizations", body).status_code == 400
    assert _nothing_was_stored()


def test_an_unknown_merchant_currency_is_decided_on_the_card_amount(play: Play) -> None:
    body = _request_body(play, merchant_currency="qqq", merchant_amount=777)

    assert answer_of(play.door.send_body("authorizations", body))["approved"] is True
    request = Decision.objects.get().request
    assert (request["merchant_currency"], request["merchant_amount_minor"]) == ("QQQ", 777)


@pytest.mark.parametrize("door", ["authorizations", "events"])
def test_a_thin_event_is_refused(play: Play, door: str) -> None:
    thin = {"id": "evt_1", "object": "v2.core.event", "type": "v1.x", "related_object": {}}

    assert play.door.send_body(door, thin).status_code == 400
    assert not InboxEvent.objects.filter(event_id="evt_1").exists()


def test_other_events_do_not_belong_at_the_synchronous_door(play: Play) -> None:
    body = _request_body(play) | {"type": "issuing_authorization.created"}

    assert play.door.send_body("authorizations", body).status_code == 400


@pytest.mark.parametrize("door", ["authorizations", "events"])
def test_a_megabyte_is_too_large(play: Play, door: str) -> None:
    body = _request_body(play) | {"padding": "x" * 1_000_000}

    assert play.door.send_body(door, body).status_code == 413
    assert _nothing_was_stored()


def test_an_unknown_event_type_is_kept_and_changes_nothing(play: Play) -> None:
    event = shapes.event("issuing_novelty.created", {"id": "x"}, created=0)

    assert play.door.send_body("events", event).status_code == 200
    play.drain()

    kept = InboxEvent.objects.get(event_id=event["id"])
    assert json.loads(kept.body) == event
    assert kept.processed_at is not None


def test_an_event_that_cannot_be_written_down_is_to_be_sent_again(play: Play) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT writable")
        cursor.execute("SET LOCAL transaction_read_only = on")
        response = play.door.transaction(1000, kind="capture", transaction="t1")
        cursor.execute("ROLLBACK TO writable")

    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert response.json()["code"] == "api.unavailable"


def test_an_event_is_kept_once(play: Play) -> None:
    event = shapes.event("issuing_novelty.created", {"id": "x"}, created=0)

    for _ in range(3):
        assert play.door.send_body("events", event).status_code == 200

    assert InboxEvent.objects.filter(event_id=event["id"]).count() == 1


def test_a_decision_with_sales_takes_two_round_trips(client: Any, pinned: Any) -> None:
    play = Play(scenario("A06"), client, pinned)

    with CaptureQueriesContext(connection) as queries:
        play.request(6000)

    assert play.answers[0]["approved"] is True
    assert len(queries) == 2, [query["sql"][:80] for query in queries]
