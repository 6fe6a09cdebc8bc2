"""An order's life at Kraken: silence, refusals, parts, crashes; never doubled, never lost."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from holdings.hedging import queries, services, tasks
from holdings.hedging.models import HedgeFill, HedgeOrder, OrderState, RiskState
from holdings.hedging.services.orders import SURELY_DEAD_AFTER, UNKNOWN_FOR
from krak.cases.models import Case
from krak.core import clock
from krak.core.ids import show
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.customers.models import User
from tests.hedging.conftest import House
from tests.hedging.kraken_fake import FakeKraken


@pytest.fixture
def order(at_kraken: House) -> HedgeOrder:
    """Return an order to sell two bitcoins, written down and not sent."""
    at_kraken.limit("BTC")
    at_kraken.trade("BTC", "2", "100000")
    (written,) = at_kraken.net()
    return written


def _late(order: HedgeOrder) -> datetime:
    return order.deadline + SURELY_DEAD_AFTER + timedelta(seconds=1)


def _position() -> Decimal:
    units: Decimal = RiskState.objects.get(asset="BTC").units
    return units


def test_an_order_is_taken_and_its_fills_recorded_once(
    at_kraken: House, fake: FakeKraken, order: HedgeOrder
) -> None:
    sent = at_kraken.send(order)
    assert (sent.state, sent.venue_order_id) == (OrderState.SENT, "O00000-FAKE")

    fake.answers_twice = True
    done = at_kraken.follow(order)
    services.note_report(order_id=order.id, report=_report(fake, order), now=clock.now())

    assert done.state == OrderState.FILLED
    (fill,) = HedgeFill.objects.filter(order=order)
    assert (fill.quantity, fill.cost, fill.fee) == (2, 100_000, 400)
    assert _position() == 0
    assert RiskState.objects.get(asset="BTC").realised_usd == -400
    assert queries.breaks() == []


def _report(fake: FakeKraken, order: HedgeOrder) -> Any:
    return tasks._venue_of(order).find(tasks._ticket(order))


def test_an_answer_that_never_came_is_looked_up_and_not_sent_again(
    at_kraken: House, fake: FakeKraken, order: HedgeOrder
) -> None:
    fake.silent_after.add("AddOrder")
    assert at_kraken.send(order).state == OrderState.UNKNOWN
    assert at_kraken.net() == []
    # The outbox brings the message once more, as after a crash.
    assert at_kraken.send(order).state == OrderState.UNKNOWN

    assert at_kraken.follow(order).state == OrderState.FILLED
    assert len(fake.orders) == 1
    assert at_kraken.net() == []
    assert not Case.objects.filter(kind="HEDGE_UNKNOWN").exists()


def test_an_order_that_never_arrived_ends_after_its_deadline_and_is_netted_anew(
    at_kraken: House, fake: FakeKraken, order: HedgeOrder
) -> None:
    fake.silent_before.add("AddOrder")
    assert at_kraken.send(order).state == OrderState.UNKNOWN

    # Before its deadline it may still arrive.
    assert at_kraken.follow(order).state == OrderState.UNKNOWN
    assert at_kraken.follow(order, order.deadline + timedelta(seconds=5)).ended_at is None
    ended = at_kraken.follow(order, _late(order))
    assert (ended.state, ended.last_error) == (OrderState.EXPIRED, "the venue does not know it")
    assert fake.orders == []
    (again,) = at_kraken.net(_late(order))
    assert (again.quantity, again.id != order.id) == (2, True)


def test_a_crash_between_the_mark_and_the_call_is_the_same_as_silence(
    at_kraken: House, fake: FakeKraken, order: HedgeOrder, now: datetime
) -> None:
    assert services.begin_sending(order_id=order.id, now=clock.now()) is not None

    # The process died here. The message comes again.
    assert at_kraken.send(order).state == OrderState.SENT
    assert fake.calls == []
    assert at_kraken.follow(order).state == OrderState.SENT
    assert at_kraken.follow(order, _late(order)).state == OrderState.EXPIRED


def test_a_crash_between_the_answer_and_its_note_is_found_by_the_round(
    at_kraken: House, fake: FakeKraken, order: HedgeOrder
) -> None:
    begun = services.begin_sending(order_id=order.id, now=clock.now())
    assert begun is not None
    tasks._venue_of(order).place(tasks._ticket(order), now=clock.now())

    # The process died here. The next rounds ask after what was sent.
    OutboxMessage.objects.filter(topic__startswith="hedging.").delete()
    assert at_kraken.net(clock.now() + timedelta(seconds=3)) == []
    outbox.drain(now=clock.now())

    assert at_kraken.again(order).state == OrderState.FILLED
    assert len(fake.orders) == 1
    assert _position() == 0


def test_a_part_comes_first_then_the_rest_of_the_same_order(
    at_kraken: House, fake: FakeKraken, order: HedgeOrder
) -> None:
    fake.fill, fake.stays_open = Decimal("0.25"), True
    at_kraken.send(order)

    part = at_kraken.follow(order)
    assert (part.state, part.ended_at) == (OrderState.PARTLY_FILLED, None)
    assert queries.open_orders()["BTC"].pending == Decimal("-1.5")
    assert _position() == Decimal("1.5")
    assert at_kraken.net() == []
    fake.fill_the_rest()
    done = at_kraken.follow(order)

    assert done.state == OrderState.FILLED
    assert [fill.quantity for fill in done.fills.order_by("id")] == [
        Decimal("0.5"), Decimal("1.5"),
    ]  # fmt: skip
    assert _position() == 0
    assert queries.breaks() == []


def test_an_order_that_was_cut_short_ends_with_its_part(
    at_kraken: House, fake: FakeKraken, order: HedgeOrder
) -> None:
    fake.fill = Decimal("0.25")
    at_kraken.send(order)

    part = at_kraken.follow(order)

    assert (part.state, part.ended_at is not None) == (OrderState.PARTLY_FILLED, True)
    fake.fill = Decimal(1)
    (rest,) = at_kraken.net()
    assert rest.quantity == Decimal("1.5")


def test_an_order_does_not_end_before_all_its_fills_are_listed(
    at_kraken: House, fake: FakeKraken, order: HedgeOrder
) -> None:
    at_kraken.send(order)
    fake.hides_trades = True
    assert at_kraken.follow(order).ended_at is None
    assert at_kraken.net() == []

    fake.hides_trades = False
    assert at_kraken.follow(order).state == OrderState.FILLED


def test_a_lasting_refusal_is_a_case_and_a_passing_one_is_not(
    at_kraken: House, fake: FakeKraken, order: HedgeOrder
) -> None:
    fake.errors["AddOrder"] = ["EOrder:Rate limit exceeded"]
    assert at_kraken.send(order).state == OrderState.EXPIRED
    assert not Case.objects.filter(kind="HEDGE_REJECTED").exists()
    (second,) = at_kraken.net()
    fake.errors["AddOrder"] = ["EOrder:Insufficient funds"]

    assert at_kraken.send(second).state == OrderState.REJECTED
    (case,) = Case.objects.filter(kind="HEDGE_REJECTED")
    assert case.subject == show("hdg", second.id)
    assert case.details["error"] == "EOrder:Insufficient funds"
    assert at_kraken.net() == []
    assert _position() == 2


def test_an_order_that_nobody_can_be_asked_about_becomes_a_case_and_blocks_its_asset(
    at_kraken: House, fake: FakeKraken, order: HedgeOrder
) -> None:
    fake.silent_after.add("AddOrder")
    at_kraken.send(order)
    fake.errors["OpenOrders"] = ["EService:Unavailable"]
    at_kraken.follow(order, _late(order))
    assert not Case.objects.filter(kind="HEDGE_UNKNOWN").exists()

    at_kraken.follow(order, order.deadline + UNKNOWN_FOR + timedelta(seconds=1))

    (case,) = Case.objects.filter(kind="HEDGE_UNKNOWN")
    assert case.subject == show("hdg", order.id)
    assert at_kraken.again(order).state == OrderState.UNKNOWN
    assert at_kraken.net(_late(order)) == []
    # Once Kraken speaks again, all is found.
    fake.errors.clear()
    assert at_kraken.follow(order).state == OrderState.FILLED


def test_a_cancelled_order_ends_with_what_was_filled(
    at_kraken: House, fake: FakeKraken, order: HedgeOrder
) -> None:
    boss = User.objects.create_superuser("boss@krak.example", "sandbox-staff")
    fake.fill, fake.stays_open = Decimal("0.25"), True
    at_kraken.send(order)
    services.cancel(order_id=order.id, reason="enough", by=boss, now=clock.now())

    outbox.drain(now=clock.now())

    ended = at_kraken.again(order)
    assert (ended.state, ended.ended_at is not None) == (OrderState.PARTLY_FILLED, True)
    assert fake.took("CancelOrder")[0]["cl_ord_id"] == order.client_id
    assert _position() == Decimal("1.5")


def test_a_fill_that_surfaces_after_the_end_is_recorded_all_the_same(
    at_kraken: House, fake: FakeKraken, order: HedgeOrder
) -> None:
    fake.silent_after.add("AddOrder")
    at_kraken.send(order)
    hidden, fake.orders = fake.orders, []
    assert at_kraken.follow(order, _late(order)).state == OrderState.EXPIRED

    fake.orders = hidden
    services.note_report(order_id=order.id, report=_report(fake, order), now=clock.now())

    assert at_kraken.again(order).state == OrderState.FILLED
    assert _position() == 0
    assert queries.breaks() == []
