"""Two at one moment: parked locks, one winner, nothing twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from fx.prices import live
from fx.quotes.models import Quote
from holdings.ledger import queries as ledger
from holdings.trading.models import Order, RecurringRun, Trade
from holdings.trading.services import orders, recurring
from krak.core import clock
from tests.people import Known, new_customer
from tests.races import in_a_thread, other_session, patient, wait_for_blocked
from tests.trading.orders import SELL, placed
from tests.trading.test_quotes import ask
from tests.trading.test_recurring import started
from tests.trading.test_trades import accept, books_hold

__all__ = ["other_session", "patient"]

pytestmark = pytest.mark.usefixtures("committed", "patient")


@pytest.fixture
def parked(ada: Known, other_session: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """Return the session that locks the customer's book, once there is one."""
    return other_session


def park(db: psycopg.Connection[Any], known: Known) -> None:
    db.execute(
        "SELECT 1 FROM ledger_book WHERE customer_id = %s FOR NO KEY UPDATE", [known.customer.id]
    )


def at_once[T](db: psycopg.Connection[Any], known: Known, *calls: Callable[[], T]) -> list[T]:
    """Let all calls wait for the book, then let go of it and return what came of them."""
    park(db, known)
    with ThreadPoolExecutor(len(calls)) as pool:
        running = [pool.submit(in_a_thread, call) for call in calls]
        wait_for_blocked(db, len(calls))
        db.rollback()
        return [future.result() for future in running]


def mine(table: Any, known: Known) -> Any:
    return table.objects.filter(customer=known.customer)


def test_of_two_accepts_of_one_quote_one_wins(ada: Known, parked: Any) -> None:
    quote = ask(ada, "USD", "BTC", sell_amount="100").json()

    answers = at_once(parked, ada, *(lambda: accept(ada, quote) for _ in range(2)))

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert mine(Trade, ada).count() == 1
    assert ledger.balances(customer_id=ada.customer.id)["USD"].posted == 900
    books_hold(ada)


def test_of_two_quotes_for_the_same_money_one_wins(ada: Known, parked: Any) -> None:
    quotes = [ask(ada, "USD", "BTC", sell_amount="600").json() for _ in range(2)]

    answers = at_once(parked, ada, *(lambda q=q: accept(ada, q) for q in quotes))

    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert ledger.balances(customer_id=ada.customer.id)["USD"].posted == 400
    assert mine(Quote, ada).filter(accepted_at=None).count() == 1
    books_hold(ada)


def fill(order: Order) -> Callable[[], Any]:
    board = live.current()
    return lambda: orders.fill(
        order_id=order.id, customer_id=order.customer_id, board=board, now=clock.now()
    )


def test_of_two_workers_one_fills_an_order(market: Any, ada: Known, parked: Any) -> None:
    order = placed(ada, SELL, limit_price="40000")

    done = at_once(parked, ada, fill(order), fill(order))

    assert sorted(trade is None for trade in done) == [False, True]
    assert mine(Trade, ada).count() == 1
    # 0.04 at 49,975.
    assert ledger.balances(customer_id=ada.customer.id)["USD"].posted == 2999
    books_hold(ada)


@pytest.mark.parametrize("fill_first", [True, False])
def test_of_a_fill_and_a_cancellation_one_wins(
    market: Any, ada: Known, parked: Any, fill_first: bool
) -> None:
    order = placed(ada, SELL, limit_price="40000")
    path = f"/v1/orders/{ada.get('/v1/orders').json()['results'][0]['id']}/cancel"
    calls: list[Callable[[], Any]] = [fill(order), lambda: ada.send(path)]

    park(parked, ada)
    with ThreadPoolExecutor(2) as pool:
        running = {}
        for number in (0, 1) if fill_first else (1, 0):
            running[number] = pool.submit(in_a_thread, calls[number])
            wait_for_blocked(parked, len(running))
        parked.rollback()
        trade, canceled = running[0].result(), running[1].result()

    order.refresh_from_db()
    assert (trade is not None, canceled.status_code) in {(True, 409), (False, 200)}
    assert order.state == ("FILLED" if trade else "CANCELED")
    assert mine(Trade, ada).count() == int(trade is not None)
    assert ledger.balances(customer_id=ada.customer.id)["BTC"].held == 0
    books_hold(ada)


def test_of_two_workers_one_runs_a_slot(ada: Known, parked: Any) -> None:
    plan = started(ada)
    board, now = live.current(), clock.now()

    done = at_once(
        parked, ada,
        *(
            lambda: recurring.run(
                plan_id=plan.id, customer_id=ada.customer.id, board=board, now=now
            )
            for _ in range(2)
        ),
    )  # fmt: skip

    assert sorted(run is None for run in done) == [False, True]
    assert mine(RecurringRun, ada).count() == mine(Trade, ada).count() == 1


def test_a_busy_book_makes_one_order_wait_and_not_the_others(
    market: Any, ada: Known, parked: Any
) -> None:
    bob = new_customer(cash="0", holdings={"BTC": "0.1"}, country="BR")
    first, second = placed(ada, SELL, limit_price="40000"), placed(bob, SELL, limit_price="40000")
    park(parked, ada)

    filled = orders.fill_crossed(board=live.current(), now=clock.now())
    parked.rollback()

    first.refresh_from_db()
    second.refresh_from_db()
    assert (filled, first.state, second.state) == (1, "OPEN", "FILLED")
    assert orders.fill_crossed(board=live.current(), now=clock.now()) == 1
    assert ledger.balances(customer_id=ada.customer.id)["USD"].posted == Decimal(2999)
