"""Events that cannot be applied: kept word for word, nothing moves, a person sees them once."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cards.authorizations.models import Authorization
from cards.clearing.models import CardTransaction
from cards.disputes.models import Dispute
from holdings.ledger import queries as ledger
from holdings.ledger.models import Hold, JournalEntry
from krak.cases.models import Case, Status
from krak.core import clock
from krak.core.inbox.models import InboxEvent
from krak.core.outbox.models import OutboxMessage
from krak.sandbox.issuer import shapes
from tests.cards.scenarios import Play, scenario
from tests.mangled import MISSING, changed, mangled
from tests.people import new_customer
from tests.stripe_door import StripeDoor

pytestmark = pytest.mark.django_db

TRANSACTION, UPDATED, SUBMITTED = (
    "issuing_transaction.created",
    "issuing_authorization.updated",
    "issuing_dispute.submitted",
)


@pytest.fixture
def play(client: Client, pinned: Any) -> Play:
    """Return a customer of 100 dollars with 50 on hold for a1 and t0 of 10 captured."""
    played = Play(scenario("A01"), client, pinned)
    played.request(5000, authorization="a1")
    played.capture(1000, authorization=None, transaction="t0")
    Case.objects.all().delete()
    return played


class Unsent(StripeDoor):
    """A door that returns its events instead of sending them."""

    def send(self, door: str, kind: str, stripe_object: dict[str, Any], *, created: int) -> Any:
        return shapes.event(kind, stripe_object, created=created)


def good(play: Play, kind: str) -> dict[str, Any]:
    """Return an event of this type that would be applied."""
    known = play.door
    door = Unsent(play.client, known.card, base=known.base, run=known.run, ticks=500)
    if kind == TRANSACTION:
        told = door.transaction(1500, transaction="t1", kind="capture", network_id="m1")
    elif kind == UPDATED:
        told = door.authorization(7000)
    else:
        told = door.dispute("d1", "submitted", transaction="t0", amount=1000)
    event: dict[str, Any] = told
    return event


CONTRADICTIONS: list[tuple[str, str, Any]] = [
    *((kind, "/livemode", True) for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "/livemode", "false") for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "currency", "eur") for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "currency", "qqq") for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "currency", ["usd"]) for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "currency", MISSING) for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "amount", "1500") for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "amount", None) for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "amount", True) for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "amount", -1500.5) for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "amount", -(10**40)) for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "amount", 10**16) for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "amount", MISSING) for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "id", MISSING) for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "id", 7) for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "id", "x" * 5000) for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "id", "\ud800") for kind in (TRANSACTION, UPDATED, SUBMITTED)),
    *((kind, "card", "ic_nobody") for kind in (TRANSACTION, UPDATED)),
    *((kind, "card", None) for kind in (TRANSACTION, UPDATED)),
    *((kind, "card", ["ic"]) for kind in (TRANSACTION, UPDATED)),
    *((kind, "card", {"object": "issuing.card"}) for kind in (TRANSACTION, UPDATED)),
    *((kind, "merchant_data", "a shop") for kind in (TRANSACTION, UPDATED)),
    *((kind, "merchant_data", MISSING) for kind in (TRANSACTION, UPDATED)),
    (TRANSACTION, "amount", 1500),
    (TRANSACTION, "amount", 0),
    (TRANSACTION, "type", "refund"),
    (TRANSACTION, "type", "chargeback"),
    (TRANSACTION, "type", None),
    (TRANSACTION, "amount_details", "none"),
    (TRANSACTION, "amount_details.atm_fee", "3"),
    (TRANSACTION, "authorization", 5),
    (TRANSACTION, "merchant_amount", "a lot"),
    (TRANSACTION, "merchant_amount", 10**30),
    (UPDATED, "amount", -1),
    (UPDATED, "status", "frozen"),
    (UPDATED, "status", "x" * 100),
    (UPDATED, "status", None),
    (UPDATED, "approved", "yes"),
    (UPDATED, "approved", MISSING),
    (UPDATED, "request_history", "one"),
    (UPDATED, "request_history", ["one"]),
    (SUBMITTED, "amount", 0),
    (SUBMITTED, "amount", 1001),
    (SUBMITTED, "amount", -1000),
    (SUBMITTED, "transaction", 5),
    (SUBMITTED, "transaction", None),
]  # fmt: skip


def _name(value: Any) -> str:
    return (
        str(value)[:24].encode("ascii", "replace").decode() if value is not MISSING else "missing"
    )


@pytest.mark.parametrize(("kind", "path", "value"), CONTRADICTIONS, ids=_name)
def test_what_cannot_be_applied_moves_nothing_and_is_one_case(
    play: Play, kind: str, path: str, value: Any
) -> None:
    before = _books(play)
    event = changed(good(play, kind), path, value)

    for number in range(2):
        again = event | {"id": f"{event['id']}{number}"}
        assert play.door.send_body("events", again).status_code == 200
        play.drain()
        kept = InboxEvent.objects.get(event_id=again["id"])
        assert json.loads(kept.body) == again
        assert kept.processed_at is not None

    assert _books(play) == before
    assert not OutboxMessage.objects.exclude(last_error="").exists()
    case = Case.objects.get(subject__in=[event["id"] + "0", event["data"]["object"].get("id")]) \
        if path != "id" else Case.objects.order_by("opened_at")[0]  # fmt: skip
    assert (case.status, case.assigned_to) == (Status.OPEN, None)
    assert case.details["detail"]
    assert case.details["type"] == kind


def _books(play: Play) -> Any:
    return (
        JournalEntry.objects.count(),
        list(Hold.objects.order_by("id").values_list("reference", "amount")),
        list(Authorization.objects.order_by("id").values_list("status", "amount", "flags")),
        CardTransaction.objects.count(),
        Dispute.objects.count(),
    )


@pytest.mark.parametrize("kind", [TRANSACTION, UPDATED, SUBMITTED])
def test_a_good_one_is_applied_and_is_no_case(play: Play, kind: str) -> None:
    before = _books(play)

    play.door.send_body("events", good(play, kind))
    play.drain()

    assert _books(play) != before
    assert not Case.objects.exists()


@pytest.mark.parametrize("value", ["iauth_1", ["x"], 5, None])
@pytest.mark.parametrize("kind", [TRANSACTION, UPDATED, SUBMITTED])
def test_an_event_without_an_object_is_a_case_under_its_own_id(
    play: Play, kind: str, value: Any
) -> None:
    event = good(play, kind)
    event["data"]["object"] = value

    assert play.door.send_body("events", event).status_code == 200
    play.drain()

    assert Case.objects.get().subject == event["id"]
    assert not OutboxMessage.objects.exclude(last_error="").exists()


def test_an_event_from_two_years_ahead_does_not_make_all_that_follows_stale(play: Play) -> None:
    event = good(play, UPDATED) | {"created": int(clock.now().timestamp()) + 731 * 86_400}

    play.door.send_body("events", event)
    play.drain()
    play.authorization(0, authorization="a1", status="reversed")

    assert Case.objects.get().kind == "cards.event_refused"
    assert not Hold.objects.filter(amount__gt=0).exists()


@pytest.mark.parametrize("kind", [TRANSACTION, UPDATED])
def test_an_authorization_of_another_customer_is_left_alone(play: Play, kind: str) -> None:
    other = new_customer(cash="500")
    event = changed(good(play, kind), "card", other.card.stripe_id)
    before = _books(play)

    play.door.send_body("events", event)
    play.drain()

    assert _books(play) == before
    case = Case.objects.get()
    assert (case.kind, case.customer) == ("cards.event_refused", other.customer)


def test_a_transaction_is_posted_for_one_customer(play: Play) -> None:
    other = new_customer(cash="500")
    event = changed(good(play, TRANSACTION), "card", other.card.stripe_id)
    event = changed(changed(event, "id", play.door.id("t0")), "authorization", None)
    before = _books(play)

    play.door.send_body("events", event)
    play.drain()

    assert _books(play) == before
    assert Case.objects.get().subject == play.door.id("t0")


def test_unknown_words_where_nothing_depends_on_them_are_ignored(play: Play) -> None:
    event = changed(good(play, UPDATED), "request_history.0.reason", "solar_flare")
    event["data"]["object"]["authorization_method"] = "telepathy"

    play.door.send_body("events", event)
    play.drain()

    assert ledger.balances(customer_id=play.customer.id)["USD"].held == 70
    assert not Case.objects.exists()


def test_an_expanded_transaction_is_as_good_as_its_id(play: Play) -> None:
    event = changed(good(play, SUBMITTED), "transaction", {"id": play.door.id("t0")})

    play.door.send_body("events", event)
    play.drain()

    assert Dispute.objects.get().credited == 10


class TestADisputeBeforeItsCapture:
    def test_waits_in_a_case_and_is_applied_when_the_capture_arrives(self, play: Play) -> None:
        play.dispute("d1", "submitted", transaction="t1", amount=2000)

        case = Case.objects.get()
        assert (case.kind, case.status) == ("disputes.transaction_not_seen", Status.OPEN)
        assert not Dispute.objects.exists()
        assert not OutboxMessage.objects.filter(done_at=None).exists()
        assert InboxEvent.objects.get(type=SUBMITTED).waits_for == play.door.id("t1")

        play.capture(2000, authorization="a1", transaction="t1")

        assert Dispute.objects.get().credited == 20
        case.refresh_from_db()
        assert case.status == Status.CLOSED
        assert InboxEvent.objects.get(type=SUBMITTED).processed_at is not None
        assert not InboxEvent.objects.exclude(waits_for="").exists()

    def test_several_of_its_events_wait_and_none_is_applied_twice(self, play: Play) -> None:
        play.dispute("d1", "submitted", transaction="t1", amount=2000)
        play.dispute("d1", "lost", transaction="t1", amount=2000)
        play.capture(2000, authorization="a1", transaction="t1")
        play.capture(2000, authorization="a1", transaction="t1")

        dispute = Dispute.objects.get()
        assert (dispute.credited, dispute.lost_at is not None) == (0, True)
        assert ledger.breaks(customer_id=play.customer.id) == []


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), kind=st.sampled_from([TRANSACTION, UPDATED, SUBMITTED]))
def test_whatever_stripe_says_ends_applied_or_in_a_case(play: Play, data: Any, kind: str) -> None:
    event = mangled(data.draw, good(play, kind))
    response = play.door.send_body("events", event)
    play.drain()

    assert response.status_code == 200
    assert not OutboxMessage.objects.exclude(last_error="").exists()
    kept = InboxEvent.objects.get(event_id=event["id"])
    assert (kept.processed_at is not None) or kept.waits_for
    assert ledger.breaks(customer_id=play.customer.id) == []
