"""Disputes that customers open: over HTTP, with a fake Stripe behind, whatever comes first."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from django.db import transaction as django_transaction

from cards.clearing.models import CardTransaction
from cards.disputes import services
from cards.disputes.models import Dispute
from cards.disputes.rules import DAYS, EVIDENCE_OF, evidence_for_stripe
from cards.disputes.services.opening import TooLate
from krak.cases.models import Case
from krak.core import clock
from krak.core.ids import show, uuid7
from krak.core.outbox import services as outbox
from krak.core.transactions import transaction
from krak.notifications.models import Notification
from krak.sandbox import services as sandbox
from krak.sandbox.issuer.resources import disputes as at_stripe
from krak.stripe.client import OWN_ID
from tests.cards.stripe_side import StripeSide
from tests.people import Known, new_customer

pytestmark = pytest.mark.django_db

NEVER_CAME = {
    "reason": "not_received",
    "explanation": "The parcel never came.",
    "evidence": {"expected_at": "2026-11-10", "product_type": "merchandise"},
}


@pytest.fixture
def known(pinned: Any, stripe_side: StripeSide) -> Known:
    """Return a customer with 100 dollars whose card the fake Stripe knows."""
    pinned()
    known = new_customer(cash="100")
    stripe_side.issuer.control.import_card(
        id=known.card.stripe_id,
        cardholder=known.card.cardholder.stripe_id,
        currency="usd",
        last4=known.card.last4,
    )
    return known


def bought(known: Known, stripe_side: StripeSide, amount: int = 40_00) -> CardTransaction:
    """Buy something, in cents, and let it clear."""
    before = set(CardTransaction.objects.values_list("id", flat=True))
    helpers = stripe_side.v1.test_helpers.issuing.transactions
    helpers.create_force_capture({"card": known.card.stripe_id, "amount": amount})
    stripe_side.hand_over()
    return CardTransaction.objects.exclude(id__in=before).get()


def refunded(stripe_side: StripeSide, purchase: CardTransaction, amount: int) -> None:
    stripe_side.v1.test_helpers.issuing.transactions.refund(
        purchase.stripe_id, {"refund_amount": amount}
    )
    stripe_side.hand_over()


def opens(known: Known, purchase: CardTransaction, **claim: Any) -> Any:
    return known.send("/v1/disputes", {"transaction": ctx(purchase), **NEVER_CAME, **claim})


def ctx(purchase: CardTransaction) -> str:
    return show(CardTransaction.PREFIX, purchase.id)


def opened(known: Known, purchase: CardTransaction, **claim: Any) -> str:
    answer = opens(known, purchase, **claim)
    assert answer.status_code == 201, answer.json()
    return f"/v1/disputes/{answer.json()['id']}"


def posted(known: Known) -> str:
    return str(sandbox.position(customer=known.customer)["cash"]["posted"])


def notices(known: Known) -> list[str]:
    outbox.drain(now=clock.now())
    told = Notification.objects.filter(customer=known.customer, kind__startswith="dispute.")
    return list(told.order_by("id").values_list("kind", flat=True))


def test_from_opening_to_winning(known: Known, stripe_side: StripeSide) -> None:
    purchase = bought(known, stripe_side)
    first = opens(known, purchase)
    assert first.status_code == 201
    shown = first.json()
    assert shown | {"id": "", "created_at": "", "timeline": [], "submit_by": ""} == {
        "object": "dispute", "id": "", "status": "open", "transaction": ctx(purchase),
        "merchant": purchase.merchant_name, "amount": {"amount": "40.00", "currency": "USD"},
        "credited": {"amount": "0.00", "currency": "USD"}, "provisional": False,
        **NEVER_CAME, "submit_by": "", "timeline": [], "created_at": "", "livemode": False,
    }  # fmt: skip
    assert list(stripe_side.v1.issuing.disputes.list().data) == []
    address = f"/v1/disputes/{shown['id']}"

    sent = known.send(f"{address}/submit").json()
    assert sent["status"] == "sent"
    assert [each["event"] for each in sent["timeline"]] == ["opened", "sent"]
    stripe_side.work()

    (there,) = stripe_side.v1.issuing.disputes.list().data
    assert (there.status, there.amount, there.transaction) == (
        "submitted", 40_00, purchase.stripe_id
    )  # fmt: skip
    assert there.metadata[OWN_ID] == shown["id"]
    assert there.evidence.reason == "not_received"
    assert there.evidence.not_received.explanation == "The parcel never came."
    assert there.evidence.not_received.expected_at == 1794268800
    assert there.evidence.not_received.product_type == "merchandise"

    stripe_side.hand_over()
    now = known.get(address).json()
    assert (now["status"], now["credited"]["amount"], now["provisional"]) == (
        "submitted", "40.00", True
    )  # fmt: skip
    # With what the purchase has earned, until the dispute is won.
    assert posted(known) == "100.40"

    stripe_side.issuer.control.decide(there.id, "won")
    stripe_side.hand_over()
    assert posted(known) == "100.00"
    now = known.get(address).json()
    assert (now["status"], now["credited"]["amount"], now["provisional"]) == (
        "won", "40.00", False
    )  # fmt: skip
    assert [each["event"] for each in now["timeline"]] == ["opened", "sent", "submitted", "won"]
    assert Dispute.objects.get().told_revision == 1
    assert notices(known) == ["dispute.opened", "dispute.submitted", "dispute.won"]
    assert Notification.objects.get(kind="dispute.won").facts == {
        "dispute": shown["id"],
        "amount": {"amount": "40.00", "currency": "USD"},
        "merchant": purchase.merchant_name,
    }
    listed = known.get("/v1/disputes").json()["results"]
    assert listed == [now]
    assert sandbox.proof()["balanced"]


def test_a_lost_dispute_is_taken_back_and_told(known: Known, stripe_side: StripeSide) -> None:
    address = opened(known, bought(known, stripe_side))
    known.send(f"{address}/submit")
    stripe_side.work()
    stripe_side.hand_over()
    stripe_side.issuer.control.decide(Dispute.objects.get().stripe_id, "lost")
    stripe_side.hand_over()

    now = known.get(address).json()
    assert (now["status"], now["credited"]["amount"]) == ("lost", "0.00")
    assert posted(known) == "60.40"
    assert notices(known) == ["dispute.opened", "dispute.submitted", "dispute.lost"]


@pytest.mark.parametrize("order", ["as told", "backwards"])
def test_events_speak_of_the_dispute_that_was_opened_even_before_the_answer_came(
    known: Known, stripe_side: StripeSide, order: str
) -> None:
    address = opened(known, bought(known, stripe_side))
    known.send(f"{address}/submit")
    # Stripe made it, and its answer was lost; all its events come before the job tries again.
    stripe_side.issuer.control.failures(path="/v1/issuing/disputes", times=2, lose_answer=True)
    stripe_side.work()
    (there,) = stripe_side.v1.issuing.disputes.list().data
    assert (there.status, Dispute.objects.get().stripe_id) == ("unsubmitted", "")
    stripe_side.v1.issuing.disputes.submit(there.id)
    stripe_side.issuer.control.decide(there.id, "won")
    events = stripe_side.events()
    for event in events if order == "as told" else reversed(events):
        stripe_side.hand_over(event)

    with transaction():
        services.tell_again(now=clock.now() + timedelta(hours=1))
    outbox.drain(now=clock.now() + timedelta(hours=1))

    dispute = Dispute.objects.get()
    assert (dispute.stripe_id, dispute.status, dispute.opened_at is None) == (
        there.id, "WON", False
    )  # fmt: skip
    assert posted(known) == "100.00"
    assert len(stripe_side.v1.issuing.disputes.list().data) == 1


def test_one_that_was_made_and_not_answered_is_found_again_and_submitted_once(
    known: Known, stripe_side: StripeSide
) -> None:
    address = opened(known, bought(known, stripe_side))
    known.send(f"{address}/submit")
    stripe_side.issuer.control.failures(path="/v1/issuing/disputes", times=2, lose_answer=True)
    stripe_side.work()
    dispute = Dispute.objects.get()
    assert (dispute.stripe_id, dispute.status, dispute.asked_at is None) == ("", "SENT", False)

    services.tell_dispute(dispute.id, now=clock.now())
    services.tell_dispute(dispute.id, now=clock.now())

    (there,) = stripe_side.v1.issuing.disputes.list().data
    dispute.refresh_from_db()
    assert (there.status, dispute.stripe_id, dispute.told_revision) == ("submitted", there.id, 1)
    stripe_side.hand_over()
    assert Dispute.objects.get().status == "SUBMITTED"


def test_what_stripe_refuses_is_a_case_and_may_be_withdrawn(
    known: Known, stripe_side: StripeSide
) -> None:
    purchase = bought(known, stripe_side)
    address = opened(known, purchase)
    stripe_side.v1.issuing.disputes.create({"transaction": purchase.stripe_id})
    known.send(f"{address}/submit")
    stripe_side.work()

    assert known.get(address).json()["status"] == "refused"
    assert Case.objects.filter(kind="processor.refused", customer=known.customer).count() == 1
    assert known.send(f"{address}/submit").json()["code"] == "disputes.not_open"
    assert known.send(f"{address}/withdraw").json()["status"] == "withdrawn"


def test_an_open_dispute_is_withdrawn_and_the_purchase_disputed_anew(
    known: Known, stripe_side: StripeSide
) -> None:
    purchase = bought(known, stripe_side)
    address = opened(known, purchase)
    again = opens(known, purchase)
    assert (again.status_code, again.json()["code"]) == (409, "disputes.already_disputed")
    assert again.json()["facts"]["dispute"] == address.rpartition("/")[2]

    assert known.send(f"{address}/withdraw").json()["status"] == "withdrawn"
    assert known.send(f"{address}/withdraw").json()["status"] == "withdrawn"
    assert known.send(f"{address}/submit").json()["code"] == "disputes.not_open"
    assert opened(known, purchase) != address


def test_a_dispute_withdrawn_before_stripe_was_asked_never_reaches_it(
    known: Known, stripe_side: StripeSide
) -> None:
    address = opened(known, bought(known, stripe_side))
    known.send(f"{address}/submit")
    assert known.send(f"{address}/withdraw").json()["status"] == "withdrawn"
    stripe_side.work()

    assert list(stripe_side.v1.issuing.disputes.list().data) == []
    assert Dispute.objects.get().told_revision == 1


def test_what_stripe_has_cannot_be_withdrawn(known: Known, stripe_side: StripeSide) -> None:
    address = opened(known, bought(known, stripe_side))
    known.send(f"{address}/submit")
    stripe_side.work()
    answer = known.send(f"{address}/withdraw")
    assert (answer.status_code, answer.json()["code"]) == (409, "disputes.not_open")
    assert answer.json()["facts"] == {"status": "sent"}


def test_no_more_is_disputed_than_was_paid_and_not_refunded(
    known: Known, stripe_side: StripeSide
) -> None:
    purchase = bought(known, stripe_side)
    refunded(stripe_side, purchase, 15_00)
    answer = opens(known, purchase, amount="25.01")
    assert (answer.status_code, answer.json()["code"]) == (422, "disputes.too_much")
    assert answer.json()["facts"]["most"] == {"amount": "25.00", "currency": "USD"}
    assert opens(known, purchase, amount="1.001").json()["code"] == "disputes.amount_too_fine"

    address = opened(known, purchase)
    assert known.get(address).json()["amount"]["amount"] == "25.00"
    refunded(stripe_side, purchase, 5_00)
    assert known.send(f"{address}/submit").json()["code"] == "disputes.too_much"
    known.send(f"{address}/withdraw")
    refunded(stripe_side, purchase, 20_00)
    assert opens(known, purchase).json()["code"] == "disputes.not_disputable"


def test_a_refund_is_not_disputed(known: Known, stripe_side: StripeSide) -> None:
    purchase = bought(known, stripe_side)
    refunded(stripe_side, purchase, 15_00)
    refund = CardTransaction.objects.get(kind="REFUND")
    assert opens(known, refund).json()["code"] == "disputes.not_disputable"


def test_the_time_to_dispute_ends(known: Known, stripe_side: StripeSide, settings: Any) -> None:
    purchase = bought(known, stripe_side)
    address = opened(known, purchase)
    shown = known.get(address).json()["submit_by"]
    assert shown == (purchase.event_at + timedelta(days=110)).isoformat().replace("+00:00", "Z")
    dispute = Dispute.objects.get()
    deadline = purchase.event_at + timedelta(days=110)

    with pytest.raises(TooLate), transaction():
        services.submit(dispute=dispute, now=deadline + timedelta(microseconds=1))
    assert services.expire(now=deadline) == 0
    assert services.expire(now=deadline + timedelta(microseconds=1)) == 1
    assert services.expire(now=deadline + timedelta(days=1)) == 0
    assert known.get(address).json()["status"] == "expired"

    settings.DISPUTE_DAYS = 0
    assert opens(known, purchase).json()["code"] == "disputes.too_late"


def test_a_dispute_that_was_sent_does_not_run_out_here(
    known: Known, stripe_side: StripeSide
) -> None:
    known.send(f"{opened(known, bought(known, stripe_side))}/submit")
    assert services.expire(now=clock.now() + timedelta(days=200)) == 0


def test_one_made_at_stripe_is_shown_without_a_reason(
    known: Known, stripe_side: StripeSide
) -> None:
    purchase = bought(known, stripe_side)
    made = stripe_side.v1.issuing.disputes.create(
        {
            "transaction": purchase.stripe_id,
            "evidence": {"reason": "fraudulent", "fraudulent": {"explanation": "not me"}},
        }
    )
    stripe_side.v1.issuing.disputes.submit(made.id)
    stripe_side.hand_over()

    (shown,) = known.get("/v1/disputes").json()["results"]
    assert (shown["status"], shown["reason"], shown["submit_by"]) == ("submitted", None, None)
    assert opens(known, purchase).json()["code"] == "disputes.already_disputed"


def test_what_is_anothers_is_not_found(known: Known, stripe_side: StripeSide) -> None:
    purchase = bought(known, stripe_side)
    address = opened(known, purchase)
    other = new_customer(cash="1")
    for answer in (
        other.get(address),
        other.send(f"{address}/submit"),
        other.send(f"{address}/withdraw"),
        other.get("/v1/disputes/nonsense"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "disputes.not_found")
    stolen = opens(other, purchase)
    assert (stolen.status_code, stolen.json()["code"]) == (404, "disputes.transaction_not_found")
    assert other.get("/v1/disputes").json()["results"] == []
    assert Dispute.objects.get().status == "OPEN"


def test_opening_twice_with_one_key_opens_one(known: Known, stripe_side: StripeSide) -> None:
    body = {"transaction": ctx(bought(known, stripe_side)), **NEVER_CAME}
    first = known.send("/v1/disputes", body, key="one")
    again = known.send("/v1/disputes", body, key="one")
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert Dispute.objects.count() == 1


@pytest.mark.parametrize(
    ("odd", "field"),
    [
        ({"reason": "because"}, "reason"),
        ({"explanation": " "}, "explanation"),
        ({"amount": "0"}, "amount"),
        ({"evidence": {"received_at": "2026-11-10"}}, "evidence.received_at"),
        ({"evidence": {"expected_at": "yesterday"}}, "evidence.expected_at"),
        ({"evidence": {"photo": "…"}}, "evidence.photo"),
        ({"status": "won"}, "status"),
    ],
)
def test_an_odd_claim_is_refused_by_field(
    known: Known, stripe_side: StripeSide, odd: dict[str, Any], field: str
) -> None:
    answer = opens(known, bought(known, stripe_side), **odd)
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_every_reason_is_asked_what_stripe_takes_for_it() -> None:
    parts = at_stripe._PARTS
    for reason, fields in EVIDENCE_OF.items():
        assert fields <= set(parts[reason.lower()]), reason
    assert {reason.lower() for reason in EVIDENCE_OF} == set(parts)


def test_days_become_the_seconds_of_their_beginning() -> None:
    assert {"canceled_at", "expected_at", "received_at", "returned_at"} == DAYS
    told = evidence_for_stripe(
        "CANCELED",
        explanation="x",
        given={"canceled_at": "1970-01-02", "received_at": "2026-01-01"},
    )
    assert told == {"reason": "canceled", "canceled": {"explanation": "x", "canceled_at": 86400}}


# --- Around the services -------------------------------------------------------------------------
def _row(known: Known, purchase: CardTransaction, **facts: Any) -> Dispute:
    now = clock.now()
    return Dispute(
        **{
            "id": uuid7(),
            "customer": known.customer,
            "transaction": purchase,
            "amount": Decimal(1),
            "currency": "USD",
            "opened_at": now,
            "deadline_at": now,
            "created_at": now,
        }
        | facts
    )


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"opened_at": None}, "a_dispute_is_its_owners_or_stripes"),
        ({"amount": Decimal(0)}, "a_dispute_is_its_owners_or_stripes"),
        ({"amount": Decimal("40.01")}, "no more than it"),
        ({"currency": "EUR"}, "no more than it"),
        ({"asked_at": clock.now()}, "stripe_is_told_what_its_owner_submitted"),
        (
            {"withdrawn_at": clock.now(), "stripe_id": "idp_1"},
            "a_withdrawn_dispute_is_not_at_stripe",
        ),
    ],
)
def test_the_database_refuses_what_no_dispute_is(
    known: Known, stripe_side: StripeSide, facts: dict[str, Any], sentence: str
) -> None:
    row = _row(known, bought(known, stripe_side), **facts)
    with pytest.raises(IntegrityError, match=sentence), django_transaction.atomic():
        row.save(force_insert=True)


def test_the_database_refuses_a_second_dispute_of_a_purchase(
    known: Known, stripe_side: StripeSide
) -> None:
    purchase = bought(known, stripe_side)
    opened(known, purchase)
    with pytest.raises(IntegrityError, match="a_purchase_is_disputed_once"):
        _row(known, purchase).save(force_insert=True)


def test_the_database_refuses_to_move_a_dispute_to_another_customer(
    known: Known, stripe_side: StripeSide
) -> None:
    opened(known, bought(known, stripe_side))
    other = new_customer(cash="1").customer
    for change in ({"customer": other}, {"reason": "OTHER"}, {"deadline_at": clock.now()}):
        with pytest.raises(IntegrityError, match="keeps its purchase"), django_transaction.atomic():
            Dispute.objects.update(**change)
