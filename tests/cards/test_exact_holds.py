"""What is set aside is never rounded on its way into the ledger."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from cards.authorizations.models import Decision
from cards.authorizations.rules.decision import decide
from cards.authorizations.services import decisions
from holdings.ledger import services as ledger
from holdings.ledger.models import Hold
from krak.core import clock
from krak.core.money import InexactAmount
from krak.core.transactions import transaction
from tests.cards.scenarios import Play, scenario
from tests.stripe_door import answer_of

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def play(client: Client, pinned: Any) -> Play:
    """Return a customer with 100 dollars."""
    return Play(scenario("A01"), client, pinned)


def _hold(play: Play, amount: str) -> None:
    with transaction():
        ledger.lock_books([play.customer.id])
        ledger.set_hold(
            customer_id=play.customer.id,
            account_id=ledger.account_of(customer_id=play.customer.id, currency="USD").id,
            reference="test",
            amount=Decimal(amount),
            now=clock.now(),
        )


def _holds(play: Play) -> list[Decimal]:
    return list(Hold.objects.filter(customer=play.customer).values_list("amount", flat=True))


def test_a_hold_that_would_be_rounded_when_it_is_kept_is_refused(play: Play) -> None:
    with pytest.raises(InexactAmount):
        _hold(play, "1.00000000001")
    assert not _holds(play)

    _hold(play, "1.0000000001")
    with pytest.raises(InexactAmount):
        _hold(play, "1.00000000005")
    assert _holds(play) == [Decimal("1.0000000001")]


def test_a_decision_to_hold_parts_of_a_cent_is_a_bug_that_holds_nothing(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        decisions, "decide", lambda *asked: replace(decide(*asked), hold=Decimal("1.001"))
    )

    answer = answer_of(play.door.request(100))

    assert answer["metadata"]["decline_reason"] == "system_error"
    assert not _holds(play)
    assert not Decision.objects.filter(customer=play.customer).exists()
