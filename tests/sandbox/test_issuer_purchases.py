"""Purchases at the fake: who decides, what is told, and where the money of the issuer stands."""

import time
from typing import Any

import hypothesis
import pytest
import stripe
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from krak.sandbox.issuer.issuer import OPENING_BALANCE
from tests.issuer import FakeIssuer, Recorder, running_issuer, slowly
from tests.sandbox.conftest import ADDRESS
from tests.sandbox.shapes import require_shapes_of

CREATED, UPDATED = "issuing_authorization.created", "issuing_authorization.updated"


def _balance(issuer: FakeIssuer) -> int:
    return issuer.server.issuer.balance_of("issuing", "usd")


def _told(issuer: FakeIssuer, recorder: Recorder) -> list[dict[str, Any]]:
    """Return what has been told of purchases."""
    issuer.control.delivered()
    kinds = ("issuing_authorization", "issuing_transaction", "issuing_dispute")
    return [event for event in recorder.told if event["type"].startswith(kinds)]


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
    assert _balance(issuer) == OPENING_BALANCE - 10_000
    [told] = _told(issuer, recorder)
    assert told["type"] == CREATED
    assert told["data"]["object"]["id"] == made.id
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
    assert _balance(issuer) == OPENING_BALANCE


def test_a_part_may_be_approved_where_the_merchant_takes_it(
    issuer: FakeIssuer, recorder: Recorder, card: Any
) -> None:
    recorder.decide = lambda _: {"approved": True, "amount": 1_500}
    authorizations = issuer.v1.test_helpers.issuing.authorizations

    made = authorizations.create({"card": card.id, "amount": 4_000, "is_amount_controllable": True})
    refused = authorizations.create({"card": card.id, "amount": 4_000})

    assert (made.amount, made.request_history[0].amount) == (1_500, 1_500)
    assert refused.request_history[0].reason == "webhook_error"
    assert _balance(issuer) == OPENING_BALANCE - 1_500


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
    assert [event["type"] for event in _told(issuer, recorder)] == [CREATED]
    return str(made.request_history[0].reason)


def test_an_empty_issuing_balance_declines(
    issuer: FakeIssuer, recorder: Recorder, card: Any
) -> None:
    issuer.control.balance(4_999)

    assert _declined(issuer, recorder, card) == "insufficient_funds"
    assert _balance(issuer) == 4_999


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


# --- After the tap -------------------------------------------------------------------------------
@pytest.fixture
def approved(issuer: FakeIssuer, recorder: Recorder, card: Any) -> Any:
    """Return an approved authorization of 50 dollars, about which all has been told."""
    made = issuer.v1.test_helpers.issuing.authorizations.create({"card": card.id, "amount": 5_000})
    issuer.control.delivered()
    recorder.told.clear()
    return made


def test_a_capture_is_told_before_the_authorization_closes(
    issuer: FakeIssuer, recorder: Recorder, approved: Any
) -> None:
    closed = issuer.v1.test_helpers.issuing.authorizations.capture(approved.id)

    [transaction] = closed.transactions
    assert (closed.status, closed.amount, closed.approved) == ("closed", 5_000, True)
    assert (transaction.amount, transaction.type) == (-5_000, "capture")
    assert transaction.authorization == approved.id
    assert _balance(issuer) == OPENING_BALANCE - 5_000
    created, updated = _told(issuer, recorder)
    assert (created["type"], updated["type"]) == ("issuing_transaction.created", UPDATED)
    assert updated["data"]["previous_attributes"]["status"] == "pending"
    assert updated["data"]["previous_attributes"]["transactions"] == []


def test_a_purchase_may_be_captured_in_parts_and_beyond(
    issuer: FakeIssuer, recorder: Recorder, approved: Any
) -> None:
    authorizations = issuer.v1.test_helpers.issuing.authorizations

    part = authorizations.capture(
        approved.id, {"capture_amount": 2_000, "close_authorization": False}
    )
    assert part.status == "pending"
    assert _balance(issuer) == OPENING_BALANCE - 5_000
    rest = authorizations.capture(approved.id, {"capture_amount": 3_700})

    assert (rest.status, [t.amount for t in rest.transactions]) == ("closed", [-2_000, -3_700])
    assert _balance(issuer) == OPENING_BALANCE - 5_700


def test_a_smaller_final_capture_gives_the_rest_back(
    issuer: FakeIssuer, recorder: Recorder, approved: Any
) -> None:
    issuer.v1.test_helpers.issuing.authorizations.capture(approved.id, {"capture_amount": 1_200})

    assert _balance(issuer) == OPENING_BALANCE - 1_200


