"""Who decides about a tap at the fake: Krak, Stripe by itself, or nobody in time."""

import time
from typing import Any

import pytest
import stripe

from krak.sandbox.issuer.issuer import OPENING_BALANCE
from tests.issuer import FakeIssuer, Recorder, slowly
from tests.sandbox.conftest import balance, told

CREATED = "issuing_authorization.created"


def _require_signatures(recorder: Recorder, door: str, *, secret: str) -> None:
    signed = [
        (text, signature)
        for path, text, signature in recorder.signatures
        if path == f"/webhooks/stripe/{door}"
    ]
    assert signed
    for text, signature in signed:
        stripe.WebhookSignature.verify_header(text, signature, secret, 300)


# --- Asked ---------------------------------------------------------------------------------------
def test_krak_is_asked_in_stripes_words_and_its_answer_decides(
    issuer: FakeIssuer, recorder: Recorder, card: Any
) -> None:
    recorder.decide = lambda _: {"approved": True, "metadata": {"decision": "dec_1"}}

    made = issuer.v1.test_helpers.issuing.authorizations.create(
        {
            "card": card.id,
            "amount": 10_000,
            "merchant_amount": 15_000,
            "merchant_currency": "jpy",
            "authorization_method": "contactless",
            "wallet": "apple_pay",
            "merchant_data": {
                "category": "eating_places_restaurants",
                "name": "RAMEN TOKYO",
                "country": "JP",
                "network_id": "jp0001",
            },
        }
    )

    [request] = recorder.asked
    asked = request["data"]["object"]
    assert request["type"] == "issuing_authorization.request"
    assert (asked["amount"], asked["approved"], asked["status"]) == (0, False, "pending")
    assert asked["request_history"] == []
    assert asked["pending_request"] == {
        "amount": 10_000,
        "amount_details": {"atm_fee": None, "cashback_amount": None},
        "currency": "usd",
        "is_amount_controllable": False,
        "merchant_amount": 15_000,
        "merchant_currency": "jpy",
        "network_risk_score": None,
    }
    assert asked["card"]["cardholder"]["name"] == "Jenny Rosen"
    assert asked["merchant_data"]["category_code"] == "5812"
    assert asked["card_presence"] == "present"
    _require_signatures(recorder, "authorizations", secret="whsec_sandbox_authorization")
    assert (made.approved, made.status, made.amount) == (True, "pending", 10_000)
    assert made.metadata["decision"] == "dec_1"
    assert [entry.reason for entry in made.request_history] == ["webhook_approved"]
    assert balance(issuer) == OPENING_BALANCE - 10_000
    [event] = told(issuer, recorder)
    assert event["type"] == CREATED
    assert event["data"]["object"]["id"] == made.id
    _require_signatures(recorder, "events", secret="whsec_sandbox_events")


def test_a_declined_request_is_closed_and_holds_nothing(
    issuer: FakeIssuer, recorder: Recorder, card: Any
) -> None:
    recorder.decide = lambda _: {"approved": False, "metadata": {"decline_reason": "velocity"}}

    made = issuer.v1.test_helpers.issuing.authorizations.create({"card": card.id, "amount": 5_000})

    assert (made.approved, made.status, made.amount) == (False, "closed", 5_000)
    [entry] = made.request_history
    assert (entry.reason, entry.authorization_code) == ("webhook_declined", None)
    assert made.metadata["decline_reason"] == "velocity"
    assert balance(issuer) == OPENING_BALANCE


def test_a_part_may_be_approved_where_the_merchant_takes_it(
    issuer: FakeIssuer, recorder: Recorder, card: Any
) -> None:
    recorder.decide = lambda _: {"approved": True, "amount": 1_500}
    authorizations = issuer.v1.test_helpers.issuing.authorizations

    made = authorizations.create({"card": card.id, "amount": 4_000, "is_amount_controllable": True})
    refused = authorizations.create({"card": card.id, "amount": 4_000})

    assert (made.amount, made.request_history[0].amount) == (1_500, 1_500)
    assert refused.request_history[0].reason == "webhook_error"
    assert balance(issuer) == OPENING_BALANCE - 1_500


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"approved": True}),
        (200, "no json"),
        (200, "[]"),
        (200, {"approve": True}),
        (200, {"approved": "true"}),
        (200, {"approved": True, "amount": 0}),
        (200, {"approved": True, "amount": 4_001}),
        (200, {"approved": True, "metadata": {"decision": 1}}),
    ],
)
def test_an_answer_that_is_none_is_an_error_and_declines(
    issuer: FakeIssuer, recorder: Recorder, card: Any, answer: Any
) -> None:
    recorder.decide = lambda _: answer

    made = issuer.v1.test_helpers.issuing.authorizations.create(
        {"card": card.id, "amount": 4_000, "is_amount_controllable": True}
    )

    assert (made.approved, made.request_history[0].reason) == (False, "webhook_error")


def test_an_answer_without_stripes_version_is_an_error(
    issuer: FakeIssuer, recorder: Recorder, card: Any
) -> None:
    recorder.headers.clear()

    made = issuer.v1.test_helpers.issuing.authorizations.create({"card": card.id, "amount": 1})

    assert made.request_history[0].reason == "webhook_error"


