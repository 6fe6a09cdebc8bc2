"""The money at Stripe is watched and filled up, and nothing is sent twice."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cards.treasury import services
from cards.treasury.models import FloatReading, FloatRule, TopUp
from krak.cases.models import Case
from krak.core import clock
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from tests.cards.stripe_side import StripeSide
from tests.people import new_customer
from tests.stripe_door import StripeDoor

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(stripe_side: StripeSide) -> FloatRule:
    """Fill up from 1,000 to 5,000 dollars; at most 3,000 at once and 6,000 a day."""
    stripe_side.lose_events()
    return FloatRule.objects.create(
        currency="USD",
        effective_at=clock.now(),
        floor=Decimal(1000),
        target=Decimal(5000),
        most_per_top_up=Decimal(3000),
        most_per_day=Decimal(6000),
    )


def _watch(stripe_side: StripeSide) -> None:
    services.watch(now=clock.now())
    stripe_side.work()


def _sent() -> list[tuple[Decimal, str]]:
    return list(TopUp.objects.order_by("id").values_list("amount", "state"))


def test_a_float_above_its_floor_is_only_read(stripe_side: StripeSide, rule: FloatRule) -> None:
    stripe_side.issuer.control.balance(100_000)
    _watch(stripe_side)

    reading = FloatReading.objects.get(currency="USD")
    assert (reading.available, reading.on_its_way) == (Decimal(1000), Decimal(0))
    assert _sent() == []


def test_what_is_on_its_way_counts_until_it_arrives(
    stripe_side: StripeSide, rule: FloatRule
) -> None:
    stripe_side.issuer.control.balance(50_000)
    _watch(stripe_side)
    _watch(stripe_side)
    assert _sent() == [(Decimal(3000), "SENT")]
    (there,) = stripe_side.v1.topups.list().data
    assert (there.amount, there.currency, there.status) == (300_000, "usd", "pending")
    assert FloatReading.objects.filter(currency="USD").latest("id").on_its_way == Decimal(3000)

    stripe_side.issuer.control.settle_topup(there.id)
    stripe_side.hand_over()

    assert _sent() == [(Decimal(3000), "SUCCEEDED")]
    _watch(stripe_side)
    assert FloatReading.objects.filter(currency="USD").latest("id").available == Decimal(3500)


def test_a_top_up_that_fails_is_an_alarm_and_another_is_sent(
    stripe_side: StripeSide, rule: FloatRule
) -> None:
    stripe_side.issuer.control.balance(50_000)
    _watch(stripe_side)
    (there,) = stripe_side.v1.topups.list().data
    stripe_side.issuer.control.settle_topup(there.id, "failed")
    stripe_side.hand_over()

    assert _sent() == [(Decimal(3000), "FAILED")]
    assert Case.objects.get().kind == "top_up_failed"
    _watch(stripe_side)
    assert _sent()[1] == (Decimal(3000), "SENT")


def test_a_day_has_its_bound_and_then_a_person_is_needed(
    stripe_side: StripeSide, rule: FloatRule
) -> None:
    for _ in range(2):
        stripe_side.issuer.control.balance(0)
        _watch(stripe_side)
        (pending,) = [t for t in stripe_side.v1.topups.list().data if t.status == "pending"]
        stripe_side.issuer.control.settle_topup(pending.id)
        stripe_side.hand_over()
    stripe_side.issuer.control.balance(0)
    assert not Case.objects.exists()

    _watch(stripe_side)

    assert [amount for amount, _state in _sent()] == [Decimal(3000), Decimal(3000)]
    assert Case.objects.get().kind == "float_low"


def test_a_lost_answer_sends_nothing_twice(stripe_side: StripeSide, rule: FloatRule) -> None:
    stripe_side.issuer.control.balance(50_000)
    stripe_side.issuer.control.failures(path="/v1/topups", times=2, lose_answer=True)
    _watch(stripe_side)
    assert _sent() == [(Decimal(3000), "INTENDED")]

    OutboxMessage.objects.filter(done_at=None).update(due_at=clock.now())
    _watch(stripe_side)

    assert _sent() == [(Decimal(3000), "SENT")]
    assert len(stripe_side.v1.topups.list().data) == 1


def _die() -> None:
    """Let what was promised be given up."""
    OutboxMessage.objects.filter(done_at=None).update(dead_at=clock.now())


def _watch_a_day_later(stripe_side: StripeSide) -> None:
    """Watch when Stripe has forgotten the keys of today."""
    store = stripe_side.issuer.server.issuer.store
    with store.change():
        store.query("DELETE FROM answers")
    later = clock.now() + timedelta(hours=25)
    services.watch(now=later)
    services.watch(now=later + timedelta(minutes=1))
    outbox.drain(now=later)


@pytest.mark.parametrize("arrived", [False, True])
def test_a_top_up_of_which_only_the_answer_was_lost_is_found_a_day_later(
    stripe_side: StripeSide, rule: FloatRule, arrived: bool
) -> None:
    stripe_side.issuer.control.balance(50_000)
    stripe_side.issuer.control.failures(path="/v1/topups", times=2, lose_answer=True)
    _watch(stripe_side)
    (there,) = stripe_side.v1.topups.list().data
    if arrived:
        stripe_side.issuer.control.settle_topup(there.id)
    stripe_side.lose_events()
    _die()

    _watch_a_day_later(stripe_side)

    assert _sent() == [(Decimal(3000), "SUCCEEDED" if arrived else "SENT")]
    assert [each.id for each in stripe_side.v1.topups.list().data] == [there.id]
    assert TopUp.objects.get().stripe_id == there.id
    assert Case.objects.get().kind == "top_up_not_sent"


def test_a_top_up_that_never_left_is_sent_once_when_its_message_has_died(
    stripe_side: StripeSide, rule: FloatRule
) -> None:
    stripe_side.issuer.control.balance(50_000)
    stripe_side.issuer.control.failures(path="/v1/topups", times=2)
    _watch(stripe_side)
    _die()
    services.watch(now=clock.now() + timedelta(minutes=50))
    assert not Case.objects.exists()

    _watch_a_day_later(stripe_side)

    assert _sent() == [(Decimal(3000), "SENT")]
    assert len(stripe_side.v1.topups.list().data) == 1
    assert Case.objects.get().kind == "top_up_not_sent"


def test_an_event_that_is_faster_than_the_answer_is_kept(
    stripe_side: StripeSide, rule: FloatRule
) -> None:
    stripe_side.issuer.control.balance(50_000)
    stripe_side.issuer.control.failures(path="/v1/topups", times=2, lose_answer=True)
    _watch(stripe_side)
    (there,) = stripe_side.v1.topups.list().data
    stripe_side.issuer.control.settle_topup(there.id)
    stripe_side.hand_over()
    assert _sent() == [(Decimal(3000), "SUCCEEDED")]

    OutboxMessage.objects.filter(done_at=None).update(due_at=clock.now())
    stripe_side.work()

    assert _sent() == [(Decimal(3000), "SUCCEEDED")]
    assert TopUp.objects.get().stripe_id == there.id


def test_an_empty_float_is_an_alarm_and_filled_up_at_once(
    stripe_side: StripeSide, rule: FloatRule, pinned: Any
) -> None:
    pinned()
    known = new_customer(cash="100")
    stripe_side.work()
    stripe_side.lose_events()
    stripe_side.issuer.control.balance(0)
    stripe_side.v1.test_helpers.issuing.authorizations.create(
        {"card": known.card.stripe_id, "amount": 1000, "currency": "usd"}
    )

    stripe_side.hand_over()

    assert Case.objects.get().kind == "float_empty"
    assert _sent() == [(Decimal(3000), "SENT")]


EMPTY = (2000, False, "insufficient_funds")


def test_a_float_that_is_empty_for_an_increment_is_one_alarm(
    stripe_side: StripeSide, pinned: Any
) -> None:
    pinned()
    door = StripeDoor(stripe_side.client, new_customer(cash="100").card.stripe_id)
    door.request(5000)
    first = (5000, True, "webhook_approved")
    door.authorization(5000, answers=[first, EMPTY])
    door.authorization(0, answers=[first, EMPTY], status="expired")
    stripe_side.work()

    assert OutboxMessage.objects.filter(topic="treasury.float_empty").count() == 1
    assert Case.objects.get().kind == "float_empty"


def test_an_empty_float_is_an_alarm_also_when_what_was_asked_next_is_told_first(
    stripe_side: StripeSide, pinned: Any
) -> None:
    pinned()
    door = StripeDoor(stripe_side.client, new_customer(cash="100").card.stripe_id)
    door.request(5000)
    door.request(2000, step=2)
    first, last = (5000, True, "webhook_approved"), (2000, True, "webhook_approved")
    door.authorization(7000, answers=[first, EMPTY, last], at=9)
    door.authorization(5000, answers=[first, EMPTY], at=8)
    stripe_side.work()

    assert Case.objects.get().kind == "float_empty"


def test_a_decline_of_ours_for_want_of_the_customers_funds_is_no_alarm(
    stripe_side: StripeSide, pinned: Any
) -> None:
    pinned()
    known = new_customer(cash="1")
    door = StripeDoor(stripe_side.client, known.card.stripe_id)
    door.request(500)
    door.authorization(500, approved=False, reason="webhook_declined", kind="created")
    stripe_side.work()

    assert not Case.objects.exists()
