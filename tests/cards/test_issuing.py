"""What owners wish of their cards reaches Stripe once, whatever happens on the way."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from cards.issuing import services as issuing
from cards.issuing.models import (
    Card,
    CardDirectory,
    Cardholder,
    CardType,
    EndReason,
)
from cards.issuing.rules import Controls
from holdings.ledger.models import LedgerAccount
from krak.cases.models import Case
from krak.core import clock
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.customers.models import Customer
from krak.stripe.client import OWN_ID
from tests.cards.owners import ADA, ada, card_of, do, enrol, order
from tests.cards.stripe_side import StripeSide
from tests.stripe_door import StripeDoor, answer_of

__all__ = ["ada"]

pytestmark = pytest.mark.django_db


def test_an_ordered_card_is_pending_until_stripe_has_made_it(
    ada: Customer, stripe_side: StripeSide
) -> None:
    enrol(ada)
    ordered = order(ada)
    assert (ordered.status, ordered.stripe_id, stripe_side.cards()) == ("PENDING", "", [])

    stripe_side.work()

    card = Card.objects.get(id=ordered.id)
    (there,) = stripe_side.cards()
    assert (card.status, card.stripe_id, card.last4) == ("ACTIVE", there.id, there.last4)
    last_day = card.expires_on
    assert last_day
    assert (last_day.year, last_day.month) == (there.exp_year, there.exp_month)
    assert (last_day + timedelta(days=1)).day == 1
    assert (there.status, there.currency, there.type) == ("active", "gbp", "virtual")
    assert there.metadata[OWN_ID] == card.shown_id
    assert there.cardholder.name == "Ada Lovelace"
    assert there.cardholder.billing.address.city == "London"
    assert there.cardholder.id == Cardholder.objects.get(customer=ada).stripe_id
    assert CardDirectory.objects.get(stripe_id=there.id).customer_id == ada.id
    assert LedgerAccount.objects.filter(customer=ada, currency="GBP").exists()
    assert card.told_revision == card.revision


def test_a_made_card_pays_and_a_frozen_one_declines_before_stripe_knows(
    ada: Customer, stripe_side: StripeSide, client: Client
) -> None:
    card = card_of(ada, stripe_side)
    door = StripeDoor(client, card.stripe_id, "gbp")
    assert answer_of(door.request(0, authorization="check"))["approved"]

    do(issuing.freeze, card)

    assert answer_of(door.request(0, authorization="frozen")) == {
        "approved": False,
        "metadata": {
            "decision": answer_of(door.request(0, authorization="frozen"))["metadata"]["decision"],
            "decline_reason": "card_inactive",
        },
    }
    assert stripe_side.cards()[0].status == "active"
    stripe_side.work()
    assert stripe_side.cards()[0].status == "inactive"


def test_a_wish_that_was_overtaken_is_never_told(ada: Customer, stripe_side: StripeSide) -> None:
    card = card_of(ada, stripe_side)
    stripe_side.lose_events()
    for _ in range(3):
        do(issuing.freeze, card)
        do(issuing.unfreeze, card)

    stripe_side.work()

    card.refresh_from_db()
    assert (card.status, card.revision, card.told_revision) == ("ACTIVE", 7, 7)
    # Six wishes, and the card was never anything but active over there.
    assert {each["data"]["object"]["status"] for each in stripe_side.events()} <= {"active"}


def test_controls_reach_stripe_and_a_successor_keeps_them(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side)
    wanted = Controls(
        daily_limit=Decimal("250.50"), online_enabled=False, blocked_countries=("KP",)
    )
    do(issuing.set_controls, card, controls=wanted)
    stripe_side.work()
    successor = do(issuing.replace, card, reason=EndReason.STOLEN)
    stripe_side.work()

    old, new = stripe_side.cards()
    for each in (old, new):
        controls = each.spending_controls
        assert [(s.amount, s.interval) for s in controls.spending_limits] == [(25050, "daily")]
        assert controls.blocked_merchant_countries == ["KP"]
        assert controls.blocked_card_presences == ["not_present"]
    assert (old.status, old.cancellation_reason) == ("canceled", "stolen")
    assert (new.replacement_for, new.replacement_reason) == (old.id, "stolen")
    successor.refresh_from_db()
    assert (successor.status, successor.replaces_id) == ("ACTIVE", card.id)

    # All can be taken back, also over there.
    do(issuing.set_controls, successor, controls=Controls())
    stripe_side.work()
    assert not stripe_side.cards()[1].spending_controls.spending_limits
    assert not stripe_side.cards()[1].spending_controls.blocked_merchant_countries


def test_stripe_hears_of_a_lost_cards_end_before_it_is_asked_for_its_successor(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side)
    successor = do(issuing.replace, card, reason=EndReason.LOST)

    # The two messages may come in any order.
    issuing.tell_card(successor.id, now=clock.now())

    assert [each.status for each in stripe_side.cards()] == ["canceled", "active"]
    stripe_side.work()
    assert not Case.objects.exists()


def test_a_worn_virtual_card_pays_until_its_successor_is_made(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side)
    do(issuing.replace, card, reason=EndReason.DAMAGED)
    card.refresh_from_db()
    assert card.status == "ACTIVE"

    stripe_side.work()

    card.refresh_from_db()
    assert (card.status, card.end_reason) == ("CANCELED", "DAMAGED")
    assert [each.status for each in stripe_side.cards()] == ["canceled", "active"]


@pytest.mark.parametrize("reason", [EndReason.LOST, EndReason.DAMAGED])
def test_a_card_that_was_not_needed_can_still_be_replaced(
    ada: Customer, stripe_side: StripeSide, reason: EndReason
) -> None:
    card = card_of(ada, stripe_side)
    do(issuing.cancel, card)
    stripe_side.work()
    successor = do(issuing.replace, card, reason=reason)

    stripe_side.work()

    successor.refresh_from_db()
    card.refresh_from_db()
    assert (successor.status, successor.refusal) == ("ACTIVE", "")
    assert (card.status, card.end_reason) == ("CANCELED", reason)
    assert stripe_side.cards()[-1].replacement_reason == reason.lower()
    assert not Case.objects.exists()


def test_a_worn_card_that_ends_before_its_successor_is_made_is_replaced_all_the_same(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side)
    successor = do(issuing.replace, card, reason=EndReason.DAMAGED)
    do(issuing.cancel, card)

    stripe_side.work()

    successor.refresh_from_db()
    card.refresh_from_db()
    assert (successor.status, successor.refusal) == ("ACTIVE", "")
    assert (card.status, card.end_reason) == ("CANCELED", "DAMAGED")


def test_a_physical_card_is_posted_and_waits_for_its_owner(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side, type=CardType.PHYSICAL)
    (there,) = stripe_side.cards()
    assert (card.status, there.status) == ("INACTIVE", "inactive")
    assert (there.shipping.name, there.shipping.address.postal_code) == (
        "Ada Lovelace",
        "SW1Y 4JH",
    )
    assert card.shipping_status == "pending"
    stripe_side.v1.test_helpers.issuing.cards.ship_card(there.id)
    stripe_side.hand_over()
    card.refresh_from_db()
    assert (card.shipping_status, card.status) == ("shipped", "INACTIVE")

    do(issuing.unfreeze, card)
    worn = card
    successor = do(issuing.replace, worn, reason=EndReason.DAMAGED)
    stripe_side.work()
    worn.refresh_from_db()
    successor.refresh_from_db()
    assert (worn.status, successor.status) == ("ACTIVE", "INACTIVE")

    do(issuing.unfreeze, successor)
    stripe_side.work()
    worn.refresh_from_db()
    assert worn.status == "CANCELED"
    assert [each.status for each in stripe_side.cards()] == ["canceled", "active"]


def test_a_stripe_that_is_away_loses_no_wish(
    ada: Customer, stripe_side: StripeSide, settings: Any
) -> None:
    card = card_of(ada, stripe_side)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    do(issuing.freeze, card)
    stripe_side.work()

    message = OutboxMessage.objects.get(topic="issuing.tell_card", done_at=None)
    assert (message.attempts, message.dead_at) == (1, None)
    assert "StripeUnavailable" in message.last_error
    card.refresh_from_db()
    assert (card.status, card.talking_until) == ("INACTIVE", None)

    settings.STRIPE_API_BASE = stripe_side.issuer.url
    OutboxMessage.objects.filter(id=message.id).update(due_at=clock.now())
    stripe_side.work()
    assert stripe_side.cards()[0].status == "inactive"


def test_a_wish_whose_message_died_is_promised_again(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side)
    do(issuing.freeze, card)
    OutboxMessage.objects.filter(done_at=None).update(dead_at=clock.now())
    stripe_side.work()
    assert stripe_side.cards()[0].status == "active"

    with transaction():
        assert issuing.tell_again(now=clock.now()) == 0, "it may only be slow"
        assert issuing.tell_again(now=clock.now() + timedelta(hours=1)) == 1
    stripe_side.work()
    assert stripe_side.cards()[0].status == "inactive"


@pytest.mark.parametrize("what", ["cardholder", "card"])
def test_what_was_made_while_we_died_is_found_and_not_made_twice(
    ada: Customer, stripe_side: StripeSide, what: str
) -> None:
    holder = enrol(ada)
    card = order(ada)
    # Stripe makes it and the answer is lost on its way; so is the process that waited for it.
    stripe_side.issuer.control.failures(path=f"/v1/issuing/{what}s", times=2, lose_answer=True)
    stripe_side.work()
    assert OutboxMessage.objects.filter(attempts__gte=1).exists()

    OutboxMessage.objects.filter(done_at=None).update(due_at=clock.now())
    stripe_side.work()

    card.refresh_from_db()
    holder.refresh_from_db()
    assert card.status == "ACTIVE"
    assert [each.id for each in stripe_side.cards()] == [card.stripe_id]
    holders = stripe_side.v1.issuing.cardholders.list().data
    assert [each.id for each in holders] == [holder.stripe_id]


def test_what_stripe_refuses_is_a_case_and_not_asked_for_ever(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side)
    stripe_side.v1.issuing.cards.update(card.stripe_id, {"status": "canceled"})
    stripe_side.lose_events()

    do(issuing.freeze, card)
    stripe_side.work()

    case = Case.objects.get(kind="processor.refused")
    assert (case.customer_id, case.subject) == (ada.id, f"{card.shown_id}:2")
    card.refresh_from_db()
    assert card.refusal == case.details["detail"] != ""
    assert not OutboxMessage.objects.filter(done_at=None).exists()
    with transaction():
        assert issuing.tell_again(now=clock.now() + timedelta(hours=1)) == 0


def test_a_correction_of_who_a_card_is_for_reaches_stripe(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card_of(ada, stripe_side)
    moved = {**ADA.address, "city": "Ockham"}
    with transaction():
        issuing.enrol(
            customer_id=ada.id,
            person=replace(ADA, last_name="King", phone_number="+441483000000", address=moved),
            now=clock.now(),
        )

    stripe_side.work()

    holder = Cardholder.objects.get(customer=ada)
    there = stripe_side.v1.issuing.cardholders.retrieve(holder.stripe_id)
    assert (there.individual.first_name, there.individual.last_name) == ("Ada", "King")
    assert (there.phone_number, there.billing.address.city) == ("+441483000000", "Ockham")
    # What is embossed was said when the cardholder was made, and Stripe takes no other.
    assert there.name == "Ada Lovelace"
    assert (holder.refusal, holder.told_revision) == ("", holder.revision)
    assert not Case.objects.exists()


def test_a_limit_that_stripe_cannot_keep_is_left_out_there(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side)
    wanted = Controls(
        purchase_limit=Decimal(0), daily_limit=Decimal(80), monthly_limit=Decimal("1e9")
    )
    do(issuing.set_controls, card, controls=wanted)
    do(issuing.freeze, card)

    stripe_side.work()

    (there,) = stripe_side.cards()
    limits = there.spending_controls.spending_limits
    assert [(each.interval, each.amount) for each in limits] == [("daily", 8000)]
    card.refresh_from_db()
    assert (there.status, card.refusal, card.told_revision) == ("inactive", "", card.revision)
    assert card.purchase_limit == 0


def test_a_card_is_frozen_whatever_stripe_thinks_of_its_controls(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side)
    do(issuing.set_controls, card, controls=Controls(blocked_countries=("Atlantis",)))
    do(issuing.freeze, card)

    stripe_side.work()

    (there,) = stripe_side.cards()
    assert there.status == "inactive"
    case = Case.objects.get(kind="processor.refused")
    assert case.subject == f"{card.shown_id}:{Card.objects.get(id=card.id).revision}"
