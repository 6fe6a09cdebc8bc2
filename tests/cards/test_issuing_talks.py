"""One job at a time speaks to Stripe about a card, however long it takes."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from cards.issuing import services as issuing
from cards.issuing.models import Card
from cards.issuing.services import talking
from cards.issuing.services.talking import TalkUnderWay, talk
from krak.core import clock
from krak.customers.models import Customer
from tests.cards.owners import ada, card_of, enrol, order
from tests.cards.stripe_side import StripeSide

__all__ = ["ada"]

pytestmark = pytest.mark.django_db


def test_two_jobs_never_speak_about_one_card_at_once(
    ada: Customer, stripe_side: StripeSide
) -> None:
    card = card_of(ada, stripe_side)
    Card.objects.filter(id=card.id).update(talking_until=clock.now() + timedelta(seconds=30))

    with pytest.raises(TalkUnderWay):
        issuing.tell_card(card.id, now=clock.now())
    Card.objects.filter(id=card.id).update(talking_until=clock.now() - timedelta(seconds=1))
    issuing.tell_card(card.id, now=clock.now())


def test_whose_reservation_lapsed_goes_on_only_while_nobody_else_speaks_and_ends_only_its_own(
    ada: Customer, stripe_side: StripeSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, now = card_of(ada, stripe_side), clock.now()

    def until() -> datetime | None:
        return Card.objects.get(id=card.id).talking_until

    monkeypatch.setattr(talking, "TALK_LASTS", timedelta(0))
    with talk(Card, card.id, now=now) as slow:
        slow.go_on()
        assert until() == slow.until[-1]
        monkeypatch.setattr(talking, "TALK_LASTS", timedelta(seconds=45))
        with talk(Card, card.id, now=now) as quick:
            with pytest.raises(TalkUnderWay):
                slow.go_on()
            slow.end()
            assert until() == quick.until[0]
            quick.go_on()
            assert until() == quick.until[1] > quick.until[0]
    assert until() is None


def test_each_call_to_stripe_keeps_the_card_for_another_while(
    ada: Customer, stripe_side: StripeSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(ada)
    card, went_on = order(ada), list[str]()
    real = talking.Talk.go_on

    def noted(spoken: talking.Talk[Any]) -> None:
        went_on.append(spoken.model.__name__)
        real(spoken)

    monkeypatch.setattr(talking.Talk, "go_on", noted)
    issuing.tell_card(card.id, now=clock.now())

    # Whether one was made is asked, then it is made; a card is then brought to what is wanted.
    assert went_on == ["Cardholder"] * 2 + ["Card"] * 3
