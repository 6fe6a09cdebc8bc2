"""Rewards: a purchase earns what it earns in the end, however it came in pieces."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cards.cashback.models import ClawBack, Grant
from fx.assets.rules import Status
from fx.prices import live
from holdings.ledger.models import JournalEntry
from krak.cases.models import Case
from krak.core import clock
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.sandbox import services as sandbox
from tests.boards import board_of_pins
from tests.cards.shopper import Shopper, cents
from tests.trading.test_quotes import set_status


def _one_percent(net: int) -> Decimal:
    # In cents, whole ones only: said again in other words than the code under test says it.
    return (Decimal(max(0, net)) / 100).to_integral_value(rounding=ROUND_FLOOR).scaleb(-2)


@dataclass(frozen=True)
class Told:
    """One event of a purchase; `settled` when the reward is looked after at once."""

    amount: int
    refund: bool
    settled: bool
    repeated: bool


told = st.builds(
    Told,
    st.one_of(st.integers(1, 300), st.integers(1, 100_000)),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
slow = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.mark.django_db
@pytest.mark.parametrize("asset", ["BTC", "SOL", "USD"])
@slow
@given(events=st.lists(told, min_size=1, max_size=7))
def test_any_pieces_in_any_order_earn_one_percent_of_what_is_left(
    asset: str, events: list[Told]
) -> None:
    net = sum(-event.amount if event.refund else event.amount for event in events)
    with live.installed(board_of_pins({})):
        shopper = Shopper(asset)
        for event in events:
            said = shopper.said_by_the_network(event.amount, refund=event.refund)
            for _ in range(2 if event.repeated else 1):
                shopper.apply(said)
                if event.settled:
                    shopper.settle()
        for _ in range(2):
            shopper.settle()

    assert shopper.value == _one_percent(net)
    assert shopper.expense == shopper.value
    grants = Grant.objects.filter(customer=shopper.customer)
    left = sum((grant.units_left for grant in grants), Decimal(0))
    if asset == "USD":
        assert shopper.spent == cents(net) - shopper.value
        assert left == shopper.value
    else:
        # The coins that were credited and not taken back are there, to the last decimal.
        assert shopper.spent == cents(net)
        assert shopper.posted(asset) == left
        assert (left == 0) == (shopper.value == 0)
    shopper.proved()


@pytest.mark.django_db
@slow
@given(
    events=st.lists(
        st.tuples(st.integers(1, 50_000), st.booleans()), min_size=2, max_size=5
    ).flatmap(lambda events: st.tuples(st.just(events), st.permutations(events)))
)
def test_any_permutation_ends_the_same(events: Any) -> None:
    ends = []
    with live.installed(board_of_pins({})):
        for order in events:
            shopper = Shopper("USD")
            for amount, refund in order:
                (shopper.returns if refund else shopper.buys)(amount)
            ends.append((shopper.posted("USD"), shopper.value, shopper.expense))

    assert ends[0] == ends[1]


@pytest.mark.django_db
class TestOneReward:
    @pytest.fixture(autouse=True)
    def _market(self, pinned: Callable[..., Any]) -> None:
        pinned()

    def test_cents_that_no_capture_earns_alone_are_earned_together(self) -> None:
        shopper = Shopper("USD")
        for _ in range(4):
            shopper.buys(50)

        assert shopper.value == Decimal("0.02")
        assert shopper.spent == Decimal("1.98")

    def test_coins_are_those_that_the_value_buys_at_the_ask(self, pinned: Any) -> None:
        pinned({"BTC": "49000"}, ask={"BTC": "51000"})
        shopper = Shopper()

        shopper.buys(100_00)

        grant = Grant.objects.get(customer=shopper.customer)
        # 1 / 51000 = 0.0000196078431…
        assert [grant.value, grant.units] == [Decimal(1), Decimal("0.0000196078")]
        assert shopper.posted("BTC") == Decimal("0.0000196078")
        assert grant.entry.details["ask"] == "51000"

    def test_the_same_coins_are_taken_back_whatever_they_are_worth_now(self, pinned: Any) -> None:
        shopper = Shopper()
        shopper.buys(100_00)
        assert shopper.posted("BTC") == Decimal("0.00002")

        pinned({"BTC": "100000"})
        shopper.returns(25_00)
        assert shopper.posted("BTC") == Decimal("0.000015")
        shopper.returns(75_00)

        assert [shopper.posted("BTC"), shopper.spent, shopper.value] == [0, 0, 0]
        assert shopper.expense == 0
        shopper.proved()

    def test_the_newest_reward_is_taken_back_first(self, pinned: Any) -> None:
        shopper = Shopper()
        shopper.buys(100_00)
        pinned({"BTC": "100000"})
        shopper.buys(100_00)
        assert shopper.posted("BTC") == Decimal("0.00003")

        shopper.returns(100_00)

        assert shopper.posted("BTC") == Decimal("0.00002")
        assert [
            (grant.value_left, grant.units_left)
            for grant in Grant.objects.filter(customer=shopper.customer).order_by("number")
        ] == [(1, Decimal("0.00002")), (0, 0)]

    @pytest.mark.parametrize(
        ("lost", "coins", "owed"),
        [("0.00002", "0", "1"), ("0.00001", "0", "0.5"), ("0.000005", "0", "0.25")],
    )
    def test_coins_that_are_gone_are_owed_in_cash(self, lost, coins, owed) -> None:
        shopper = Shopper()
        shopper.buys(100_00)
        shopper.loses(lost)

        shopper.returns(100_00)

        assert [shopper.posted("BTC"), shopper.spent] == [Decimal(coins), Decimal(owed)]
        back = ClawBack.objects.get(customer=shopper.customer)
        assert [back.value, back.cash] == [1, Decimal(owed)]
        assert back.units == Decimal("0.00002") - Decimal(lost)
        assert [shopper.value, shopper.expense] == [0, 0]
        shopper.proved()

    def test_what_is_owed_may_go_below_zero_and_is_set_off_later(self) -> None:
        shopper = Shopper(cash=100_00)
        shopper.buys(100_00)
        shopper.loses("0.00002")
        shopper.apply(shopper.said_by_the_network(100_00, group=None))
        assert shopper.posted("USD") == -100

        shopper.returns(100_00)
        assert shopper.posted("USD") == -1

        with transaction():
            sandbox.credit_cash(
                customer_id=shopper.customer.id,
                currency="USD",
                amount=Decimal(5),
                cause="test:deposit",
                now=shopper.now,
            )
        assert shopper.posted("USD") == 4
        shopper.proved()

    def test_a_reward_in_cash_may_be_taken_back_below_zero(self) -> None:
        shopper = Shopper("USD", cash=100_00)
        shopper.buys(100_00)
        assert shopper.posted("USD") == 1
        shopper.apply(shopper.said_by_the_network(1_00, group=None))

        shopper.apply(shopper.said_by_the_network(100_00, group="p2"))
        shopper.apply(shopper.said_by_the_network(100_00, refund=True))
        shopper.settle()

        assert shopper.posted("USD") == -1
        shopper.settle("p2")
        assert [shopper.posted("USD"), shopper.value] == [0, 1]
        shopper.proved()

    def test_coins_that_another_purchase_sold_are_owed_in_cash(self) -> None:
        shopper = Shopper(cash=100_00)
        shopper.buys(100_00)
        shopper.buys(50, group="p2")
        assert [shopper.posted("USD"), shopper.posted("BTC")] == [0, Decimal("0.00001")]

        shopper.returns(100_00)

        assert [shopper.posted("USD"), shopper.posted("BTC")] == [Decimal("99.5"), 0]
        assert shopper.value == 0
        shopper.proved()

    def test_twenty_times_bought_and_returned_is_nothing_at_all(self) -> None:
        shopper = Shopper()
        for n in range(20):
            shopper.buys(12_34 + n)
            shopper.returns(12_34 + n)

        assert [shopper.posted("BTC"), shopper.spent, shopper.value] == [0, 0, 0]
        assert shopper.expense == 0
        assert Grant.objects.filter(customer=shopper.customer).count() == 20
        assert ClawBack.objects.filter(customer=shopper.customer).count() == 20
        shopper.proved()

    def test_a_return_in_pieces_leaves_nobody_a_gain(self, pinned: Any) -> None:
        # 7 / 30000 has no end, and neither has a seventh of it.
        pinned({"BTC": "30000"})
        shopper = Shopper()
        shopper.buys(700_00)
        for _ in range(7):
            shopper.returns(100_00)

        assert [shopper.posted("BTC"), shopper.spent, shopper.value] == [0, 0, 0]
        shopper.proved()

    def test_fees_cash_and_excluded_merchants_earn_nothing(self) -> None:
        shopper = Shopper("USD")
        shopper.buys(100_00, atm_fee=Decimal(3), cashback_amount=Decimal(47))
        assert shopper.value == Decimal("0.5")

        shopper.buys(100_00, group="p2", mcc="6051")
        assert shopper.value == Decimal("0.5")

    def test_a_reward_without_a_price_is_paid_later_at_the_price_of_then(self, pinned: Any) -> None:
        shopper = Shopper()
        pinned({}, stale=["BTC"])
        shopper.apply(shopper.said_by_the_network(100_00))
        waits = OutboxMessage.objects.filter(
            topic="cashback.settle", payload__customer=str(shopper.customer.id), done_at=None
        )

        # It waits for as long as it has waited, 5 minutes at most, and never gives up.
        pauses, now = [], shopper.now
        for _ in range(13):
            message = waits.get()
            outbox.deliver([message.id], now=now)
            pauses.append((waits.get().due_at - now).total_seconds())
            now = waits.get().due_at
        assert pauses == [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
        assert [shopper.posted("BTC"), shopper.value] == [0, 0]
        outbox.deliver([waits.get().id], now=shopper.now + timedelta(days=5))
        assert Case.objects.get(kind="reward_without_price").customer_id == shopper.customer.id

        pinned({"BTC": "25000"})
        message = waits.get()
        for _ in range(2):
            outbox.deliver([message.id], now=message.due_at)
        assert not waits.exists()
        assert [shopper.posted("BTC"), shopper.value] == [Decimal("0.00004"), 1]

    @pytest.mark.parametrize("status", [Status.DELISTING, Status.DELISTED])
    def test_a_reward_in_what_is_being_delisted_is_paid_in_cash(
        self, pinned: Any, status: Status
    ) -> None:
        shopper = Shopper()
        set_status("BTC", status)
        pinned({}, halted=["BTC"])

        shopper.buys(100_00)

        assert [shopper.posted("BTC"), shopper.value] == [0, 1]
        assert Grant.objects.get(customer=shopper.customer).asset == "USD"
        shopper.proved()

    def test_what_was_earned_and_returned_meanwhile_needs_no_price(self, pinned: Any) -> None:
        shopper = Shopper()
        pinned({}, stale=["BTC"])
        shopper.apply(shopper.said_by_the_network(100_00))

        shopper.returns(100_00)

        assert not Grant.objects.filter(customer=shopper.customer).exists()


@pytest.mark.usefixtures("committed")
def test_a_reward_that_is_settled_four_times_at_once_is_paid_once(pinned: Any) -> None:
    pinned()
    shopper = Shopper()
    shopper.apply(shopper.said_by_the_network(100_00))
    start = threading.Barrier(4)

    def settle(_n: int) -> None:
        try:
            start.wait(10)
            shopper.settle()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(settle, range(4)))

    assert shopper.posted("BTC") == Decimal("0.00002")
    assert JournalEntry.objects.filter(customer=shopper.customer, kind="CASHBACK").count() == 1
    outbox.drain(now=clock.now())
    assert shopper.posted("BTC") == Decimal("0.00002")
    shopper.proved()
