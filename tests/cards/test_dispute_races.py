"""An owner who withdraws while Stripe is being told: whoever is first at the book has it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from cards.disputes import services
from cards.disputes.models import Dispute
from krak.core import clock
from tests.cards.stripe_side import StripeSide
from tests.cards.test_disputes import bought, known, opened, opens
from tests.people import Known
from tests.races import in_a_thread, other_session, patient, wait_for_blocked

__all__ = ["known", "other_session", "patient"]

pytestmark = pytest.mark.usefixtures("committed", "patient")


def race(known: Known, parked: psycopg.Connection[Any], *runners: Callable[[], Any]) -> list[Any]:
    """Start these one after another on the customer's parked book; return their results."""
    parked.execute(
        "SELECT 1 FROM ledger_book WHERE customer_id = %s FOR NO KEY UPDATE", [known.customer.id]
    )
    started = []
    with ThreadPoolExecutor(len(runners)) as pool:
        for number, runner in enumerate(runners, 1):
            started.append(pool.submit(in_a_thread, runner))
            wait_for_blocked(parked, number)
        parked.rollback()
        return [each.result() for each in started]


@pytest.mark.parametrize("first", ["owner", "job"])
def test_a_dispute_is_withdrawn_or_told_but_never_both(
    known: Known,
    stripe_side: StripeSide,
    other_session: psycopg.Connection[Any],
    first: str,
) -> None:
    address = opened(known, bought(known, stripe_side))
    known.send(f"{address}/submit")
    dispute = Dispute.objects.get(customer=known.customer)

    def withdraws() -> Any:
        return known.send(f"{address}/withdraw")

    def tells() -> None:
        services.tell_dispute(dispute.id, now=clock.now())

    if first == "owner":
        answer, _ = race(known, other_session, withdraws, tells)
    else:
        _, answer = race(known, other_session, tells, withdraws)

    there = stripe_side.v1.issuing.disputes.list().data
    dispute.refresh_from_db()
    if first == "owner":
        assert (answer.status_code, dispute.status, list(there)) == (200, "WITHDRAWN", [])
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "disputes.not_open")
        assert [each.status for each in there] == ["submitted"]
        assert dispute.withdrawn_at is None


def test_of_two_disputes_of_one_purchase_at_a_time_one_is_opened(
    known: Known, stripe_side: StripeSide, other_session: psycopg.Connection[Any]
) -> None:
    purchase = bought(known, stripe_side)
    answers = race(
        known, other_session, lambda: opens(known, purchase), lambda: opens(known, purchase)
    )
    assert [each.status_code for each in answers] == [201, 409]
    assert Dispute.objects.filter(customer=known.customer).count() == 1
