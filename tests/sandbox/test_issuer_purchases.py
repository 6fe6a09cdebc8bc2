"""What follows a tap at the fake, and where the money of the issuer stands then."""

from typing import Any

import pytest
import stripe

from krak.sandbox.issuer.issuer import OPENING_BALANCE
from tests.issuer import FakeIssuer, Recorder
from tests.sandbox.conftest import balance, told

UPDATED = "issuing_authorization.updated"


def test_a_capture_is_told_before_the_authorization_closes(
    issuer: FakeIssuer, recorder: Recorder, approved: Any
) -> None:
    closed = issuer.v1.test_helpers.issuing.authorizations.capture(approved.id)

    [transaction] = closed.transactions
    assert (closed.status, closed.amount, closed.approved) == ("closed", 5_000, True)
    assert (transaction.amount, transaction.type) == (-5_000, "capture")
    assert transaction.authorization == approved.id
    assert balance(issuer) == OPENING_BALANCE - 5_000
    created, updated = told(issuer, recorder)
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
    assert balance(issuer) == OPENING_BALANCE - 5_000
    rest = authorizations.capture(approved.id, {"capture_amount": 3_700})

    assert (rest.status, [t.amount for t in rest.transactions]) == ("closed", [-2_000, -3_700])
    assert balance(issuer) == OPENING_BALANCE - 5_700


def test_a_smaller_final_capture_gives_the_rest_back(
    issuer: FakeIssuer, recorder: Recorder, approved: Any
) -> None:
    issuer.v1.test_helpers.issuing.authorizations.capture(approved.id, {"capture_amount": 1_200})

    assert balance(issuer) == OPENING_BALANCE - 1_200


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
    assert balance(issuer) == OPENING_BALANCE - 6_000
    first, second = told(issuer, recorder)
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
    assert balance(issuer) == OPENING_BALANCE
    with pytest.raises(stripe.InvalidRequestError, match="cannot reverse"):
        authorizations.reverse(approved.id)


def test_what_expired_may_still_be_captured(
    issuer: FakeIssuer, recorder: Recorder, approved: Any
) -> None:
    authorizations = issuer.v1.test_helpers.issuing.authorizations
    expired = authorizations.expire(approved.id)
    assert (expired.status, expired.amount) == ("expired", 5_000)
    assert balance(issuer) == OPENING_BALANCE

    captured = authorizations.capture(approved.id)

    assert captured.status == "closed"
    assert balance(issuer) == OPENING_BALANCE - 5_000


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
    assert balance(issuer) == OPENING_BALANCE - 4_231


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
    assert balance(issuer) == OPENING_BALANCE - 1_600
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
    assert balance(issuer) == OPENING_BALANCE


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
    assert [event["type"] for event in told(issuer, recorder)][-2:] == [
        "issuing_dispute.created",
        "issuing_transaction.updated",
    ]
    recorder.told.clear()

    assert issuer.v1.issuing.disputes.submit(dispute.id).status == "submitted"
    won = issuer.control.decide(dispute.id, "won", amount=4_900)

    assert (won["status"], won["amount"]) == ("won", 4_900)
    assert won["balance_transactions"][0]["net"] == 4_900
    assert balance(issuer) == OPENING_BALANCE - 100
    issuer.control.decide(dispute.id, "rescinded")
    assert balance(issuer) == OPENING_BALANCE - 5_000
    assert [event["type"] for event in told(issuer, recorder)] == [
        f"issuing_dispute.{step}"
        for step in ("submitted", "funds_reinstated", "closed", "funds_rescinded")
    ]


def test_a_lost_dispute_moves_nothing(issuer: FakeIssuer, recorder: Recorder, dispute: Any) -> None:
    issuer.v1.issuing.disputes.submit(dispute.id)
    lost = issuer.control.decide(dispute.id, "lost")

    assert (lost["status"], lost["loss_reason"]) == ("lost", "transaction_authorized")
    assert balance(issuer) == OPENING_BALANCE - 5_000
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
