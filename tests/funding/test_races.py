"""Two at one moment: limits that hold, one winner on one holding, nothing sent twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.test import Client

from holdings.funding.models import PaperPayout, Withdrawal
from holdings.funding.services import sending
from holdings.ledger import queries as ledger
from krak.core import clock
from krak.core.ids import read
from tests.funding.world import balance, books_hold, save, withdraw
from tests.people import Known, new_customer
from tests.races import in_a_thread, other_session, patient, wait_for_blocked
from tests.stripe_door import StripeDoor, answer_of

__all__ = ["other_session", "patient"]

pytestmark = pytest.mark.usefixtures("committed", "patient")


def at_once[T](db: psycopg.Connection[Any], known: Known, *calls: Callable[[], T]) -> list[T]:
    """Let all calls wait for the book, then let go of it and return what came of them."""
    db.execute(
        "SELECT 1 FROM ledger_book WHERE customer_id = %s FOR NO KEY UPDATE", [known.customer.id]
    )
    with ThreadPoolExecutor(len(calls)) as pool:
        running = [pool.submit(in_a_thread, call) for call in calls]
        wait_for_blocked(db, len(calls))
        db.rollback()
        return [future.result() for future in running]


def test_of_many_just_under_the_days_limit_as_many_pass_as_may(
    market: Any, other_session: psycopg.Connection[Any]
) -> None:
    known = new_customer(cash="60000", country="BR")
    destination = save(known)

    # 25,000 a day; each is 8,001 with its fee.
    answers = at_once(
        other_session, known,
        *(lambda: withdraw(known, destination, "8000", "USD", "1") for _ in range(5)),
    )  # fmt: skip

    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 422, 422]
    assert {a.json()["code"] for a in answers if a.status_code == 422} == {"customers.limit_passed"}
    assert balance(known, "USD") == (60000, 24003)
    books_hold(known)


def test_of_two_withdrawals_of_one_holding_one_is_made(
    ada: Known, other_session: psycopg.Connection[Any]
) -> None:
    destination = save(ada)

    answers = at_once(
        other_session, ada,
        *(lambda: withdraw(ada, destination, "600", "EUR", "0") for _ in range(2)),
    )  # fmt: skip

    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert balance(ada, "EUR") == (1000, 600)


@pytest.mark.parametrize("card_first", [True, False])
def test_a_tap_and_a_withdrawal_never_spend_one_holding_twice(
    market: Any, other_session: psycopg.Connection[Any], card_first: bool
) -> None:
    known = new_customer(cash="1000", country="BR")
    destination = save(known)
    door = StripeDoor(Client(), known.card.stripe_id)
    calls: list[Callable[[], Any]] = [
        lambda: door.request(700_00),
        lambda: withdraw(known, destination, "700", "USD", "1"),
    ]

    answers = at_once(other_session, known, *(calls if card_first else calls[::-1]))

    tap, withdrawn = answers if card_first else answers[::-1]
    approved = answer_of(tap)["approved"]
    assert approved is not (withdrawn.status_code == 201)
    found = ledger.balances(customer_id=known.customer.id)["USD"]
    assert found.available >= 0
    assert found.held == (700 if approved else Decimal(701))
    books_hold(known)


def test_of_two_workers_the_provider_is_asked_by_one_key(
    ada: Known, other_session: psycopg.Connection[Any]
) -> None:
    made = withdraw(ada, save(ada), "100", "EUR", "0").json()["id"]
    row_id = read("wdr", made)

    at_once(
        other_session, ada,
        *(lambda: sending.send(row_id, now=clock.now()) for _ in range(2)),
    )  # fmt: skip

    assert Withdrawal.objects.get(id=row_id).state == "SENT"
    assert PaperPayout.objects.filter(key=made).count() == 1
    assert balance(ada, "EUR") == (900, 0)
    books_hold(ada)


@pytest.mark.parametrize("send_first", [True, False])
def test_of_sending_and_canceling_one_wins(
    ada: Known, other_session: psycopg.Connection[Any], send_first: bool
) -> None:
    made = withdraw(ada, save(ada), "100", "EUR", "0").json()["id"]
    calls: list[Callable[[], Any]] = [
        lambda: sending.send(read("wdr", made), now=clock.now()),
        lambda: ada.send(f"/v1/withdrawals/{made}/cancel"),
    ]

    answers = at_once(other_session, ada, *(calls if send_first else calls[::-1]))

    canceled = answers[1] if send_first else answers[0]
    sent = PaperPayout.objects.filter(key=made).count()
    state = Withdrawal.objects.get(id=read("wdr", made)).state
    assert (sent, canceled.status_code, state) in {(1, 409, "SENT"), (0, 200, "CANCELED")}
    assert balance(ada, "EUR") == ((900, 0) if sent else (1000, 0))
    books_hold(ada)
