"""The real client drives every endpoint of the fake."""

from typing import Any

import pytest
import stripe

from krak.sandbox.issuer import shapes
from krak.sandbox.issuer.issuer import OPENING_BALANCE
from krak.stripe.events import API_VERSION
from tests.issuer import FakeIssuer, Recorder
from tests.sandbox.conftest import ADDRESS
from tests.sandbox.shapes import validator


def test_the_fake_and_the_gateway_speak_one_version_of_stripe() -> None:
    assert shapes.API_VERSION == API_VERSION == stripe.api_version


def test_every_category_that_stripe_knows_has_a_code_of_its_own() -> None:
    judge: Any = validator("issuing.card")
    controls = judge.schema["properties"]["spending_controls"]["properties"]
    known = controls["allowed_categories"]["anyOf"][0]["items"]["enum"]

    assert sorted(shapes.CODE_OF_CATEGORY) == sorted(known)
    assert len(set(shapes.CODE_OF_CATEGORY.values())) == len(known)
    assert shapes.merchant(name="X", mcc="5812", country="US")["category"] == (
        "eating_places_restaurants"
    )


# --- Cardholders ---------------------------------------------------------------------------------
def test_a_cardholder_is_made_changed_and_found(issuer: FakeIssuer, recorder: Recorder) -> None:
    made = issuer.v1.issuing.cardholders.create(
        {
            "name": "Jenny Rosen",
            "email": "jenny@example.com",
            "phone_number": "+18008675309",
            "type": "individual",
            "billing": {"address": ADDRESS | {"state": "CA"}},
            "individual": {
                "first_name": "Jenny",
                "last_name": "Rosen",
                "dob": {"day": 1, "month": 11, "year": 1981},
                "card_issuing": {"user_terms_acceptance": {"date": 1795400000, "ip": "127.0.0.1"}},
            },
            "metadata": {"customer": "cus_1", "tier": "gold"},
            "preferred_locales": ["en", "de"],
        }
    )
    assert made.id.startswith("ich_")
    assert made.status == "active"
    assert made.individual.dob.year == 1981
    assert made.individual.card_issuing.user_terms_acceptance.user_agent is None

    changed = issuer.v1.issuing.cardholders.update(
        made.id, {"status": "inactive", "metadata": {"tier": "", "note": "moved"}}
    )
    assert changed.status == "inactive"
    assert changed.metadata.to_dict() == {"customer": "cus_1", "note": "moved"}
    assert issuer.v1.issuing.cardholders.retrieve(made.id) == changed
    found = issuer.v1.issuing.cardholders.list({"email": "jenny@example.com", "status": "inactive"})
    assert [cardholder.id for cardholder in found] == [made.id]
    assert issuer.v1.issuing.cardholders.list({"status": "active"}).data == []

    issuer.control.delivered()
    assert recorder.kinds() == ["issuing_cardholder.created", "issuing_cardholder.updated"]
    assert recorder.told[1]["data"]["previous_attributes"] == {
        "status": "active",
        "metadata": {"tier": "gold", "note": None},
    }


def test_a_change_that_changes_nothing_is_not_told(
    issuer: FakeIssuer, recorder: Recorder, cardholder: Any
) -> None:
    issuer.v1.issuing.cardholders.update(cardholder.id, {"status": "active"})
    issuer.control.delivered()

    assert recorder.kinds() == ["issuing_cardholder.created"]


# --- Cards ---------------------------------------------------------------------------------------
def test_a_new_card_is_inactive_and_may_spend_500_a_day(
    issuer: FakeIssuer, cardholder: Any
) -> None:
    card = issuer.v1.issuing.cards.create(
        {"cardholder": cardholder.id, "currency": "usd", "type": "virtual"}
    )

    assert (card.status, card.type, len(card.last4)) == ("inactive", "virtual", 4)
    assert card.cardholder.name == "Jenny Rosen"
    [limit] = card.spending_controls.spending_limits
    assert (limit.amount, limit.interval) == (50_000, "daily")


def test_a_card_is_frozen_limited_and_cancelled_for_good(
    issuer: FakeIssuer, recorder: Recorder, card: Any
) -> None:
    cards = issuer.v1.issuing.cards
    assert cards.update(card.id, {"status": "inactive"}).status == "inactive"
    limited = cards.update(
        card.id,
        {
            "status": "active",
            "pin": {"encrypted_number": "jwe"},
            "spending_controls": {
                "blocked_categories": ["betting_casino_gambling"],
                "spending_limits": [{"amount": 10_000, "interval": "per_authorization"}],
            },
        },
    )
    assert limited.spending_controls.blocked_categories == ["betting_casino_gambling"]
    kept = cards.update(card.id, {"spending_controls": {"allowed_merchant_countries": ["US"]}})
    assert kept.spending_controls.spending_limits[0].amount == 10_000
    ended = cards.update(card.id, {"status": "canceled", "cancellation_reason": "lost"})
    assert (ended.status, ended.cancellation_reason) == ("canceled", "lost")

    with pytest.raises(stripe.InvalidRequestError, match="canceled card"):
        cards.update(card.id, {"status": "active"})
    assert cards.update(card.id, {"metadata": {"still": "noted"}}).metadata["still"] == "noted"
    issuer.control.delivered()
    changes = [event["data"].get("previous_attributes", {}) for event in recorder.told[2:]]
    assert [change.get("status") for change in changes] == [
        "active", "inactive", None, "active", None
    ]  # fmt: skip


