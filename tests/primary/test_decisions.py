"""Two people accept, one rejects; what nobody decides runs out, and money is free again."""

from datetime import timedelta
from typing import Any

import pytest

from fx.assets.models import Asset
from fx.assets.rules import Status
from holdings.primary import tasks
from holdings.primary.models import PaperOrder, Party
from holdings.primary.rules import DECIDED_WITHIN
from holdings.primary.services import decisions, parties, requests
from krak.approvals import services as approvals
from krak.approvals.registry import kind_of
from krak.approvals.services import NotAllowed, OwnProposal
from krak.cases.models import Case
from krak.core import clock
from krak.core.audit.models import RowChange
from krak.core.ids import show
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.notifications.models import Notification
from tests.people import Known
from tests.primary.world import (
    accept,
    agree,
    balance,
    books_hold,
    made,
    propose,
    redeem,
    refusal,
    shown,
    subscribe,
    told,
    wallet_of,
    work,
)
from tests.staff import staff

pytestmark = pytest.mark.django_db

BOTH = ("primary.propose_request", "primary.approve_request")


def cancel(known: Known, request: Any) -> Any:
    return known.send(f"/v1/primary/requests/{show('preq', request.id)}/cancel")


# --- Accepting -----------------------------------------------------------------------------------
def test_nobody_accepts_alone(ada: Known) -> None:
    request, both = made(subscribe(ada)), staff(*BOTH)
    now = clock.now()
    proposal = decisions.propose_acceptance(
        request_id=request.id, reason="as usual", by=both, now=now
    )
    decision: dict[str, Any] = {
        "content_hash": proposal.content_hash, "note": "fine", "now": now,
    }  # fmt: skip

    with pytest.raises(OwnProposal):
        approvals.approve(proposal_id=proposal.id, by=both, **decision)
    with pytest.raises(NotAllowed):
        approvals.approve(proposal_id=proposal.id, by=staff("primary.propose_request"), **decision)
    with pytest.raises(NotAllowed):
        decisions.propose_acceptance(
            request_id=request.id, reason="x", by=staff("primary.approve_request"), now=now
        )

    work()
    assert shown(ada, request)["state"] == "requested"
    assert not PaperOrder.objects.exists()


def test_the_second_person_reads_what_the_issuer_will_be_asked(ada: Known) -> None:
    proposal = propose(made(redeem(ada)))

    assert dict(kind_of("primary.accept").describe(proposal.proposed)) == {
        "Customer": ada.customer.shown_id,
        "Asks for": "a redemption of AAPLx",
        "Gives": "50 AAPLx, worth 10149 USD when asked",
        "Wallet": f"{wallet_of(ada)} on solana",
    }
    assert wallet_of(ada) not in str(proposal.payload)


def test_an_acceptance_and_the_promise_to_the_issuer_are_one(ada: Known) -> None:
    request = made(subscribe(ada))
    accept(request)

    request.refresh_from_db()
    message = OutboxMessage.objects.get(topic="primary.submit")
    assert (request.state, message.payload) == ("APPROVED", {"request": str(request.id)})
    assert request.submitted_at is None


def test_what_has_become_impossible_is_not_accepted_and_waits(ada: Known, market: Any) -> None:
    request = made(subscribe(ada))
    proposal = propose(request)

    Asset.objects.filter(code="AAPLx").update(status=Status.DELISTING)
    with pytest.raises(Exception, match="delisted"):
        agree(proposal, "primary.approve_request")
    Asset.objects.filter(code="AAPLx").update(status=Status.ACTIVE)
    market(halted=["AAPLx"])
    with pytest.raises(Exception, match="halted"):
        agree(proposal, "primary.approve_request")
    market()
    with transaction():
        customers.freeze(customer_id=ada.customer.id, reason="asked", now=clock.now())
    with pytest.raises(Exception, match="frozen"):
        agree(proposal, "primary.approve_request")

    assert shown(ada, request)["state"] == "requested"
    assert balance(ada, "USD") == (20000, 10200)
    with transaction():
        customers.unfreeze(customer_id=ada.customer.id, reason="cleared")
    agree(proposal, "primary.approve_request")
    assert shown(ada, request)["state"] == "approved"


