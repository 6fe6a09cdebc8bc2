"""What owners wish of their cards reaches Stripe once, whatever happens on the way."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError
from django.db import transaction as django_transaction
from django.test import Client

from cards.issuing import services as issuing
from cards.issuing.models import (
    Card,
    CardDirectory,
    Cardholder,
    CardType,
    EndReason,
    Purpose,
    SecretAccess,
    WalletToken,
)
from cards.issuing.queries import CardEnded, CardholderMissing, CardNotReady
from cards.issuing.rules import Controls
from cards.issuing.services.cardholders import Person
from cards.issuing.services.cards import CardNotReplaceable, CurrencyNotIssued, TooManyCards
from cards.issuing.services.telling import TalkUnderWay
from holdings.ledger import services as ledger
from holdings.ledger.models import LedgerAccount
from krak.cases.models import Case
from krak.core import clock
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.customers.models import Customer
from krak.stripe.client import OWN_ID
from tests.cards.stripe_side import StripeSide
from tests.stripe_door import StripeDoor, answer_of

pytestmark = pytest.mark.django_db

ADA = Person(
    first_name="Ada",
    last_name="Lovelace",
    phone_number="+442071234567",
    address={
        "line1": "12 St James's Square",
        "city": "London",
        "postal_code": "SW1Y 4JH",
        "country": "GB",
    },
    terms_accepted_ip="203.0.113.7",
)


@pytest.fixture
def ada(pinned: Any) -> Customer:
    """Return somebody who has a book, and neither card nor cardholder yet."""
    pinned()
    with transaction():
        customer = customers.register(
            email=f"ada.{clock.now().timestamp()}@example.com",
            name="Ada Lovelace",
            country="GB",
            home_currency="GBP",
        )
        ledger.open_book(customer_id=customer.id)
    return customer


def _enrol(customer: Customer) -> Cardholder:
    with transaction():
        return issuing.enrol(customer_id=customer.id, person=ADA, now=clock.now())


def _order(customer: Customer, **wanted: Any) -> Card:
    with transaction():
        return issuing.order(
            customer_id=customer.id,
            **{"currency": "GBP", "type": CardType.VIRTUAL} | wanted,
        )


def _do(service: Any, card: Card, **how: Any) -> Card:
    with transaction():
        done: Card = service(card=card, **how)
    return done


def _card_of(customer: Customer, stripe_side: StripeSide, **wanted: Any) -> Card:
    if not Cardholder.objects.filter(customer=customer).exists():
        _enrol(customer)
    card = _order(customer, **wanted)
    stripe_side.work()
    return Card.objects.get(id=card.id)


def test_an_ordered_card_is_pending_until_stripe_has_made_it(
    ada: Customer, stripe_side: StripeSide
) -> None:
    _enrol(ada)
    ordered = _order(ada)
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
    card = _card_of(ada, stripe_side)
    door = StripeDoor(client, card.stripe_id, "gbp")
    assert answer_of(door.request(0, authorization="check"))["approved"]

    _do(issuing.freeze, card)

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
    card = _card_of(ada, stripe_side)
    stripe_side.lose_events()
    for _ in range(3):
        _do(issuing.freeze, card)
        _do(issuing.unfreeze, card)

    stripe_side.work()

    card.refresh_from_db()
    assert (card.status, card.revision, card.told_revision) == ("ACTIVE", 7, 7)
    # Six wishes, and the card was never anything but active over there.
    assert {each["data"]["object"]["status"] for each in stripe_side.events()} <= {"active"}


def test_controls_reach_stripe_and_a_successor_keeps_them(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = _card_of(ada, stripe_side)
    wanted = Controls(
        daily_limit=Decimal("250.50"), online_enabled=False, blocked_countries=("KP",)
    )
    _do(issuing.set_controls, card, controls=wanted)
    stripe_side.work()
    successor = _do(issuing.replace, card, reason=EndReason.STOLEN)
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
    _do(issuing.set_controls, successor, controls=Controls())
    stripe_side.work()
    assert not stripe_side.cards()[1].spending_controls.spending_limits
    assert not stripe_side.cards()[1].spending_controls.blocked_merchant_countries


def test_stripe_hears_of_a_lost_cards_end_before_it_is_asked_for_its_successor(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = _card_of(ada, stripe_side)
    successor = _do(issuing.replace, card, reason=EndReason.LOST)

    # The two messages may come in any order.
    issuing.tell_card(successor.id, now=clock.now())

    assert [each.status for each in stripe_side.cards()] == ["canceled", "active"]
    stripe_side.work()
    assert not Case.objects.exists()


def test_a_worn_virtual_card_pays_until_its_successor_is_made(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = _card_of(ada, stripe_side)
    _do(issuing.replace, card, reason=EndReason.DAMAGED)
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
    card = _card_of(ada, stripe_side)
    _do(issuing.cancel, card)
    stripe_side.work()
    successor = _do(issuing.replace, card, reason=reason)

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
    card = _card_of(ada, stripe_side)
    successor = _do(issuing.replace, card, reason=EndReason.DAMAGED)
    _do(issuing.cancel, card)

    stripe_side.work()

    successor.refresh_from_db()
    card.refresh_from_db()
    assert (successor.status, successor.refusal) == ("ACTIVE", "")
    assert (card.status, card.end_reason) == ("CANCELED", "DAMAGED")


def test_a_physical_card_is_posted_and_waits_for_its_owner(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = _card_of(ada, stripe_side, type=CardType.PHYSICAL)
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

    _do(issuing.unfreeze, card)
    worn = card
    successor = _do(issuing.replace, worn, reason=EndReason.DAMAGED)
    stripe_side.work()
    worn.refresh_from_db()
    successor.refresh_from_db()
    assert (worn.status, successor.status) == ("ACTIVE", "INACTIVE")

    _do(issuing.unfreeze, successor)
    stripe_side.work()
    worn.refresh_from_db()
    assert worn.status == "CANCELED"
    assert [each.status for each in stripe_side.cards()] == ["canceled", "active"]


def test_a_stripe_that_is_away_loses_no_wish(
    ada: Customer, stripe_side: StripeSide, settings: Any
) -> None:
    card = _card_of(ada, stripe_side)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    _do(issuing.freeze, card)
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
    card = _card_of(ada, stripe_side)
    _do(issuing.freeze, card)
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
    holder = _enrol(ada)
    card = _order(ada)
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
    card = _card_of(ada, stripe_side)
    stripe_side.v1.issuing.cards.update(card.stripe_id, {"status": "canceled"})
    stripe_side.lose_events()

    _do(issuing.freeze, card)
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
    _card_of(ada, stripe_side)
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
    card = _card_of(ada, stripe_side)
    wanted = Controls(
        purchase_limit=Decimal(0), daily_limit=Decimal(80), monthly_limit=Decimal("1e9")
    )
    _do(issuing.set_controls, card, controls=wanted)
    _do(issuing.freeze, card)

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
    card = _card_of(ada, stripe_side)
    _do(issuing.set_controls, card, controls=Controls(blocked_countries=("Atlantis",)))
    _do(issuing.freeze, card)

    stripe_side.work()

    (there,) = stripe_side.cards()
    assert there.status == "inactive"
    case = Case.objects.get(kind="processor.refused")
    assert case.subject == f"{card.shown_id}:{Card.objects.get(id=card.id).revision}"


def test_two_jobs_never_speak_about_one_card_at_once(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = _card_of(ada, stripe_side)
    Card.objects.filter(id=card.id).update(talking_until=clock.now() + timedelta(seconds=30))

    with pytest.raises(TalkUnderWay):
        issuing.tell_card(card.id, now=clock.now())
    Card.objects.filter(id=card.id).update(talking_until=clock.now() - timedelta(seconds=1))
    issuing.tell_card(card.id, now=clock.now())


class TestWhatStripeSays:
    """Events about cards, cardholders and wallets."""

    def test_a_card_that_stripe_ends_is_ended(self, ada: Customer, stripe_side: StripeSide) -> None:
        card = _card_of(ada, stripe_side)
        stripe_side.lose_events()
        stripe_side.issuer.control.advance(5)
        stripe_side.v1.issuing.cards.update(
            card.stripe_id, {"status": "canceled", "cancellation_reason": "lost"}
        )

        stripe_side.hand_over()

        card.refresh_from_db()
        assert (card.status, card.end_reason) == ("CANCELED", "LOST")

    def test_stripe_may_freeze_and_not_unfreeze(
        self, ada: Customer, stripe_side: StripeSide
    ) -> None:
        card = _card_of(ada, stripe_side)
        stripe_side.lose_events()
        for status in ("inactive", "active"):
            stripe_side.issuer.control.advance(5)
            stripe_side.v1.issuing.cards.update(card.stripe_id, {"status": status})
            stripe_side.hand_over(stripe_side.events()[0])
            card.refresh_from_db()
            assert card.status == "INACTIVE"

        assert stripe_side.cards()[0].status == "inactive", "it was told again"

    def test_an_echo_of_our_own_wish_that_comes_late_changes_nothing(
        self, ada: Customer, stripe_side: StripeSide
    ) -> None:
        card = _card_of(ada, stripe_side)
        stripe_side.lose_events()
        _do(issuing.freeze, card)
        stripe_side.work()
        echoes = stripe_side.events()
        _do(issuing.unfreeze, card)
        stripe_side.work()

        stripe_side.hand_over(*echoes)

        card.refresh_from_db()
        assert card.status == "ACTIVE"
        assert stripe_side.cards()[0].status == "active"

    def test_the_making_of_a_card_is_heard_before_its_answer_without_a_case(
        self, ada: Customer, stripe_side: StripeSide
    ) -> None:
        card = _card_of(ada, stripe_side)
        stripe_side.hand_over()
        assert not Case.objects.exists()
        assert Card.objects.get(id=card.id).status == "ACTIVE"

    def test_a_card_of_somebody_else_is_a_case(
        self, ada: Customer, stripe_side: StripeSide
    ) -> None:
        card = _card_of(ada, stripe_side)
        stripe_side.lose_events()
        stranger = stripe_side.v1.issuing.cards.create(
            {
                "cardholder": card.cardholder.stripe_id,
                "currency": "gbp",
                "type": "virtual",
            }
        )

        stripe_side.hand_over()

        assert Case.objects.get().subject == stranger.id
        assert Card.objects.count() == 1

    def test_wallets_come_and_go(self, ada: Customer, stripe_side: StripeSide) -> None:
        card = _card_of(ada, stripe_side)
        token = stripe_side.issuer.control.provision(card.stripe_id)
        first = stripe_side.events()
        stripe_side.issuer.control.advance(5)
        stripe_side.v1.issuing.tokens.update(token["id"], {"status": "suspended"})

        stripe_side.hand_over(*reversed(stripe_side.events()))
        stripe_side.hand_over(*first)

        kept = WalletToken.objects.get()
        assert (kept.card_id, kept.stripe_id, kept.status) == (card.id, token["id"], "suspended")

    def test_what_stripe_wants_to_know_is_shown_and_a_case(
        self, ada: Customer, stripe_side: StripeSide
    ) -> None:
        card = _card_of(ada, stripe_side)
        holder = card.cardholder.stripe_id
        stripe_side.issuer.control.past_due(holder, "individual.verification.document")
        stripe_side.hand_over()

        assert Cardholder.objects.get().requirements == ["individual.verification.document"]
        assert Case.objects.get().kind == "cardholder_past_due"

        stripe_side.issuer.control.advance(5)
        stripe_side.issuer.control.past_due(holder)
        stripe_side.hand_over()
        assert Cardholder.objects.get().requirements == []


class TestSecrets:
    """Keys to numbers, and PINs."""

    def test_a_key_is_passed_on_and_only_the_asking_is_kept(
        self, ada: Customer, stripe_side: StripeSide
    ) -> None:
        card = _card_of(ada, stripe_side)

        key = issuing.key_to_secrets(
            card, purpose=Purpose.DETAILS, nonce="ephkn_1", now=clock.now()
        )

        assert key["object"] == "ephemeral_key"
        assert key["secret"]
        assert SecretAccess.objects.get().purpose == "DETAILS"

    def test_the_asking_cannot_be_taken_back(self, ada: Customer, stripe_side: StripeSide) -> None:
        card = _card_of(ada, stripe_side)
        issuing.key_to_secrets(card, purpose=Purpose.WALLET, now=clock.now())
        for change in (
            lambda: SecretAccess.objects.all().delete(),
            lambda: SecretAccess.objects.update(purpose="PIN"),
        ):
            with pytest.raises(DatabaseError), django_transaction.atomic():
                change()

    def test_a_pin_is_only_noted(self, ada: Customer, stripe_side: StripeSide) -> None:
        card = _card_of(ada, stripe_side)
        issuing.set_pin(card, encrypted_number="sealed-for-stripe", now=clock.now())
        card.refresh_from_db()
        assert card.pin_set_at is not None

    def test_an_ended_card_has_no_secrets(self, ada: Customer, stripe_side: StripeSide) -> None:
        card = _card_of(ada, stripe_side)
        _do(issuing.cancel, card)
        with pytest.raises(CardEnded):
            issuing.key_to_secrets(card, purpose=Purpose.DETAILS, now=clock.now())
        assert not SecretAccess.objects.exists()


class TestRefusals:
    """What cannot be wished."""

    def test_a_card_needs_a_cardholder_a_currency_and_room(
        self, ada: Customer, stripe_side: StripeSide
    ) -> None:
        with pytest.raises(CardholderMissing):
            _order(ada)
        _enrol(ada)
        with pytest.raises(CurrencyNotIssued):
            _order(ada, currency="JPY")
        for _ in range(5):
            _order(ada)
        with pytest.raises(TooManyCards):
            _order(ada)

    def test_a_card_in_the_making_is_not_frozen_nor_replaced_but_may_be_canceled(
        self, ada: Customer, stripe_side: StripeSide
    ) -> None:
        _enrol(ada)
        card = _order(ada)
        with pytest.raises(CardNotReady):
            _do(issuing.freeze, card)
        with pytest.raises(CardNotReplaceable):
            _do(issuing.replace, card, reason=EndReason.LOST)

        _do(issuing.cancel, card)
        stripe_side.work()

        card.refresh_from_db()
        assert (card.status, card.told_revision) == ("CANCELED", card.revision)
        assert stripe_side.cards() == []

    def test_a_card_is_replaced_once(self, ada: Customer, stripe_side: StripeSide) -> None:
        card = _card_of(ada, stripe_side)
        _do(issuing.replace, card, reason=EndReason.LOST)
        with pytest.raises(CardNotReplaceable):
            _do(issuing.replace, card, reason=EndReason.LOST)
        with pytest.raises(CardEnded):
            _do(issuing.unfreeze, card)