def test_a_lost_card_is_cancelled_before_it_is_replaced(issuer: FakeIssuer, card: Any) -> None:
    cards = issuer.v1.issuing.cards
    wanted = {
        "currency": "usd",
        "type": "virtual",
        "status": "active",
        "replacement_for": card.id,
        "replacement_reason": "lost",
    }
    with pytest.raises(stripe.InvalidRequestError, match="must be canceled as lost"):
        cards.create(wanted)
    cards.update(card.id, {"status": "canceled", "cancellation_reason": "lost"})

    new = cards.create(wanted, {"idempotency_key": "replace-once"})

    assert new.cardholder.id == card.cardholder.id
    assert (new.replacement_for, new.replacement_reason) == (card.id, "lost")
    assert cards.retrieve(card.id).replaced_by == new.id
    with pytest.raises(stripe.InvalidRequestError, match="replaced already"):
        cards.create(wanted)


def test_a_damaged_card_lives_until_its_replacement_is_active(
    issuer: FakeIssuer, card: Any
) -> None:
    cards = issuer.v1.issuing.cards
    new = cards.create(
        {
            "cardholder": card.cardholder.id,
            "currency": "usd",
            "type": "physical",
            "shipping": {"name": "Jenny Rosen", "address": ADDRESS},
            "replacement_for": card.id,
            "replacement_reason": "damaged",
        }
    )
    assert new.last4 == card.last4
    assert cards.retrieve(card.id).status == "active"

    cards.update(new.id, {"status": "active"})

    assert cards.retrieve(card.id).status == "canceled"
    expanded = cards.retrieve(new.id, {"expand": ["replacement_for"]})
    assert expanded.replacement_for.status == "canceled"


def test_a_physical_card_goes_by_post(issuer: FakeIssuer, cardholder: Any) -> None:
    card = issuer.v1.issuing.cards.create(
        {
            "cardholder": cardholder.id,
            "currency": "usd",
            "type": "physical",
            "second_line": "Krak",
            "shipping": {"name": "Jenny Rosen", "address": ADDRESS, "service": "express"},
        }
    )
    post = issuer.v1.test_helpers.issuing.cards
    assert card.shipping.status == "pending"
    with pytest.raises(stripe.InvalidRequestError, match="cannot deliver"):
        post.deliver_card(card.id)

    assert post.submit_card(card.id).shipping.status == "submitted"
    shipped = post.ship_card(card.id).shipping
    assert (shipped.status, shipped.carrier) == ("shipped", "usps")
    assert post.deliver_card(card.id).shipping.status == "delivered"


@pytest.mark.parametrize(("step", "status"), [("return", "returned"), ("fail", "failure")])
def test_the_post_may_fail(issuer: FakeIssuer, cardholder: Any, step: str, status: str) -> None:
    card = issuer.v1.issuing.cards.create(
        {
            "cardholder": cardholder.id,
            "currency": "usd",
            "type": "physical",
            "shipping": {"name": "Jenny Rosen", "address": ADDRESS},
        }
    )
    post = issuer.v1.test_helpers.issuing.cards
    post.ship_card(card.id)

    assert getattr(post, f"{step}_card")(card.id).shipping.status == status


# --- Tokens and keys -----------------------------------------------------------------------------
def test_a_token_is_suspended_and_deleted_for_good(
    issuer: FakeIssuer, recorder: Recorder, card: Any
) -> None:
    tokens = issuer.v1.issuing.tokens
    made = issuer.control.provision(card.id, wallet_provider="google_pay")
    assert [token.id for token in tokens.list({"card": card.id})] == [made["id"]]

    assert tokens.update(made["id"], {"status": "suspended"}).status == "suspended"
    assert tokens.update(made["id"], {"status": "deleted"}).status == "deleted"

    with pytest.raises(stripe.InvalidRequestError, match="deleted token"):
        tokens.update(made["id"], {"status": "active"})
    assert tokens.retrieve(made["id"], {"expand": ["card"]}).card.last4 == card.last4
    assert tokens.list({"card": card.id, "status": "active"}).data == []
    issuer.control.delivered()
    assert recorder.kinds()[2:] == ["issuing_token.created"] + ["issuing_token.updated"] * 2