def test_an_increment_is_asked_as_the_next_step(
    issuer: FakeIssuer, recorder: Recorder, approved: Any
) -> None:
    authorizations = issuer.v1.test_helpers.issuing.authorizations

    more = authorizations.increment(approved.id, {"increment_amount": 1_000})

    asked = recorder.asked[-1]["data"]["object"]
    assert (asked["amount"], asked["approved"]) == (5_000, True)
    assert asked["pending_request"]["amount"] == 1_000
    assert len(asked["request_history"]) == 1
    assert (more.amount, len(more.request_history), more.status) == (6_000, 2, "pending")
    recorder.decide = lambda _: {"approved": False}
    same = authorizations.increment(approved.id, {"increment_amount": 500})
    assert (same.amount, same.approved, same.status) == (6_000, True, "pending")
    assert [entry.approved for entry in same.request_history] == [True, True, False]
    assert _balance(issuer) == OPENING_BALANCE - 6_000
    first, second = _told(issuer, recorder)
    assert first["data"]["previous_attributes"]["amount"] == 5_000
    assert "amount" not in second["data"]["previous_attributes"]


def test_a_reversal_lowers_the_hold_and_in_the_end_the_whole_authorization(
    issuer: FakeIssuer, recorder: Recorder, approved: Any
) -> None:
    authorizations = issuer.v1.test_helpers.issuing.authorizations

    less = authorizations.reverse(approved.id, {"reverse_amount": 1_000})
    assert (less.amount, less.status) == (4_000, "pending")
    none = authorizations.reverse(approved.id)

    assert (none.amount, none.merchant_amount, none.status) == (0, 0, "reversed")
    assert none.approved is True
    assert _balance(issuer) == OPENING_BALANCE
    with pytest.raises(stripe.InvalidRequestError, match="cannot reverse"):
        authorizations.reverse(approved.id)


def test_what_expired_may_still_be_captured(
    issuer: FakeIssuer, recorder: Recorder, approved: Any
) -> None:
    authorizations = issuer.v1.test_helpers.issuing.authorizations
    expired = authorizations.expire(approved.id)
    assert (expired.status, expired.amount) == ("expired", 5_000)
    assert _balance(issuer) == OPENING_BALANCE

    captured = authorizations.capture(approved.id)

    assert captured.status == "closed"
    assert _balance(issuer) == OPENING_BALANCE - 5_000


def test_the_pump_says_how_much_it_was(issuer: FakeIssuer, recorder: Recorder, card: Any) -> None:
    authorizations = issuer.v1.test_helpers.issuing.authorizations
    asked = authorizations.create(
        {
            "card": card.id,
            "amount": 10_000,
            "merchant_amount": 100,
            "is_amount_controllable": True,
            "authorization_method": "chip",
            "merchant_data": {"category": "automated_fuel_dispensers", "name": "PUMP 7"},
        }
    )

    final = authorizations.finalize_amount(
        asked.id,
        {
            "final_amount": 4_231,
            "fuel": {"type": "unleaded_regular", "unit": "us_gallon", "quantity_decimal": "11.532"},
        },
    )

    assert (final.amount, final.merchant_amount, final.status) == (4_231, 4_231, "pending")
    assert final.fuel.type == "unleaded_regular"
    assert _balance(issuer) == OPENING_BALANCE - 4_231


def test_an_atms_fee_is_in_the_request_and_in_the_capture(
    issuer: FakeIssuer, recorder: Recorder, card: Any
) -> None:
    authorizations = issuer.v1.test_helpers.issuing.authorizations
    made = authorizations.create(
        {
            "card": card.id,
            "amount": 20_300,
            "amount_details": {"atm_fee": 300},
            "merchant_data": {"category": "automated_cash_disburse", "name": "ATM 12"},
        }
    )
    authorizations.capture(made.id)

    [transaction] = issuer.v1.issuing.transactions.list({"card": card.id})
    assert recorder.asked[0]["data"]["object"]["pending_request"]["amount_details"] == {
        "atm_fee": 300,
        "cashback_amount": None,
    }
    assert transaction.amount_details.atm_fee == 300
    assert transaction.merchant_data.category_code == "6011"


def test_captures_and_refunds_without_an_authorization(
    issuer: FakeIssuer, recorder: Recorder, card: Any
) -> None:
    transactions = issuer.v1.test_helpers.issuing.transactions
    issuer.v1.issuing.cards.update(card.id, {"status": "canceled"})

    forced = transactions.create_force_capture({"card": card.id, "amount": 2_500})
    refund = transactions.create_unlinked_refund({"card": card.id, "amount": 900})

    assert (forced.amount, forced.authorization, forced.type) == (-2_500, None, "capture")
    assert (refund.amount, refund.authorization, refund.type) == (900, None, "refund")
    assert _balance(issuer) == OPENING_BALANCE - 1_600
    assert [found.id for found in issuer.v1.issuing.transactions.list({"type": "refund"})] == [
        refund.id
    ]


