"""Whatever is told in whatever order, the books hold after every step."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdings.funding.models import Deposit, PaperPayout, Withdrawal
from holdings.funding.services import sending
from krak.core import clock
from krak.core.ids import read
from tests.funding.test_receipts import address
from tests.funding.world import World, balance, books_hold, save, withdraw, work
from tests.people import Known, new_customer

pytestmark = pytest.mark.django_db

QUICK = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ENDS = {"COMPLETED", "FAILED", "RETURNED", "CANCELED"}
GONE = {"SENT", "COMPLETED"}
OUT = st.sampled_from(["begin", "send", "cancel", "taken", "completed", "failed", "returned"])
IN = st.tuples(st.sampled_from(["seen", "dropped"]), st.integers(0, 4), st.booleans())


def step(known: Known, world: World, made: str, word: str) -> None:
    row = Withdrawal.objects.get(id=read("wdr", made))
    if word == "begin":
        sending._begin(row.id, now=clock.now())
    elif word == "send":
        sending.send(row.id, now=clock.now())
    elif word == "cancel":
        known.send(f"/v1/withdrawals/{made}/cancel")
    else:
        world.tell("chain", world.payout(word, made, reason="said so"))


@given(words=st.lists(OUT, max_size=8))
@QUICK
def test_a_withdrawal_and_its_money_agree_after_every_step(market: Any, words: list[str]) -> None:
    known = new_customer(holdings={"BTC": "0.5"}, country="BR")
    destination = save(known, rail="bitcoin", account="bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")
    made = withdraw(known, destination, "0.1", "BTC", "0.00005").json()["id"]
    total, seen = Decimal("0.10005"), set()
    world = World(Client())

    for word in words:
        before = Withdrawal.objects.get(id=read("wdr", made)).state
        step(known, world, made, word)

        row = Withdrawal.objects.get(id=read("wdr", made))
        gone = total if row.state in GONE else Decimal(0)
        held = total if row.state in {"READY", "SENDING"} else Decimal(0)
        assert balance(known, "BTC") == (Decimal("0.5") - gone, held), (before, word)
        assert (row.ended_at is not None) is (row.state in ENDS)
        if before in ENDS - {"COMPLETED"}:
            assert row.state == before
        assert PaperPayout.objects.filter(key=made).count() <= 1
        books_hold(known)
        seen.add(row.state)
    assert "AWAITING_APPROVAL" not in seen


@given(told=st.lists(IN, min_size=1, max_size=7))
@QUICK
def test_a_deposit_and_its_money_agree_after_every_step(
    market: Any, told: list[tuple[str, int, bool]]
) -> None:
    known = new_customer(country="BR")
    place = address(known)["address"]
    world, newest, credited = World(Client()), "", False

    for kind, confirmations, late in told:
        old = world.base if late and world.ticks > 1 else None
        event = world.output(
            address=place,
            kind=f"deposit.{kind}",
            confirmations=confirmations,
            transaction=known.customer.id.hex,
        )
        if old is not None:
            event["created_at"] = old.isoformat()
        else:
            newest = kind
            credited |= kind == "seen" and confirmations >= 3
        world.tell("chain", event, event)

        deposit = Deposit.objects.filter(customer=known.customer).first()
        state = deposit.state if deposit else None
        expected = {"seen": "PENDING", "dropped": "UNDONE"}[newest]
        if credited:
            assert state == "CREDITED"
        else:
            assert state in {expected, None}
            assert state is not None or newest == "dropped"
        assert balance(known, "BTC")[0] == (Decimal("0.1") if credited else 0)
        books_hold(known)
    work()