def test_an_ephemeral_key_is_made_for_a_nonce_once_and_deleted(
    issuer: FakeIssuer, card: Any
) -> None:
    keys = issuer.v1.ephemeral_keys
    asked = {"issuing_card": card.id, "nonce": "ephkn_browser"}

    key = keys.create(asked, {"stripe_version": "2020-03-02"})

    assert key.secret.startswith("ek_test_")
    assert key.expires - key.created == 3600
    assert key.last_response.headers["Stripe-Version"] == "2020-03-02"
    with pytest.raises(stripe.InvalidRequestError, match="nonce"):
        keys.create(asked, {"stripe_version": "2020-03-02"})
    assert keys.delete(key.id).id == key.id
    with pytest.raises(stripe.InvalidRequestError, match="No such ephemeral key"):
        keys.delete(key.id)


# --- Money ---------------------------------------------------------------------------------------
def _issuing(issuer: FakeIssuer) -> int:
    amounts = {
        part.currency: part.amount for part in issuer.v1.balance.retrieve().issuing.available
    }
    return int(amounts["usd"])


def test_a_topup_reaches_the_issuing_balance_when_it_arrives(
    issuer: FakeIssuer, recorder: Recorder
) -> None:
    topup = issuer.v1.topups.create(
        {
            "amount": 5_000_00,
            "currency": "usd",
            "destination_balance": "issuing",
            "description": "Float",
            "metadata": {"run": "1"},
        }
    )
    assert topup.status == "pending"
    assert _issuing(issuer) == OPENING_BALANCE
    assert [found.id for found in issuer.v1.topups.list({"status": "pending"})] == [topup.id]

    issuer.control.settle_topup(topup.id)

    arrived = issuer.v1.topups.retrieve(topup.id, {"expand": ["balance_transaction"]})
    assert arrived.status == "succeeded"
    assert arrived.balance_transaction.net == 5_000_00
    assert _issuing(issuer) == OPENING_BALANCE + 5_000_00
    with pytest.raises(stripe.InvalidRequestError, match="succeeded, not pending"):
        issuer.v1.topups.cancel(topup.id)
    issuer.control.settle_topup(topup.id, "reversed")
    assert _issuing(issuer) == OPENING_BALANCE
    issuer.control.delivered()
    assert recorder.kinds() == ["topup.created", "topup.succeeded", "topup.reversed"]


def test_a_topup_may_fail_be_cancelled_or_go_to_the_other_balance(issuer: FakeIssuer) -> None:
    asked = {"amount": 100, "currency": "usd"}
    failed, cancelled, other = (issuer.v1.topups.create(asked).id for _ in range(3))

    assert issuer.control.settle_topup(failed, "failed")["failure_code"] == "insufficient_funds"
    assert issuer.v1.topups.cancel(cancelled).status == "canceled"
    issuer.control.settle_topup(other)

    assert _issuing(issuer) == OPENING_BALANCE
    assert issuer.v1.balance.retrieve().available[0].amount == 100


def test_a_topup_arrives_by_itself_when_its_time_has_come(
    issuer: FakeIssuer, recorder: Recorder
) -> None:
    issuer.control.rules(topups_arrive_after_seconds=3600)
    topup = issuer.v1.topups.create(
        {"amount": 700, "currency": "usd", "destination_balance": "issuing"}
    )
    assert issuer.v1.topups.retrieve(topup.id).status == "pending"

    issuer.control.advance(3600)
    issuer.control.delivered()

    assert issuer.v1.topups.retrieve(topup.id).status == "succeeded"


def test_the_balance_is_the_sum_of_what_moved_it(issuer: FakeIssuer, card: Any) -> None:
    issuer.control.rules(unanswered="approve")
    issuer.control.balance(70_000)
    issuer.v1.test_helpers.issuing.authorizations.create({"card": card.id, "amount": 1_000})

    moves = issuer.v1.balance_transactions.list({"currency": "usd"}).data

    assert [(move.type, move.net) for move in moves] == [
        ("issuing_authorization_hold", -1_000),
        ("adjustment", 70_000 - OPENING_BALANCE),
    ]
    assert _issuing(issuer) == 69_000
    same = issuer.v1.balance_transactions.retrieve(moves[0].id, {"expand": ["source"]})
    assert same.source.object == "issuing.authorization"


# --- Events --------------------------------------------------------------------------------------
def test_events_are_listed_by_type_and_retrieved(issuer: FakeIssuer, card: Any) -> None:
    issuer.v1.issuing.cards.update(card.id, {"status": "inactive"})
    events = issuer.v1.events

    assert [event.type for event in events.list()] == [
        "issuing_card.updated",
        "issuing_card.created",
        "issuing_cardholder.created",
    ]
    assert [event.type for event in events.list({"type": "issuing_card.*"})] == [
        "issuing_card.updated",
        "issuing_card.created",
    ]
    [one] = events.list({"types": ["issuing_card.updated", "nothing"]})
    assert events.retrieve(one.id).data.previous_attributes.to_dict() == {"status": "active"}
    assert one.api_version == API_VERSION