def test_a_capture_is_refunded_up_to_what_it_was(
    issuer: FakeIssuer, recorder: Recorder, approved: Any
) -> None:
    helpers = issuer.v1.test_helpers.issuing
    [captured] = helpers.authorizations.capture(approved.id).transactions

    part = helpers.transactions.refund(captured.id, {"refund_amount": 2_000})
    rest = helpers.transactions.refund(captured.id)

    assert [(t.type, t.amount, t.authorization) for t in (part, rest)] == [
        ("refund", 2_000, approved.id),
        ("refund", 3_000, approved.id),
    ]
    for nothing in (captured.id, part.id):
        with pytest.raises(stripe.InvalidRequestError, match="refunded"):
            helpers.transactions.refund(nothing)
    seen = issuer.v1.issuing.authorizations.retrieve(approved.id)
    assert [t.amount for t in seen.transactions] == [-5_000, 2_000, 3_000]
    assert _balance(issuer) == OPENING_BALANCE


@pytest.mark.parametrize("verb", ["increment", "expire", "reverse", "finalize_amount"])
def test_what_was_declined_stays_so(
    issuer: FakeIssuer, recorder: Recorder, card: Any, verb: str
) -> None:
    recorder.decide = lambda _: {"approved": False}
    authorizations = issuer.v1.test_helpers.issuing.authorizations
    made = authorizations.create({"card": card.id, "amount": 5_000})
    params = {"increment": {"increment_amount": 1}, "finalize_amount": {"final_amount": 1}}

    with pytest.raises(stripe.InvalidRequestError, match="not approved"):
        getattr(authorizations, verb)(made.id, params.get(verb, {}))


# --- Disputes ------------------------------------------------------------------------------------
@pytest.fixture
def dispute(issuer: FakeIssuer, recorder: Recorder, approved: Any) -> Any:
    """Return a dispute of the whole purchase, not submitted."""
    [captured] = issuer.v1.test_helpers.issuing.authorizations.capture(approved.id).transactions
    made = issuer.v1.issuing.disputes.create(
        {
            "transaction": captured.id,
            "evidence": {"reason": "fraudulent", "fraudulent": {"explanation": "not me"}},
            "metadata": {"case": "1"},
        }
    )
    issuer.control.delivered()
    return made


def test_a_won_dispute_brings_the_money_back(
    issuer: FakeIssuer, recorder: Recorder, dispute: Any
) -> None:
    assert issuer.v1.issuing.transactions.retrieve(dispute.transaction).dispute == dispute.id
    assert [event["type"] for event in _told(issuer, recorder)][-2:] == [
        "issuing_dispute.created",
        "issuing_transaction.updated",
    ]
    recorder.told.clear()

    assert issuer.v1.issuing.disputes.submit(dispute.id).status == "submitted"
    won = issuer.control.decide(dispute.id, "won", amount=4_900)

    assert (won["status"], won["amount"]) == ("won", 4_900)
    assert won["balance_transactions"][0]["net"] == 4_900
    assert _balance(issuer) == OPENING_BALANCE - 100
    issuer.control.decide(dispute.id, "rescinded")
    assert _balance(issuer) == OPENING_BALANCE - 5_000
    assert [event["type"] for event in _told(issuer, recorder)] == [
        f"issuing_dispute.{step}"
        for step in ("submitted", "funds_reinstated", "closed", "funds_rescinded")
    ]


def test_a_lost_dispute_moves_nothing(issuer: FakeIssuer, recorder: Recorder, dispute: Any) -> None:
    issuer.v1.issuing.disputes.submit(dispute.id)
    lost = issuer.control.decide(dispute.id, "lost")

    assert (lost["status"], lost["loss_reason"]) == ("lost", "transaction_authorized")
    assert _balance(issuer) == OPENING_BALANCE - 5_000
    with pytest.raises(RuntimeError, match="lost, not submitted"):
        issuer.control.decide(dispute.id, "won")
    again = issuer.v1.issuing.disputes.create({"transaction": dispute.transaction, "amount": 1})
    with pytest.raises(stripe.InvalidRequestError, match="explanation"):
        issuer.v1.issuing.disputes.submit(again.id)
    issuer.v1.issuing.disputes.update(
        again.id,
        {"amount": 2, "evidence": {"reason": "other", "other": {"explanation": "odd"}}},
    )
    assert issuer.control.decide(again.id, "expired")["status"] == "expired"
    listed = issuer.v1.issuing.disputes.list({"transaction": dispute.transaction})
    assert [found.id for found in listed] == [again.id, dispute.id]


