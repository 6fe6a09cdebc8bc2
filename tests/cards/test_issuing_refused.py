"""Keys to numbers and PINs, and what cannot be wished of a card."""

import pytest
from django.db import DatabaseError
from django.db import transaction as django_transaction

from cards.issuing import services as issuing
from cards.issuing.models import (
    EndReason,
    Purpose,
    SecretAccess,
)
from cards.issuing.queries import CardEnded, CardholderMissing, CardNotReady
from cards.issuing.services.cards import CardNotReplaceable, CurrencyNotIssued, TooManyCards
from krak.core import clock
from krak.customers.models import Customer
from tests.cards.owners import ada, card_of, do, enrol, order
from tests.cards.stripe_side import StripeSide

__all__ = ["ada"]

pytestmark = pytest.mark.django_db


def test_a_key_is_passed_on_and_only_the_asking_is_kept(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side)

    key = issuing.key_to_secrets(card, purpose=Purpose.DETAILS, nonce="ephkn_1", now=clock.now())

    assert key["object"] == "ephemeral_key"
    assert key["secret"]
    assert SecretAccess.objects.get().purpose == "DETAILS"


def test_the_asking_cannot_be_taken_back(ada: Customer, stripe_side: StripeSide) -> None:
    card = card_of(ada, stripe_side)
    issuing.key_to_secrets(card, purpose=Purpose.WALLET, now=clock.now())
    for change in (
        lambda: SecretAccess.objects.all().delete(),
        lambda: SecretAccess.objects.update(purpose="PIN"),
    ):
        with pytest.raises(DatabaseError), django_transaction.atomic():
            change()


def test_a_pin_is_only_noted(ada: Customer, stripe_side: StripeSide) -> None:
    card = card_of(ada, stripe_side)
    issuing.set_pin(card, encrypted_number="sealed-for-stripe", now=clock.now())
    card.refresh_from_db()
    assert card.pin_set_at is not None


def test_an_ended_card_has_no_secrets(ada: Customer, stripe_side: StripeSide) -> None:
    card = card_of(ada, stripe_side)
    do(issuing.cancel, card)
    with pytest.raises(CardEnded):
        issuing.key_to_secrets(card, purpose=Purpose.DETAILS, now=clock.now())
    assert not SecretAccess.objects.exists()


def test_a_card_needs_a_cardholder_a_currency_and_room(
    ada: Customer, stripe_side: StripeSide
) -> None:
    with pytest.raises(CardholderMissing):
        order(ada)
    enrol(ada)
    with pytest.raises(CurrencyNotIssued):
        order(ada, currency="JPY")
    for _ in range(5):
        order(ada)
    with pytest.raises(TooManyCards):
        order(ada)


def test_a_card_in_the_making_is_not_frozen_nor_replaced_but_may_be_canceled(
    ada: Customer, stripe_side: StripeSide
) -> None:
    enrol(ada)
    card = order(ada)
    with pytest.raises(CardNotReady):
        do(issuing.freeze, card)
    with pytest.raises(CardNotReplaceable):
        do(issuing.replace, card, reason=EndReason.LOST)

    do(issuing.cancel, card)
    stripe_side.work()

    card.refresh_from_db()
    assert (card.status, card.told_revision) == ("CANCELED", card.revision)
    assert stripe_side.cards() == []


def test_a_card_is_replaced_once(ada: Customer, stripe_side: StripeSide) -> None:
    card = card_of(ada, stripe_side)
    do(issuing.replace, card, reason=EndReason.LOST)
    with pytest.raises(CardNotReplaceable):
        do(issuing.replace, card, reason=EndReason.LOST)
    with pytest.raises(CardEnded):
        do(issuing.unfreeze, card)
