"""What Stripe says of cards, cardholders and wallets."""

from datetime import UTC, datetime, timedelta

import pytest

from cards.issuing import services as issuing
from cards.issuing.models import (
    Card,
    Cardholder,
    WalletToken,
)
from krak.cases.models import Case
from krak.customers.models import Customer
from tests.cards.owners import ada, card_of, do
from tests.cards.stripe_side import StripeSide

__all__ = ["ada"]

pytestmark = pytest.mark.django_db


def test_a_card_that_stripe_ends_is_ended(ada: Customer, stripe_side: StripeSide) -> None:
    card = card_of(ada, stripe_side)
    stripe_side.lose_events()
    stripe_side.issuer.control.advance(5)
    stripe_side.v1.issuing.cards.update(
        card.stripe_id, {"status": "canceled", "cancellation_reason": "lost"}
    )

    stripe_side.hand_over()

    card.refresh_from_db()
    assert (card.status, card.end_reason) == ("CANCELED", "LOST")


def test_stripe_may_freeze_and_not_unfreeze(ada: Customer, stripe_side: StripeSide) -> None:
    card = card_of(ada, stripe_side)
    stripe_side.lose_events()
    for status in ("inactive", "active"):
        stripe_side.issuer.control.advance(5)
        stripe_side.v1.issuing.cards.update(card.stripe_id, {"status": status})
        stripe_side.hand_over(stripe_side.events()[0])
        card.refresh_from_db()
        assert card.status == "INACTIVE"

    assert stripe_side.cards()[0].status == "inactive", "it was told again"


@pytest.mark.parametrize("status", ["canceled", "inactive"])
def test_what_stripe_does_in_the_very_second_in_which_we_told_it_something_is_heard(
    ada: Customer, stripe_side: StripeSide, status: str
) -> None:
    card = card_of(ada, stripe_side)
    stripe_side.lose_events()
    stripe_side.v1.issuing.cards.update(card.stripe_id, {"status": status})
    (event,) = stripe_side.events()
    second = datetime.fromtimestamp(event["created"], tz=UTC)
    Card.objects.filter(id=card.id).update(told_at=second + timedelta(milliseconds=700))

    stripe_side.hand_over(event)

    card.refresh_from_db()
    assert card.status == status.upper()


def test_an_echo_of_the_very_second_in_which_we_told_the_opposite_changes_nothing(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side)
    stripe_side.lose_events()
    do(issuing.freeze, card)
    stripe_side.work()
    echoes = stripe_side.events()
    do(issuing.unfreeze, card)
    stripe_side.work()
    second = datetime.fromtimestamp(echoes[-1]["created"], tz=UTC)
    Card.objects.filter(id=card.id).update(told_at=second + timedelta(milliseconds=700))

    stripe_side.hand_over(*echoes)

    card.refresh_from_db()
    assert (card.status, card.revision) == ("ACTIVE", card.told_revision)


def test_an_echo_of_our_own_wish_that_comes_late_changes_nothing(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side)
    stripe_side.lose_events()
    do(issuing.freeze, card)
    stripe_side.work()
    echoes = stripe_side.events()
    do(issuing.unfreeze, card)
    stripe_side.work()

    stripe_side.hand_over(*echoes)

    card.refresh_from_db()
    assert card.status == "ACTIVE"
    assert stripe_side.cards()[0].status == "active"


def test_the_making_of_a_card_is_heard_before_its_answer_without_a_case(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side)
    stripe_side.hand_over()
    assert not Case.objects.exists()
    assert Card.objects.get(id=card.id).status == "ACTIVE"


def test_a_card_of_somebody_else_is_a_case(ada: Customer, stripe_side: StripeSide) -> None:
    card = card_of(ada, stripe_side)
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


def test_wallets_come_and_go(ada: Customer, stripe_side: StripeSide) -> None:
    card = card_of(ada, stripe_side)
    token = stripe_side.issuer.control.provision(card.stripe_id)
    first = stripe_side.events()
    stripe_side.issuer.control.advance(5)
    stripe_side.v1.issuing.tokens.update(token["id"], {"status": "suspended"})

    stripe_side.hand_over(*reversed(stripe_side.events()))
    stripe_side.hand_over(*first)

    kept = WalletToken.objects.get()
    assert (kept.card_id, kept.stripe_id, kept.status) == (card.id, token["id"], "suspended")


def test_what_stripe_wants_to_know_is_shown_and_a_case(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side)
    holder = card.cardholder.stripe_id
    stripe_side.issuer.control.past_due(holder, "individual.verification.document")
    stripe_side.hand_over()

    assert Cardholder.objects.get().requirements == ["individual.verification.document"]
    assert Case.objects.get().kind == "cardholder_past_due"

    stripe_side.issuer.control.advance(5)
    stripe_side.issuer.control.past_due(holder)
    stripe_side.hand_over()
    assert Cardholder.objects.get().requirements == []