@pytest.mark.parametrize(("unanswered", "approved"), [("approve", True), ("decline", False)])
def test_silence_is_decided_by_default(
    issuer: FakeIssuer, recorder: Recorder, card: Any, unanswered: str, approved: bool
) -> None:
    issuer.control.rules(unanswered=unanswered, ask_timeout_seconds=0.1)
    recorder.decide = slowly({"approved": not approved}, seconds=0.3)

    made = issuer.v1.test_helpers.issuing.authorizations.create({"card": card.id, "amount": 500})

    assert made.approved is approved
    assert made.status == ("pending" if approved else "closed")
    assert made.request_history[0].reason == "webhook_timeout"


def test_nobody_there_is_an_error(issuer: FakeIssuer, card: Any) -> None:
    issuer.control.point_to("http://127.0.0.1:9")

    made = issuer.v1.test_helpers.issuing.authorizations.create({"card": card.id, "amount": 500})

    assert (made.approved, made.request_history[0].reason) == (False, "webhook_error")


def test_the_network_may_decide_without_anybody(
    issuer: FakeIssuer, recorder: Recorder, card: Any
) -> None:
    issuer.control.rules(network="approve")

    made = issuer.v1.test_helpers.issuing.authorizations.create({"card": card.id, "amount": 500})

    assert (made.approved, made.request_history[0].reason) == (True, "network_fallback")
    assert recorder.asked == []


# --- Not asked -----------------------------------------------------------------------------------
def _declined(issuer: FakeIssuer, recorder: Recorder, card: Any, **asked: Any) -> str:
    made = issuer.v1.test_helpers.issuing.authorizations.create(
        {"card": card.id, "amount": 5_000, **asked}
    )
    assert (made.approved, made.status) == (False, "closed")
    assert recorder.asked == []
    assert [event["type"] for event in told(issuer, recorder)] == [CREATED]
    return str(made.request_history[0].reason)


def test_an_empty_issuing_balance_declines(
    issuer: FakeIssuer, recorder: Recorder, card: Any
) -> None:
    issuer.control.balance(4_999)

    assert _declined(issuer, recorder, card) == "insufficient_funds"
    assert balance(issuer) == 4_999


@pytest.mark.parametrize("status", ["inactive", "canceled"])
def test_a_card_that_is_not_active_declines(
    issuer: FakeIssuer, recorder: Recorder, card: Any, status: str
) -> None:
    issuer.v1.issuing.cards.update(card.id, {"status": status})

    assert _declined(issuer, recorder, card) == f"card_{status}"


def test_a_cardholder_who_is_inactive_or_owes_documents_declines(
    issuer: FakeIssuer, recorder: Recorder, card: Any
) -> None:
    issuer.control.past_due(card.cardholder.id, "individual.verification.document")
    assert _declined(issuer, recorder, card) == "cardholder_verification_required"
    recorder.told.clear()
    issuer.control.past_due(card.cardholder.id)

    issuer.v1.issuing.cardholders.update(card.cardholder.id, {"status": "inactive"})
    assert _declined(issuer, recorder, card) == "cardholder_inactive"


@pytest.mark.parametrize(
    ("controls", "asked"),
    [
        ({"blocked_categories": ["taxicabs_limousines"]}, {}),
        ({"allowed_categories": ["bakeries"]}, {}),
        ({"blocked_merchant_countries": ["US"]}, {}),
        ({"allowed_merchant_countries": ["DE", "FR"]}, {}),
        ({"blocked_card_presences": ["not_present"]}, {}),
        ({"allowed_card_presences": ["not_present"]}, {"authorization_method": "chip"}),
        ({"spending_limits": [{"amount": 4_999, "interval": "per_authorization"}]}, {}),
        (
            {
                "spending_limits": [
                    {"amount": 1, "interval": "daily", "categories": ["taxicabs_limousines"]}
                ]
            },
            {},
        ),
    ],
)
def test_spending_controls_decline(
    issuer: FakeIssuer,
    recorder: Recorder,
    card: Any,
    controls: dict[str, Any],
    asked: dict[str, Any],
) -> None:
    changed = {"spending_controls": controls}
    issuer.v1.issuing.cards.update(card.id, changed)
    assert _declined(issuer, recorder, card, **asked) == "spending_controls"

    recorder.told.clear()
    issuer.v1.issuing.cards.update(card.id, {"spending_controls": dict.fromkeys(controls, "")})
    issuer.v1.issuing.cardholders.update(card.cardholder.id, changed)
    assert _declined(issuer, recorder, card, **asked) == "spending_controls"


def test_a_daily_limit_counts_the_day_and_only_what_was_approved(
    issuer: FakeIssuer, recorder: Recorder, card: Any
) -> None:
    limits = [{"amount": 10_000, "interval": "daily"}]
    issuer.v1.issuing.cards.update(card.id, {"spending_controls": {"spending_limits": limits}})
    authorizations = issuer.v1.test_helpers.issuing.authorizations
    now = int(time.time())
    issuer.control.advance(86_400 - now % 86_400)

    def spend(amount: int) -> str:
        made = authorizations.create({"card": card.id, "amount": amount})
        return str(made.request_history[0].reason)

    assert spend(6_000) == "webhook_approved"
    recorder.decide = lambda _: {"approved": False}
    assert spend(4_000) == "webhook_declined"
    recorder.decide = lambda _: {"approved": True}
    assert spend(4_001) == "spending_controls"
    assert spend(4_000) == "webhook_approved"
    assert spend(1) == "spending_controls"
    issuer.control.advance(86_400)
    assert spend(1) == "webhook_approved"
