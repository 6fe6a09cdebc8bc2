"""The fake and a Krak that is served over HTTP: whole lives of purchases, and the books after."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from cards.authorizations.models import Authorization
from cards.clearing.models import CardTransaction
from cards.disputes.models import Dispute
from krak.core import clock
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.sandbox import services as sandbox
from krak.sandbox.views import whole
from tests.issuer import FakeIssuer
from tests.people import Known, new_customer

HOUR = 3600


@dataclass
class Till:
    """A customer with 100 dollars and 0.01 bitcoin, and the till their card is used at."""

    issuer: FakeIssuer
    customer: Known
    began: datetime

    @property
    def authorizations(self) -> Any:
        """Return the test helpers."""
        return self.issuer.v1.test_helpers.issuing.authorizations

    def tap(self, amount: int, **asked: Any) -> Any:
        """Ask for an authorization."""
        return self.authorizations.create(
            {"card": self.customer.card.stripe_id, "amount": amount, **asked}
        )

    def an_hour_passes(self) -> None:
        """Let an hour pass at the issuer, whose events of one second have no order."""
        self.issuer.control.advance(HOUR)

    def settled(self) -> dict[str, Any]:
        """Return where the customer stands once all is told and done."""
        self.issuer.control.delivered()
        outbox.drain(now=clock.now())
        # Other tests that commit may have left messages of their own.
        ours = OutboxMessage.objects.filter(created_at__gte=self.began)
        assert not ours.exclude(last_error="").exists()
        return sandbox.position(customer=self.customer.customer)


@pytest.fixture
def till(issuer: FakeIssuer, live_krak: str, pinned: Any) -> Iterator[Till]:
    """Return a till that reaches the live Krak."""
    pinned({"BTC": "50000"})
    # What tests that commit have left undone is not to be counted here.
    OutboxMessage.objects.filter(done_at=None).delete()
    known = new_customer(cash="100", holdings={"BTC": "0.01"}, cashback_asset="SOL")
    issuer.control.import_card(
        id=known.card.stripe_id,
        cardholder=known.card.cardholder.stripe_id,
        currency="usd",
        last4=known.card.last4,
    )
    issuer.control.point_to(live_krak)
    # Other tests share the machine; how long Stripe waits is no matter here.
    issuer.control.rules(ask_timeout_seconds=20)
    yield Till(issuer, known, clock.now())
    issuer.control.point_to("")
    proof = sandbox.proof()
    assert proof["balanced"]
    assert proof["cached_equals_summed"]
    assert proof["hash_chain_intact"]


def test_a_purchase_from_the_tap_to_its_reward(till: Till) -> None:
    made = till.tap(
        120_00,
        authorization_method="contactless",
        merchant_data={"category": "eating_places_restaurants", "name": "RAMEN TOKYO"},
    )
    assert (made.approved, made.status) == (True, "pending")
    assert made.metadata["decision"].startswith("dec_")
    held = till.settled()
    assert held["cash"] == {
        "currency": "USD", "posted": "120.00", "held": "120.00", "available": "0.00"
    }  # fmt: skip
    till.an_hour_passes()

    closed = till.authorizations.capture(made.id)

    position = till.settled()
    assert position["cash"]["posted"] == position["cash"]["held"] == "0.00"
    assert position["units"] == {"BTC": "0.0096", "SOL": "0.012"}
    assert position["cashback"] == {"amount": "1.20", "currency": "USD"}
    assert position["flags"] == []
    [captured] = CardTransaction.objects.filter(customer=till.customer.customer)
    assert captured.stripe_id == closed.transactions[0].id
    assert Authorization.objects.get(stripe_id=made.id).status == "CLOSED"


def test_a_purchase_that_krak_declines_is_declined_there(till: Till) -> None:
    made = till.tap(10_000_00)

    assert (made.approved, made.status) == (False, "closed")
    assert made.request_history[0].reason == "webhook_declined"
    assert made.metadata["decline_reason"] == "insufficient_funds"
    assert till.settled()["cash"]["held"] == "0.00"


def test_as_much_as_there_is_may_be_approved(till: Till) -> None:
    made = till.tap(900_00, is_amount_controllable=True)

    # 100 in cash, and 500 of bitcoin less its haircut of 5 %.
    assert (made.approved, made.amount) == (True, 575_00)
    assert till.settled()["cash"]["held"] == "575.00"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_long_stay_shuffled_and_twice_told_ends_in_the_same_books(till: Till, seed: int) -> None:
    till.issuer.control.faults(hold=True, duplicates=1)
    stay = till.tap(50_00, merchant_data={"category": "hotels_motels_and_resorts", "name": "HOTEL"})
    till.an_hour_passes()
    till.authorizations.increment(stay.id, {"increment_amount": 20_00})
    till.an_hour_passes()
    till.authorizations.capture(stay.id, {"capture_amount": 60_00, "close_authorization": False})
    till.an_hour_passes()
    seen = till.authorizations.capture(stay.id, {"capture_amount": 15_00})
    till.an_hour_passes()
    till.issuer.v1.test_helpers.issuing.transactions.refund(
        seen.transactions[0].id, {"refund_amount": 10_00}
    )

    assert till.issuer.control.release(order="shuffled", seed=seed) == 14
    position = till.settled()

    assert position["cash"] == {
        "currency": "USD", "posted": "35.00", "held": "0.00", "available": "35.00"
    }  # fmt: skip
    assert position["cashback"]["amount"] == "0.65"
    assert CardTransaction.objects.filter(customer=till.customer.customer).count() == 3


def test_a_hold_is_given_back_when_the_merchant_reverses_or_time_runs_out(till: Till) -> None:
    reversed_, expired = till.tap(30_00), till.tap(40_00)
    assert till.settled()["cash"]["held"] == "70.00"
    till.an_hour_passes()

    till.authorizations.reverse(reversed_.id, {"reverse_amount": 10_00})
    assert till.settled()["cash"]["held"] == "60.00"
    till.an_hour_passes()
    till.authorizations.reverse(reversed_.id)
    till.authorizations.expire(expired.id)
    assert till.settled()["cash"] == {
        "currency": "USD", "posted": "100.00", "held": "0.00", "available": "100.00"
    }  # fmt: skip

    till.an_hour_passes()
    till.authorizations.capture(expired.id)
    position = till.settled()
    assert position["cash"]["posted"] == "60.00"
    assert position["flags"] == ["capture_on_expired"]


def test_the_sandbox_lets_the_fake_know_its_cards(
    issuer: FakeIssuer, committed: None, pinned: Any, settings: Any
) -> None:
    pinned()
    settings.STRIPE_API_BASE = issuer.url
    known = new_customer(cash="1")
    outbox.drain(now=clock.now())

    seen = issuer.v1.issuing.cards.retrieve(known.card.stripe_id)

    assert (seen.status, seen.last4, seen.currency) == ("active", known.card.last4, "usd")
    assert seen.cardholder.id == known.card.cardholder.stripe_id


def test_settle_counts_the_webhooks_that_are_on_their_way(
    issuer: FakeIssuer, live_krak: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STRIPE_API_BASE = issuer.url
    monkeypatch.setattr(whole, "SETTLE_SECONDS", 0.05)
    left_by_others = Client().post("/v1/sandbox/settle").json()["pending"]
    issuer.control.faults(hold=True)
    issuer.control.point_to(live_krak)
    issuer.v1.topups.create({"amount": 1, "currency": "usd"})
    issuer.control.faults(delay_seconds=5)
    issuer.v1.topups.create({"amount": 2, "currency": "usd"})

    # What is held by hand waits for a hand, not for time.
    assert Client().post("/v1/sandbox/settle").json()["pending"] == left_by_others + 1


def test_what_the_network_approves_alone_is_adopted(till: Till) -> None:
    till.issuer.control.rules(network="approve")

    made = till.tap(130_00)

    assert made.request_history[0].reason == "network_fallback"
    position = till.settled()
    assert position["cash"]["held"] == "130.00"
    assert position["flags"] == ["network_fallback"]


def test_a_forced_capture_and_a_refund_of_nothing_known(till: Till) -> None:
    transactions = till.issuer.v1.test_helpers.issuing.transactions
    card = till.customer.card.stripe_id

    transactions.create_force_capture({"card": card, "amount": 25_00})
    assert till.settled()["cash"]["posted"] == "75.00"
    transactions.create_unlinked_refund(
        {"card": card, "amount": 5_00, "merchant_data": {"name": "OTHER", "network_id": "x1"}}
    )
    position = till.settled()

    assert position["cash"]["posted"] == "80.00"
    assert position["flags"] == ["force_capture", "unmatched_refund"]


@pytest.mark.parametrize(
    ("outcome", "posted", "suspense"), [("won", "100.00", "0.00"), ("lost", "60.00", "0.00")]
)
def test_a_dispute_is_credited_and_decided(
    till: Till, outcome: str, posted: str, suspense: str
) -> None:
    made = till.tap(40_00)
    till.an_hour_passes()
    [captured] = till.authorizations.capture(made.id).transactions
    assert till.settled()["cash"]["posted"] == "60.00"
    disputes = till.issuer.v1.issuing.disputes
    dispute = disputes.create(
        {
            "transaction": captured.id,
            "evidence": {"reason": "not_received", "not_received": {"explanation": "never came"}},
        }
    )
    disputes.submit(dispute.id)
    assert till.settled()["cash"]["posted"] == "100.00"

    till.issuer.control.decide(dispute.id, outcome)

    position = till.settled()
    assert position["cash"]["posted"] == posted
    assert position["suspense"] == suspense
    assert Dispute.objects.filter(stripe_id=dispute.id).count() == 1


def claim(till: Till, amount: int) -> str:
    """Buy something, open a dispute of it in the app, and return its address."""
    made = till.tap(amount)
    till.an_hour_passes()
    till.authorizations.capture(made.id)
    till.settled()
    moved = till.customer.get("/v1/activity").json()["results"]
    (bought,) = [each for each in moved if each["kind"] == "capture"]
    asked = {"transaction": bought["links"]["transaction"], "reason": "other", "explanation": "No."}
    opened = till.customer.send("/v1/disputes", asked)
    assert opened.status_code == 201, opened.content
    return f"/v1/disputes/{opened.json()['id']}"


def decide(dispute: str, outcome: str) -> Any:
    path = dispute.replace("/v1/", "/v1/sandbox/")
    return Client().post(path, {"outcome": outcome}, content_type="application/json")


@pytest.mark.parametrize(
    ("outcomes", "status", "posted"),
    [
        (("won",), "won", "100.00"),
        (("lost",), "lost", "60.00"),
        (("won", "rescinded"), "lost", "60.00"),
    ],
)
def test_the_sandbox_lets_the_network_decide_what_was_submitted(
    till: Till, settings: Any, outcomes: tuple[str, ...], status: str, posted: str
) -> None:
    settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = "sk_test_sandbox", till.issuer.url
    dispute = claim(till, 40_00)
    early = decide(dispute, "won")
    assert (early.status_code, early.json()["code"]) == (409, "sandbox.dispute_not_decidable")
    assert till.customer.send(f"{dispute}/submit").json()["status"] == "sent"
    till.settled()  # we have told Stripe; it tells us what came of it
    assert till.settled()["cash"]["posted"] == "100.00"

    for outcome in outcomes:
        assert decide(dispute, outcome).json() == {"outcome": outcome}
        till.settled()

    position = till.settled()
    assert till.customer.get(dispute).json()["status"] == status
    assert (position["cash"]["posted"], position["suspense"]) == (posted, "0.00")
    late = decide(dispute, "lost")
    assert (late.status_code, late.json()["code"]) == (409, "sandbox.dispute_not_decidable")


def test_without_the_fake_of_stripe_no_network_decides(till: Till, settings: Any) -> None:
    settings.STRIPE_API_BASE = ""
    answer = decide(claim(till, 40_00), "won")
    assert (answer.status_code, answer.json()["code"]) == (503, "processor.unavailable")