# --- Not accepting -------------------------------------------------------------------------------
def test_one_person_rejects_with_a_reason_and_the_customer_is_told(ada: Known) -> None:
    request = made(redeem(ada))
    with pytest.raises(decisions.ReasonMissing):
        decisions.reject(request_id=request.id, reason="  ", now=clock.now())

    decisions.reject(request_id=request.id, reason="The wallet moved.", now=clock.now())
    work()

    after = shown(ada, request)
    assert (after["state"], after["failure"], after["cancelable"]) == (
        "rejected", "The wallet moved.", False,
    )  # fmt: skip
    assert balance(ada, "AAPLx") == (50, 0)
    assert told(ada) == ["primary.rejected"]
    assert Notification.objects.get().facts["reason"] == "The wallet moved."
    assert Case.objects.get().status == "CLOSED"
    change = RowChange.objects.get(table="primary_request")
    assert (change.reason, change.changed["state"]) == (
        "The wallet moved.", ["REQUESTED", "REJECTED"],
    )  # fmt: skip
    with pytest.raises(decisions.NotWaiting):
        decisions.reject(request_id=request.id, reason="again", now=clock.now())
    books_hold(ada)


def test_the_second_persons_no_rejects_it(ada: Known) -> None:
    request = made(subscribe(ada))

    approvals.reject(
        proposal_id=propose(request).id, by=staff("primary.approve_request"), note="too much",
        now=clock.now(),
    )  # fmt: skip
    work()

    after = shown(ada, request)
    assert (after["state"], after["failure"]) == ("rejected", "Not approved.")
    assert balance(ada, "USD") == (20000, 0)
    assert told(ada) == ["primary.rejected"]


def test_a_proposal_that_is_withdrawn_or_runs_out_leaves_it_waiting(ada: Known) -> None:
    request = made(subscribe(ada))
    first = propose(request)
    approvals.withdraw(proposal_id=first.id, by=first.proposed_by, now=clock.now())
    second = propose(request)
    approvals.expire(now=second.expires_at)

    assert shown(ada, request)["state"] == "requested"
    accept(request)
    assert shown(ada, request)["state"] == "approved"


def test_its_customer_cancels_it_until_it_is_accepted(ada: Known) -> None:
    first, second = made(subscribe(ada, "5000.00")), made(subscribe(ada, "6000.00"))
    proposal = propose(first)

    canceled = [cancel(ada, first) for _ in range(2)]
    accept(second)
    late = cancel(ada, second)

    assert [(c.status_code, c.json()["state"]) for c in canceled] == [(200, "canceled")] * 2
    assert canceled[0].json()["failure"] == "Canceled by the customer."
    assert refusal(late) == (409, "primary.too_late_to_cancel")
    assert balance(ada, "USD") == (20000, 6000)
    with pytest.raises(decisions.NotWaiting):
        agree(proposal, "primary.approve_request")
    with pytest.raises(decisions.NotWaiting):
        propose(first)
    work()
    assert balance(ada, "USD") == (14000, 0)
    assert told(ada) == ["primary.settled"]


def test_what_nobody_decides_runs_out_after_seven_days(ada: Known) -> None:
    waiting, accepted = made(subscribe(ada, "5000.00")), made(subscribe(ada, "6000.00"))
    accept(accepted)
    late = waiting.created_at + DECIDED_WITHIN

    assert requests.expire(now=late - timedelta(microseconds=1)) == 0
    assert requests.expire(now=late) == 1
    assert requests.expire(now=late) == 0
    work()

    after = shown(ada, waiting)
    assert (after["state"], after["failure"]) == ("canceled", "Not decided within 7 days.")
    assert shown(ada, accepted)["state"] == "settled"
    assert balance(ada, "USD") == (14000, 0)
    assert sorted(told(ada)) == ["primary.expired", "primary.settled"]


@pytest.mark.usefixtures("committed")
def test_the_clock_lets_them_run_out_and_asks_after_them() -> None:
    tasks.expire()
    tasks.follow()


# --- Parties -------------------------------------------------------------------------------------
def test_with_its_party_end_what_waits_and_not_what_the_issuer_has(ada: Known) -> None:
    waiting, accepted = made(subscribe(ada, "5000.00")), made(subscribe(ada, "6000.00"))
    accept(accepted)
    party = Party.objects.get(customer=ada.customer)

    parties.end(party_id=party.id, reason="closed its books", now=clock.now())
    work()

    after = shown(ada, waiting)
    assert (after["state"], after["failure"]) == ("rejected", "The party has ended.")
    assert shown(ada, accepted)["state"] == "settled"
    assert balance(ada, "USD") == (14000, 0)
