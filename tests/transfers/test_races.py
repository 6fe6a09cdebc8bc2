"""Two at one moment: parked locks, one winner, no deadlock, nothing twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from holdings.transfers.models import Transfer, TransferParty
from tests.people import Known, new_customer
from tests.races import in_a_thread, other_session, patient, wait_for_blocked
from tests.transfers.conftest import books_hold, not_ready, pay, posted, tagged
from tests.transfers.test_links import claim, create
from tests.transfers.test_requests import answer, ask

__all__ = ["other_session", "patient"]

pytestmark = pytest.mark.usefixtures("committed", "patient")


def at_once(db: psycopg.Connection[Any], known: Known, *calls: Callable[[], Any]) -> list[Any]:
    """Let all calls wait for a customer's book, in this order, then let go of it."""
    db.execute(
        "SELECT 1 FROM ledger_book WHERE customer_id = %s FOR NO KEY UPDATE", [known.customer.id]
    )
    with ThreadPoolExecutor(len(calls)) as pool:
        running = []
        for call in calls:
            running.append(pool.submit(in_a_thread, call))
            wait_for_blocked(db, len(running))
        db.rollback()
        return [future.result() for future in running]


def codes(answers: list[Any]) -> list[int]:
    return sorted(response.status_code for response in answers)


def test_of_two_payments_with_the_same_money_one_wins(
    ada: Known, bob: Known, other_session: Any
) -> None:
    carl = tagged(new_customer(country="BR"))

    answers = at_once(
        other_session, ada, lambda: pay(ada, bob, "600"), lambda: pay(ada, carl, "600")
    )

    assert codes(answers) == [201, 422]
    assert (posted(ada), posted(bob) + posted(carl)) == (400, 600)
    books_hold(ada, bob, carl)


def test_two_who_pay_each_other_at_once_both_do(ada: Known, other_session: Any) -> None:
    bob = tagged(new_customer(cash="1000", country="BR"))
    first = min(ada, bob, key=lambda known: known.customer.id)

    answers = at_once(other_session, first, lambda: pay(ada, bob, "10"), lambda: pay(bob, ada, "4"))

    assert codes(answers) == [201, 201]
    assert (posted(ada), posted(bob)) == (994, 1006)
    books_hold(ada, bob)


def test_the_second_of_two_books_is_locked_after_the_first_by_both(
    ada: Known, other_session: Any
) -> None:
    """Park the later book: one of the two holds the earlier one, and the other waits behind it."""
    bob = tagged(new_customer(cash="1000", country="BR"))
    last = max(ada, bob, key=lambda known: known.customer.id)

    answers = at_once(other_session, last, lambda: pay(ada, bob, "10"), lambda: pay(bob, ada, "4"))

    assert codes(answers) == [201, 201]
    assert (posted(ada), posted(bob)) == (994, 1006)


def test_of_two_claims_one_wins(ada: Known, bob: Known, other_session: Any) -> None:
    carl = tagged(new_customer(country="BR"))
    link = create(ada).json()

    answers = at_once(other_session, ada, lambda: claim(bob, link), lambda: claim(carl, link))

    assert codes(answers) == [201, 409]
    assert sorted([posted(bob), posted(carl)]) == [0, 25]
    roles = TransferParty.objects.filter(transfer__customer=ada.customer, role="RECIPIENT")
    assert roles.count() == 1
    books_hold(ada, bob, carl)


@pytest.mark.parametrize("claim_first", [True, False])
def test_of_a_claim_and_a_cancellation_one_wins(
    ada: Known, bob: Known, other_session: Any, claim_first: bool
) -> None:
    link = create(ada).json()
    calls: list[Callable[[], Any]] = [
        lambda: claim(bob, link), lambda: ada.send(f"/v1/payment-links/{link['id']}/cancel"),
    ]  # fmt: skip

    at_once(other_session, ada, *(calls if claim_first else calls[::-1]))

    row = Transfer.objects.get(customer=ada.customer)
    assert (row.state, posted(ada), posted(bob)) in {
        ("COMPLETED", 975, 25), ("CANCELED", 1000, 0),
    }  # fmt: skip
    books_hold(ada, bob)


def test_of_two_payments_of_a_request_one_wins(ada: Known, bob: Known, other_session: Any) -> None:
    request = ask(bob, ada, "25").json()

    answers = at_once(other_session, ada, *[lambda: answer(ada, request, "pay")] * 2)

    assert codes(answers) == [201, 409]
    assert (posted(ada), posted(bob)) == (975, 25)
    books_hold(ada, bob)


@pytest.mark.parametrize("what", ["decline", "cancel"])
def test_of_a_payment_and_an_end_of_a_request_one_wins(
    ada: Known, bob: Known, other_session: Any, what: str
) -> None:
    request = ask(bob, ada, "25").json()
    other = ada if what == "decline" else bob

    answers = at_once(
        other_session, bob, lambda: answer(other, request, what),
        lambda: answer(ada, request, "pay"),
    )  # fmt: skip

    state = bob.get(f"/v1/payment-requests/{request['id']}").json()["state"]
    assert sum(response.status_code == 409 for response in answers) == 1
    assert (state, posted(bob)) in {
        ("paid", 25),
        ({"decline": "declined", "cancel": "canceled"}[what], 0),
    }
    books_hold(ada, bob)


def test_of_two_cancellations_the_money_comes_back_once(
    ada: Known, bob: Known, other_session: Any
) -> None:
    not_ready(bob)
    path = f"/v1/transfers/{pay(ada, bob, '25').json()['id']}/cancel"

    answers = at_once(other_session, ada, *[lambda: ada.send(path)] * 2)

    assert codes(answers) == [200, 200]
    assert posted(ada) == 1000
    books_hold(ada, bob)