def test_a_dispute_is_of_one_capture_once_and_no_more_than_it(
    issuer: FakeIssuer, recorder: Recorder, card: Any, dispute: Any
) -> None:
    disputes = issuer.v1.issuing.disputes
    refund = issuer.v1.test_helpers.issuing.transactions.create_unlinked_refund(
        {"card": card.id, "amount": 5}
    )
    for wrong, why in (
        ({"transaction": dispute.transaction}, "disputed already"),
        ({"transaction": refund.id}, "Only a capture"),
        ({"transaction": "ipi_nothing"}, "No such issuing transaction"),
        ({}, "Missing required param: transaction"),
    ):
        with pytest.raises(stripe.InvalidRequestError, match=why):
            disputes.create(wrong)
    with pytest.raises(stripe.InvalidRequestError, match="at most"):
        disputes.update(dispute.id, {"amount": 5_001})


# --- Whatever happens ----------------------------------------------------------------------------
class Purchases(RuleBasedStateMachine):
    """Purchases of every course: the issuer's balance is always what moved it."""

    authorizations = Bundle("authorizations")
    captures = Bundle("captures")

    def __init__(self) -> None:
        super().__init__()
        self.running = running_issuer()
        self.issuer = self.running.__enter__()
        self.issuer.control.rules(network="approve")
        self.issuer.control.balance(50_000)
        cardholder = self.issuer.v1.issuing.cardholders.create(
            {"name": "Jenny", "billing": {"address": ADDRESS}}
        )
        self.card = self.issuer.v1.issuing.cards.create(
            {
                "cardholder": cardholder.id,
                "currency": "usd",
                "type": "virtual",
                "status": "active",
                "spending_controls": {"spending_limits": ""},
            }
        )
        self.helpers = self.issuer.v1.test_helpers.issuing
        self.spent = 0

    @rule(target=authorizations, amount=st.integers(0, 30_000))
    def tap(self, amount: int) -> str:
        free = _balance(self.issuer)
        made = self.helpers.authorizations.create({"card": self.card.id, "amount": amount})
        assert made.approved is (amount <= free)
        return str(made.id)

    @rule(
        target=captures,
        authorization=authorizations,
        amount=st.integers(1, 40_000),
        closes=st.booleans(),
    )
    def capture(self, authorization: str, amount: int, closes: bool) -> tuple[str, int]:
        params = {"capture_amount": amount, "close_authorization": closes}
        seen = self.helpers.authorizations.capture(authorization, params)
        self.spent += amount
        return str(seen.transactions[-1].id), amount

    @rule(capture=consumes(captures))
    def refund(self, capture: tuple[str, int]) -> None:
        transaction, amount = capture
        if self.issuer.v1.issuing.transactions.retrieve(transaction).type == "capture":
            self.helpers.transactions.refund(transaction)
            self.spent -= amount

    @rule(
        authorization=authorizations,
        verb=st.sampled_from(["increment", "expire", "reverse", "finalize_amount"]),
        amount=st.integers(1, 20_000),
    )
    def change(self, authorization: str, verb: str, amount: int) -> None:
        params = {
            "increment": {"increment_amount": amount},
            "reverse": {"reverse_amount": amount},
            "finalize_amount": {"final_amount": amount},
        }
        before = self.issuer.v1.issuing.authorizations.retrieve(authorization)
        try:
            getattr(self.helpers.authorizations, verb)(authorization, params.get(verb, {}))
        except stripe.InvalidRequestError:
            assert self.issuer.v1.issuing.authorizations.retrieve(authorization) == before

    @invariant()
    def the_balance_is_what_moved_it_and_what_is_held(self) -> None:
        store = self.issuer.server.issuer.store
        moves = store.select("balance_transaction", {"currency": "usd", "balance_type": "issuing"})
        held = [found["_held"] for found in store.select("issuing.authorization")]
        balance = _balance(self.issuer)
        assert min(held, default=0) >= 0
        assert balance == OPENING_BALANCE + sum(move["net"] for move in moves)
        assert balance == 50_000 - sum(held) - self.spent
        assert self.issuer.server.issuer.balance_of("asking", "usd") == 0

    def teardown(self) -> None:
        require_shapes_of(self.issuer)
        self.running.__exit__(None, None, None)


TestPurchases = Purchases.TestCase
TestPurchases.settings = hypothesis.settings(max_examples=12, stateful_step_count=12, deadline=None)
