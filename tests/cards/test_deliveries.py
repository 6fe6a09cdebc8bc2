"""Deliveries that come at once, again, late, or signed by what is no secret any more."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import stripe
from django.http import HttpResponse
from django.test import Client

from cards.authorizations.models import Decision
from cards.clearing.models import CardTransaction
from holdings.ledger import queries as ledger
from holdings.ledger.models import JournalEntry
from krak.core import clock
from krak.core.inbox.models import InboxEvent
from krak.core.outbox import services as outbox
from krak.sandbox.issuer import shapes
from tests.people import Known, new_customer
from tests.races import in_a_thread, patient
from tests.stripe_door import AUTHORIZATION_SECRET, EVENTS_SECRET, StripeDoor

__all__ = ["patient"]

DAYS_LATE = 3
WITH_REWARD = Decimal("80.20")
"""Of 100 dollars, after a purchase of 20."""


class _Tapped(Client):
    """Keeps what was sent, byte by byte; a cut one keeps it from getting there."""

    def __init__(self, *, cut: bool = False) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []
        self.cut = cut

    def post(self, *words: Any, **named: Any) -> Any:
        self.sent.append(named | {"path": words[0]})
        return HttpResponse() if self.cut else super().post(*words, **named)


@pytest.fixture
def known(pinned: Any) -> Known:
    pinned()
    return new_customer(cash="100")


def _deliver(sent: dict[str, Any]) -> int:
    return int(Client().post(**sent).status_code)


@pytest.mark.usefixtures("patient")
def test_one_event_ten_times_at_once_is_one_row_and_one_effect(pinned: Any) -> None:
    pinned()
    known, client = new_customer(cash="100"), _Tapped(cut=True)
    door = StripeDoor(client, known.card.stripe_id)
    door.transaction(2000, transaction="t1", kind="capture", authorization=None)
    (capture,) = client.sent
    event_id = json.loads(capture["data"])["id"]

    with ThreadPoolExecutor(10) as pool:
        delivered = pool.map(lambda _n: in_a_thread(lambda: _deliver(capture)), range(10))
        assert list(delivered) == [200] * 10
        list(pool.map(lambda _n: in_a_thread(lambda: outbox.drain(now=clock.now())), range(10)))

    assert InboxEvent.objects.filter(event_id=event_id).count() == 1
    assert CardTransaction.objects.filter(customer=known.customer).count() == 1
    assert ledger.balances(customer_id=known.customer.id)["USD"].posted == WITH_REWARD


@pytest.mark.django_db
def test_bytes_that_were_captured_and_sent_again_have_no_effect(known: Known) -> None:
    client = _Tapped()
    door = StripeDoor(client, known.card.stripe_id)
    first = door.request(2000)
    door.transaction(2000, transaction="t1", kind="capture")
    outbox.drain(now=clock.now())
    before = ledger.balances(customer_id=known.customer.id)
    asked, captured = client.sent

    again = Client().post(**asked)
    assert (again.status_code, again.content) == (200, first.content)
    assert _deliver(captured) == 200
    outbox.drain(now=clock.now())

    assert ledger.balances(customer_id=known.customer.id) == before
    assert Decision.objects.filter(customer=known.customer).count() == 1
    assert CardTransaction.objects.filter(customer=known.customer).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("in_force", "status"),
    [("old", 200), ("new,old", 200), ("old,new", 200), ("new", 400)],
)
def test_two_secrets_hold_while_they_change_and_the_old_one_no_longer(
    known: Known, settings: Any, in_force: str, status: int
) -> None:
    settings.STRIPE_EVENTS_SECRETS = in_force.replace("old", EVENTS_SECRET).split(",")
    settings.STRIPE_AUTHORIZATION_SECRETS = in_force.replace("old", AUTHORIZATION_SECRET).split(",")
    door = StripeDoor(Client(), known.card.stripe_id)

    assert door.request(2000).status_code == status
    assert door.transaction(2000, transaction="t1", kind="capture").status_code == status


def test_control_stripes_own_library_takes_what_is_signed_for_later() -> None:
    """Which is why the door looks itself: `test_a_timestamp_that_is_not_now_is_refused`."""
    ahead = clock.now() + timedelta(hours=1)
    text, header = shapes.signed({"id": "evt_1"}, secret=EVENTS_SECRET, now=ahead)

    assert stripe.WebhookSignature.verify_header(text, header, EVENTS_SECRET, tolerance=300)


@pytest.mark.django_db
def test_an_event_that_is_days_late_is_posted_with_the_time_of_its_own(known: Known) -> None:
    door = StripeDoor(Client(), known.card.stripe_id)
    door.base = int((clock.now() - timedelta(days=DAYS_LATE)).timestamp())
    door.authorization(2000, at=0, kind="created")
    outbox.drain(now=clock.now())

    door.transaction(2000, transaction="t1", kind="capture", at=60)
    outbox.drain(now=clock.now())

    entry = JournalEntry.objects.get(customer=known.customer, kind="CAPTURE")
    assert entry.event_at == datetime.fromtimestamp(door.base + 60, tz=UTC)
    assert clock.now() - entry.created_at < timedelta(minutes=1)
    assert ledger.balances(customer_id=known.customer.id)["USD"].posted == WITH_REWARD
    assert ledger.breaks(customer_id=known.customer.id) == []
