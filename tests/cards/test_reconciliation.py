"""What a lost webhook left out comes in once; what cannot be explained is a case."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.db import transaction as django_transaction

from cards.authorizations.models import Authorization
from cards.clearing.models import CardTransaction
from cards.disputes.models import Dispute
from cards.issuing.models import Card
from cards.reconciliation import services
from cards.reconciliation.models import Run
from cards.reconciliation.tasks import DISPUTES_LAST, EVERY
from krak.cases.models import Case
from krak.core import clock
from krak.sandbox import services as sandbox
from krak.ticks import TICKS
from tests.cards.stripe_side import StripeSide
from tests.people import Known, new_customer
from tests.stripe_door import StripeDoor

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(pinned: Any, stripe_side: StripeSide) -> Known:
    """Return a customer whose card Stripe knows; nobody is asked, the network approves."""
    pinned()
    known = new_customer(cash="500", cashback_asset="EUR")
    stripe_side.work()
    stripe_side.issuer.control.rules(unanswered="approve")
    stripe_side.lose_events()
    return known


def _purchase(stripe_side: StripeSide, known: Known, amount: int) -> Any:
    return stripe_side.v1.test_helpers.issuing.authorizations.create(
        {"card": known.card.stripe_id, "amount": amount, "currency": "usd"}
    )


def _capture(stripe_side: StripeSide, authorization: Any, **how: Any) -> Any:
    return stripe_side.v1.test_helpers.issuing.authorizations.capture(authorization.id, how)


def _later() -> datetime:
    """Return a moment at which no webhook can be on its way any more."""
    return clock.now() + timedelta(minutes=30)


def _reconcile(stripe_side: StripeSide) -> tuple[int, int]:
    """Compare, let the worker apply what came in, and return (repaired, unexplained)."""
    run = services.reconcile(since=clock.now() - timedelta(days=1), now=_later())
    assert run is not None
    stripe_side.work()
    return run.repaired, run.unexplained


def _cash(known: Known) -> dict[str, str]:
    cash = sandbox.position(customer=known.customer)["cash"]
    return {name: cash[name] for name in ("posted", "held")}


def test_a_whole_purchase_of_which_nothing_arrived(stripe_side: StripeSide, known: Known) -> None:
    authorization = _purchase(stripe_side, known, 12_000)
    _capture(stripe_side, authorization, capture_amount=11_000, close_authorization=True)
    stripe_side.lose_events()

    assert _reconcile(stripe_side) == (2, 0)
    assert _cash(known) == {"posted": "390.00", "held": "0.00"}
    assert Authorization.objects.get().status == "CLOSED"
    assert sandbox.position(customer=known.customer)["cashback"]["amount"] == "1.10"

    assert _reconcile(stripe_side) == (0, 0)
    assert CardTransaction.objects.count() == 1
    assert not Case.objects.exclude(kind="overdrawn").exists()


def test_each_stage_that_was_lost_is_made_up_for(stripe_side: StripeSide, known: Known) -> None:
    authorization = _purchase(stripe_side, known, 12_000)
    stripe_side.hand_over()
    assert _cash(known) == {"posted": "500.00", "held": "120.00"}

    stripe_side.v1.test_helpers.issuing.authorizations.reverse(authorization.id)
    stripe_side.lose_events()

    assert _reconcile(stripe_side) == (1, 0)
    assert _cash(known) == {"posted": "500.00", "held": "0.00"}
    assert _reconcile(stripe_side) == (0, 0)


def test_a_refund_to_a_canceled_card_that_was_lost(stripe_side: StripeSide, known: Known) -> None:
    authorization = _purchase(stripe_side, known, 5_000)
    _capture(stripe_side, authorization)
    stripe_side.hand_over()
    stripe_side.v1.issuing.cards.update(known.card.stripe_id, {"status": "canceled"})
    (captured,) = stripe_side.v1.issuing.transactions.list().data
    stripe_side.v1.test_helpers.issuing.transactions.refund(captured.id)
    stripe_side.lose_events()

    assert _reconcile(stripe_side) == (1, 0)
    assert _cash(known) == {"posted": "500.00", "held": "0.00"}


def test_a_webhook_that_comes_after_all_has_no_second_effect(
    stripe_side: StripeSide, known: Known
) -> None:
    authorization = _purchase(stripe_side, known, 5_000)
    _capture(stripe_side, authorization)
    late = stripe_side.events()
    stripe_side.lose_events()
    assert _reconcile(stripe_side) == (2, 0)
    before = _cash(known)

    stripe_side.hand_over(*late)

    assert _cash(known) == before == {"posted": "450.00", "held": "0.00"}
    assert CardTransaction.objects.count() == 1


def test_what_may_still_be_on_its_way_is_left_alone(stripe_side: StripeSide, known: Known) -> None:
    authorization = _purchase(stripe_side, known, 5_000)
    _capture(stripe_side, authorization)

    run = services.reconcile(since=clock.now() - timedelta(days=1), now=clock.now())

    assert run is not None
    assert (run.transactions, run.authorizations, run.repaired) == (1, 1, 0)


def test_what_we_posted_and_stripe_does_not_know_is_a_case(
    stripe_side: StripeSide, known: Known
) -> None:
    door = StripeDoor(stripe_side.client, known.card.stripe_id)
    door.transaction(700, transaction="t1", kind="capture", authorization=None)
    stripe_side.work()

    assert _reconcile(stripe_side) == (0, 1)
    case = Case.objects.get(kind="reconciliation_break")
    assert case.subject == door.id("t1")
    assert case.details == {"at_stripe_and_with_us": {"transaction": ["missing", "there"]}}

    _reconcile(stripe_side)
    assert Case.objects.filter(kind="reconciliation_break").count() == 1


@pytest.mark.parametrize(("amount", "approved"), [("120.00", True), ("9000.00", False)])
def test_what_the_sandbox_plays_by_itself_is_known_to_the_fake(
    stripe_side: StripeSide, known: Known, amount: str, *, approved: bool
) -> None:
    played = stripe_side.client.post(
        "/v1/sandbox/purchases",
        {"customer": known.customer.shown_id, "amount": amount},
        content_type="application/json",
    ).json()
    stripe_side.work()

    assert played["answer"]["approved"] is approved
    there = stripe_side.v1.issuing.authorizations.retrieve(played["authorization"])
    assert (there.status, there.approved, there.card.id) == (
        "closed",
        approved,
        known.card.stripe_id,
    )
    assert [each.id for each in there.transactions] == ([played["transaction"]] if approved else [])
    # Nobody is told twice, and nothing differs.
    assert stripe_side.events() == []
    assert _reconcile(stripe_side) == (0, 0)
    assert not Case.objects.filter(kind="reconciliation_break").exists()


def test_another_amount_is_a_case_and_moves_nothing(stripe_side: StripeSide, known: Known) -> None:
    authorization = _purchase(stripe_side, known, 5_000)
    _capture(stripe_side, authorization)
    told = stripe_side.events()
    for event in told:
        if event["type"] == "issuing_transaction.created":
            event["data"]["object"]["amount"] = -4_999
    stripe_side.hand_over(*told)
    assert _cash(known)["posted"] == "450.01"

    # The state at Stripe is applied once; a transaction is posted once; so the break remains.
    assert _reconcile(stripe_side) == (1, 0)
    assert _reconcile(stripe_side) == (0, 1)
    case = Case.objects.get(kind="reconciliation_break")
    assert case.details["at_stripe_and_with_us"]["amount"][0] == "50"
    assert _cash(known)["posted"] == "450.01"


def test_a_card_of_somebody_else_is_one_case(stripe_side: StripeSide, known: Known) -> None:
    stranger = stripe_side.v1.issuing.cards.create(
        {
            "cardholder": known.card.cardholder.stripe_id,
            "currency": "usd",
            "type": "virtual",
            "status": "active",
        }
    )
    authorization = stripe_side.v1.test_helpers.issuing.authorizations.create(
        {"card": stranger.id, "amount": 100, "currency": "usd"}
    )
    stripe_side.lose_events()

    assert _reconcile(stripe_side) == (1, 0)
    assert _reconcile(stripe_side) == (0, 0)
    assert [case.subject for case in Case.objects.all()] == [authorization.id]


def test_more_than_a_page_is_compared(stripe_side: StripeSide, known: Known) -> None:
    for _ in range(105):
        stripe_side.v1.test_helpers.issuing.transactions.create_force_capture(
            {"card": known.card.stripe_id, "amount": 100, "currency": "usd"}
        )
    stripe_side.lose_events()

    assert _reconcile(stripe_side) == (105, 0)
    assert CardTransaction.objects.count() == 105
    assert _cash(known)["posted"] == "395.00"


def test_all_that_is_lost_of_a_busy_hour_is_found_and_nothing_else(
    stripe_side: StripeSide, known: Known
) -> None:
    for _ in range(20):
        _capture(stripe_side, _purchase(stripe_side, known, 100))
    told = stripe_side.events()
    # One in ten never comes, and one line comes with another amount.
    lines = [event for event in told if event["type"] == "issuing_transaction.created"]
    lost, altered = lines[::10], lines[7]
    altered["data"]["object"]["amount"] -= 1
    stripe_side.hand_over(*[event for event in told if event not in lost])
    # The control: what nobody looks for stays missing.
    assert CardTransaction.objects.count() == 20 - len(lost)

    repaired, _ = _reconcile(stripe_side)
    assert repaired == len(lost) + 1
    assert _reconcile(stripe_side) == (0, 1)

    assert CardTransaction.objects.count() == 20
    case = Case.objects.get(kind="reconciliation_break")
    assert case.subject == altered["data"]["object"]["id"]
    assert clock.now() - case.opened_at < timedelta(minutes=1)
    assert case.assigned_to is None


def test_what_could_not_be_delivered_is_fetched_whatever_it_is(
    stripe_side: StripeSide, known: Known
) -> None:
    authorization = _purchase(stripe_side, known, 5_000)
    _capture(stripe_side, authorization)
    stripe_side.v1.issuing.cards.update(known.card.stripe_id, {"status": "canceled"})
    lost = stripe_side.events()

    def fetch(now: datetime) -> int:
        fetched = services.fetch_undelivered(since=clock.now() - timedelta(days=30), now=now)
        stripe_side.work()
        return fetched

    assert fetch(clock.now()) == 0
    assert fetch(_later()) == len(lost)
    assert fetch(_later()) == 0

    assert _cash(known) == {"posted": "450.00", "held": "0.00"}
    assert Card.objects.get(id=known.card.id).status == "CANCELED"
    assert not Case.objects.exists()
    # What is delivered after all changes nothing, and nothing is left to compare.
    stripe_side.hand_over(*lost)
    assert _cash(known)["posted"] == "450.00"
    assert _reconcile(stripe_side) == (0, 0)


@pytest.fixture
def disputed(stripe_side: StripeSide, known: Known) -> str:
    """Return a dispute of 40 dollars that was made at Stripe; nothing was heard of it."""
    _capture(stripe_side, _purchase(stripe_side, known, 4_000))
    stripe_side.hand_over()
    (captured,) = stripe_side.v1.issuing.transactions.list().data
    made = stripe_side.v1.issuing.disputes.create(
        {
            "transaction": captured.id,
            "evidence": {"reason": "other", "other": {"explanation": "It never came."}},
        }
    )
    stripe_side.lose_events()
    # What is only prepared at Stripe moves nothing, and nobody would have told.
    assert _reconcile(stripe_side) == (0, 0)
    stripe_side.v1.issuing.disputes.submit(made.id)
    stripe_side.lose_events()
    return str(made.id)


@pytest.mark.parametrize(
    ("outcomes", "repaired", "status", "cash"),
    [
        ((), 1, "SUBMITTED", "500.00"),
        (("won",), 2, "WON", "500.00"),
        (("lost",), 2, "LOST", "460.00"),
        (("won", "rescinded"), 3, "LOST", "460.00"),
    ],
)
def test_what_was_lost_of_a_dispute_comes_in_once(
    stripe_side: StripeSide, known: Known, disputed: str,
    *, outcomes: tuple[str, ...], repaired: int, status: str, cash: str,
) -> None:  # fmt: skip
    for outcome in outcomes:
        stripe_side.issuer.control.decide(disputed, outcome)
    stripe_side.lose_events()

    assert _reconcile(stripe_side) == (repaired, 0)
    assert Dispute.objects.get().status == status
    assert _cash(known)["posted"] == cash
    assert _reconcile(stripe_side) == (0, 0)
    assert Run.objects.latest("started_at").disputes == 1


def test_one_lost_word_of_a_dispute_is_made_up_for_a_later_night(
    stripe_side: StripeSide, known: Known, disputed: str
) -> None:
    assert _reconcile(stripe_side) == (1, 0)
    stripe_side.issuer.control.decide(disputed, "lost")
    stripe_side.lose_events()
    assert _cash(known)["posted"] == "500.00"

    later = _later() + timedelta(days=120)
    run = services.reconcile(
        since=later - timedelta(days=40), now=later, disputes_since=later - DISPUTES_LAST
    )
    stripe_side.work()

    assert run is not None
    assert (run.repaired, run.disputes) == (1, 1)
    assert _cash(known)["posted"] == "460.00"


def test_a_dispute_that_stays_different_is_a_case(
    stripe_side: StripeSide, known: Known, disputed: str
) -> None:
    assert _reconcile(stripe_side) == (1, 0)
    Dispute.objects.update(submitted_at=None)

    assert _reconcile(stripe_side) == (0, 1)
    case = Case.objects.get(kind="reconciliation_break")
    assert case.subject == disputed
    assert case.details == {
        "at_stripe_and_with_us": {"issuing_dispute.submitted": ["said", "not heard"]}
    }


def test_what_is_lost_is_looked_for_within_a_quarter_of_an_hour() -> None:
    assert services.QUIET + EVERY["hour"] < timedelta(minutes=15)
    ticks = [tick for tick in TICKS.values() if tick.get("kwargs") == {"window": "hour"}]
    assert [tick["schedule"] for tick in ticks] == [EVERY["hour"].total_seconds()]


def test_one_run_at_a_time_and_a_dead_one_does_not_block(
    stripe_side: StripeSide, known: Known
) -> None:
    since, now = clock.now() - timedelta(days=1), clock.now()
    running = Run.objects.create(since=since, started_at=now)
    soon, later = now + services.DEAD_AFTER, now + services.DEAD_AFTER + timedelta(seconds=1)

    assert services.reconcile(since=since, now=soon) is None
    assert services.reconcile(since=since, now=later) is not None
    running.refresh_from_db()
    assert running.finished_at == running.started_at


def test_a_run_that_takes_long_shows_that_it_lives(stripe_side: StripeSide, known: Known) -> None:
    since, now = clock.now() - timedelta(days=1), clock.now()
    later = now + services.DEAD_AFTER + timedelta(seconds=1)
    Run.objects.create(since=since, started_at=now, alive_at=later)

    assert services.reconcile(since=since, now=later) is None


def test_each_page_is_a_sign_of_life(stripe_side: StripeSide, known: Known) -> None:
    _purchase(stripe_side, known, 12_000)

    run = services.reconcile(since=clock.now() - timedelta(days=1), now=clock.now())

    assert run is not None
    run.refresh_from_db()
    assert run.alive_at is not None


def test_the_database_refuses_a_run_that_ends_before_it_began(known: Known) -> None:
    now = clock.now()
    with (
        pytest.raises(IntegrityError, match="a_run_ends_after_it_began"),
        django_transaction.atomic(),
    ):
        Run.objects.create(since=now, started_at=now, finished_at=now - timedelta(seconds=1))
