"""Two at one moment: one winner on one holding, and the issuer has each request once."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from fx.assets import directory
from fx.assets.services import load_catalogue
from holdings.ledger.models import JournalEntry
from holdings.primary.models import PaperOrder, Request
from holdings.primary.services import submission
from krak.core import clock
from krak.core.errors import DomainError
from krak.core.ids import show
from tests.funding.test_races import at_once
from tests.people import Known, new_customer
from tests.primary.world import (
    accept,
    agree,
    balance,
    books_hold,
    let_in,
    made,
    propose,
    subscribe,
)
from tests.races import other_session, patient

__all__ = ["other_session", "patient"]

pytestmark = pytest.mark.usefixtures("committed", "patient")


@pytest.fixture
def bob(committed: None, market: Any) -> Known:
    """Return a party with 10,000 dollars, all of it committed."""
    load_catalogue(now=clock.now())
    directory.forget()
    known = new_customer(cash="10000", country="BR")
    let_in(known)
    return known


def test_of_two_subscriptions_for_the_same_cash_one_is_made(
    bob: Known, other_session: psycopg.Connection[Any]
) -> None:
    answers = at_once(other_session, bob, *(lambda: subscribe(bob, "6000.00") for _ in range(2)))

    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert balance(bob, "USD") == (10000, 6000)


def test_of_two_workers_the_issuer_is_asked_by_one_key_and_it_settles_once(
    bob: Known, other_session: psycopg.Connection[Any]
) -> None:
    request = made(subscribe(bob, "6000.00"))
    accept(request)

    at_once(
        other_session, bob,
        *(lambda: submission.submit(request.id, now=clock.now()) for _ in range(2)),
    )  # fmt: skip

    assert Request.objects.get(id=request.id).state == "SETTLED"
    assert PaperOrder.objects.filter(key=show("preq", request.id)).count() == 1
    assert JournalEntry.objects.filter(cause=f"primary:{request.id}").count() == 1
    assert balance(bob, "USD") == (4000, 0)
    books_hold(bob)


@pytest.mark.parametrize("accept_first", [True, False])
def test_of_accepting_and_canceling_one_wins(
    bob: Known, other_session: psycopg.Connection[Any], accept_first: bool
) -> None:
    request = made(subscribe(bob, "6000.00"))
    proposal = propose(request)

    def agreed() -> Any:
        try:
            return agree(proposal, "primary.approve_request").state
        except DomainError as refusal:
            return refusal.code

    calls: list[Callable[[], Any]] = [
        agreed,
        lambda: bob.send(f"/v1/primary/requests/{show('preq', request.id)}/cancel").status_code,
    ]
    answers = at_once(other_session, bob, *(calls if accept_first else calls[::-1]))

    found = answers if accept_first else answers[::-1]
    assert (*found, Request.objects.get(id=request.id).state) in {
        ("APPROVED", 409, "APPROVED"), ("primary.not_waiting", 200, "CANCELED"),
    }  # fmt: skip
    books_hold(bob)
