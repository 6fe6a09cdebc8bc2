"""What waits for who cannot take it yet: delivered, canceled or run out."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fx.prices import live
from holdings.ledger.models import JournalEntry
from holdings.lots import queries as lots
from holdings.lots.models import Disposal, Lot
from holdings.portfolio import queries as portfolio
from holdings.transfers import tasks
from holdings.transfers.models import Transfer
from holdings.transfers.services import passes
from krak.core import clock
from krak.core.schedule.models import Run
from krak.customers.models import Customer
from tests.people import Known, new_customer
from tests.transfers.conftest import (
    SPREAD,
    books_hold,
    not_ready,
    pay,
    posted,
    ready,
    refusal,
    tagged,
    told,
)

pytestmark = pytest.mark.django_db


def test_who_cannot_take_it_yet_is_waited_for(ada: Known, bob: Known) -> None:
    not_ready(bob)

    body = pay(ada, bob, "25").json()

    assert (body["state"], body["ended_at"]) == ("pending", None)
    assert (posted(ada), posted(bob)) == (975, 0)
    assert [kind for kind, _facts in told(bob)] == ["transfer.waiting"]
    books_hold(ada, bob)
    path = f"/v1/transfers/{body['id']}"
    assert refusal(bob.send(f"{path}/accept")) == (403, "customers.email_unverified")
    assert passes.deliver_waiting(board=live.current(), now=clock.now()) == 0

    ready(bob)
    taken = bob.send(f"{path}/accept").json()

    assert (taken["state"], taken["direction"]) == ("completed", "in")
    assert posted(bob) == 25
    assert [kind for kind, _facts in told(ada)] == ["transfer.completed"]
    assert bob.send(f"{path}/accept").json() == taken
    assert refusal(ada.send(f"{path}/cancel")) == (409, "transfers.already_paid")
    books_hold(ada, bob)


def test_what_waited_does_not_reach_who_may_not_hold_it_any_more(market: Any, bob: Known) -> None:
    """Who moves before they verify is judged by where they live when it would arrive."""
    rich = tagged(new_customer(holdings={"AAPLx": "5"}, country="BR"))
    not_ready(bob)
    sent = pay(rich, bob, "1", "AAPLx").json()
    assert sent["state"] == "pending"
    Customer.objects.filter(id=bob.customer.id).update(country="US")
    ready(bob)

    assert passes.deliver_waiting(board=live.current(), now=clock.now()) == 0
    assert refusal(bob.send(f"/v1/transfers/{sent['id']}/accept")) == (
        422, "eligibility.not_eligible",
    )  # fmt: skip
    passes.expire_due(board=live.current(), now=clock.now() + timedelta(days=60))

    assert (posted(rich, "AAPLx"), posted(bob, "AAPLx")) == (5, 0)
    books_hold(rich, bob)


def test_the_clock_delivers_what_waited(ada: Known, bob: Known) -> None:
    not_ready(bob)
    pay(ada, bob, "0.002", "BTC")
    ready(bob)

    assert passes.deliver_waiting(board=live.current(), now=clock.now()) == 1

    assert posted(bob, "BTC") == Decimal("0.002")
    assert [kind for kind, _facts in told(bob)] == ["transfer.waiting", "transfer.received"]
    assert passes.deliver_waiting(board=live.current(), now=clock.now()) == 0
    books_hold(ada, bob)


def bitcoin_cost(dollars: str) -> None:
    cost = Decimal(dollars)
    Lot.objects.filter(currency="BTC").update(cost=cost, cost_remaining=cost)


def test_coins_that_waited_are_disposed_of_when_they_are_paid(
    ada: Known, bob: Known, market: Any
) -> None:
    not_ready(bob)
    bitcoin_cost("5000")
    body = pay(ada, bob, "0.004", "BTC").json()
    gone = Disposal.objects.get(customer=ada.customer)
    assert (gone.is_move, gone.units, gone.gain) == (True, Decimal("0.004"), 0)
    assert not portfolio.disposals(customer_id=ada.customer.id).exists()
    market(SPREAD["bid"] | {"BTC": "59975"}, ask=SPREAD["ask"] | {"BTC": "60025"})
    ready(bob)

    assert bob.send(f"/v1/transfers/{body['id']}/accept").status_code == 200

    sold = portfolio.disposals(customer_id=ada.customer.id).get()
    # 0.004 at the middle of 59,975 and 60,025, which were bought at 50,000.
    assert (sold.units, sold.proceeds, sold.gain) == (Decimal("0.004"), 240, 40)
    assert sold.entry.kind == "TRANSFER_DELIVERED"
    assert Lot.objects.get(customer=bob.customer).cost == 240
    assert lots.realised_gains(customer_id=ada.customer.id) == {"BTC": 40}
    books_hold(ada, bob)


def test_what_waits_is_canceled_and_comes_back_as_it_left(
    ada: Known, bob: Known, market: Any
) -> None:
    not_ready(bob)
    oldest = Lot.objects.get(customer=ada.customer, currency="BTC")
    bitcoin_cost("5000")
    market(SPREAD["bid"] | {"BTC": "59975"}, ask=SPREAD["ask"] | {"BTC": "60025"})
    body = pay(ada, bob, "0.004", "BTC").json()

    canceled = ada.send(f"/v1/transfers/{body['id']}/cancel")

    assert (canceled.status_code, canceled.json()["state"]) == (200, "canceled")
    assert posted(ada, "BTC") == Decimal("0.1")
    back = Lot.objects.filter(customer=ada.customer, currency="BTC").latest("id")
    assert (back.quantity, back.cost, back.acquired_at) == (
        Decimal("0.004"), Decimal(200), oldest.acquired_at,
    )  # fmt: skip
    assert lots.realised_gains(customer_id=ada.customer.id) == {}
    again = ada.send(f"/v1/transfers/{body['id']}/cancel")
    assert again.json() == canceled.json()
    assert JournalEntry.objects.filter(customer=ada.customer, kind="TRANSFER_RETURNED").count() == 1
    assert [kind for kind, _facts in told(bob)] == ["transfer.waiting", "transfer.canceled"]
    assert refusal(bob.send(f"/v1/transfers/{body['id']}/accept")) == (409, "transfers.ended")
    books_hold(ada, bob)


def test_what_nobody_took_runs_out(ada: Known, bob: Known) -> None:
    not_ready(bob)
    body = pay(ada, bob, "25").json()
    end = Transfer.objects.get().expires_at
    assert end == Transfer.objects.get().created_at + timedelta(days=7)
    board = live.current()

    assert passes.expire_due(board=board, now=end - timedelta(microseconds=1)) == 0
    assert passes.expire_due(board=board, now=end) == 1
    assert passes.expire_due(board=board, now=end) == 0

    assert posted(ada) == 1000
    assert ada.get(f"/v1/transfers/{body['id']}").json()["state"] == "expired"
    assert [kind for kind, _facts in told(ada)] == ["transfer.expired"]
    assert [kind for kind, _facts in told(bob)] == ["transfer.waiting", "transfer.expired"]
    assert refusal(ada.send(f"/v1/transfers/{body['id']}/cancel")) == (409, "transfers.ended")
    books_hold(ada, bob)


def test_the_jobs_deliver_and_return(ada: Known, bob: Known, settings: Any) -> None:
    not_ready(bob)
    pay(ada, bob, "25")
    tasks.expire()
    assert posted(ada) == 975
    ready(bob)
    tasks.deliver()
    assert posted(bob) == 25

    not_ready(bob)
    settings.TRANSFER_DAYS = 1e-9
    pay(ada, bob, "25")
    Run.objects.filter(job="transfers.expire").update(finished_at=None, running_until=None)
    tasks.expire()

    assert (posted(ada), posted(bob)) == (975, 25)
    books_hold(ada, bob)
