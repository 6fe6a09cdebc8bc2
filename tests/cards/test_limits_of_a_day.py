"""What was approved today: from midnight to midnight UTC, for all cards of a customer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from cards.authorizations.models import Decision
from cards.authorizations.rules.decision import AuthorizationRequest
from cards.authorizations.rules.replay import request_of
from cards.authorizations.services import authorize
from cards.issuing import services as issuing
from krak.core import clock
from krak.core.outbox import services as outbox
from krak.core.transactions import transaction
from tests.cards.scenarios import Play, scenario
from tests.stripe_door import answer_of

pytestmark = pytest.mark.django_db

type Ask = Callable[..., str]


@pytest.fixture
def play(client: Client, pinned: Any) -> Play:
    """Return a customer with 1,000 dollars who may spend 100 a day, 60 of them in cash."""
    policy = {"daily_limit": 10_000, "cash_daily_limit": 6000}
    return Play(scenario("A01") | {"given": {"posted": 100_000, "policy": policy}}, client, pinned)


@pytest.fixture
def midnight() -> datetime:
    """Return the next midnight in UTC."""
    return clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + (
        timedelta(days=1)
    )


@pytest.fixture
def ask(play: Play) -> Ask:
    """Return what asks for dollars at a moment and returns the answer in a word."""
    play.request(0, authorization="first")
    first = request_of(Decision.objects.get().request)
    asked: list[AuthorizationRequest] = []

    def asks(amount: int, at: datetime, **rest: Any) -> str:
        request = replace(
            first, stripe_id=play.door.id(f"b{len(asked)}"), amount=Decimal(amount), **rest
        )
        asked.append(request)
        answer = authorize(request, now=at)
        word: str = answer["metadata"].get("decline_reason", "approved")
        return word

    return asks


def test_a_new_day_begins_at_midnight(ask: Ask, midnight: datetime) -> None:
    before = midnight - timedelta(microseconds=1)

    assert ask(100, before) == "approved"
    assert ask(1, before) == "velocity_limit"
    assert ask(100, midnight) == "approved"
    assert ask(1, midnight + timedelta(hours=23, minutes=59)) == "velocity_limit"


def test_cash_has_its_own_limit_that_is_new_at_midnight_too(ask: Ask, midnight: datetime) -> None:
    before = midnight - timedelta(seconds=1)

    assert ask(60, before, mcc="6011") == "approved"
    assert ask(1, before, mcc="6011") == "cash_limit_exceeded"
    assert ask(40, before, cashback_amount=Decimal(1)) == "cash_limit_exceeded"
    assert ask(40, before) == "approved"
    assert ask(60, midnight, cashback_amount=Decimal(60)) == "approved"


def test_a_refused_request_counts_nothing_and_an_increment_counts_what_it_adds(
    ask: Ask, midnight: datetime
) -> None:
    assert ask(101, midnight) == "velocity_limit"
    assert ask(50, midnight, mcc="7995") == "merchant_blocked"
    assert ask(60, midnight) == "approved"
    assert ask(41, midnight, step=1) == "velocity_limit"
    assert ask(40, midnight, step=1) == "approved"


@pytest.mark.parametrize(("mcc", "amount"), [("5812", 9000), ("6011", 5000)])
def test_what_the_network_refused_in_the_end_counts_nothing(
    play: Play, mcc: str, amount: int
) -> None:
    def asks(name: str) -> bool:
        approved: bool = answer_of(play.door.request(amount, authorization=name, mcc=mcc))[
            "approved"
        ]
        return approved

    assert asks("a1")
    assert not asks("a2")
    play.door.authorization(
        amount, authorization="a1", approved=False, reason="webhook_timeout", status="closed"
    )
    outbox.drain(now=clock.now())
    assert asks("a3")


def test_a_replaced_card_begins_no_new_day(play: Play, ask: Ask, midnight: datetime) -> None:
    assert ask(70, midnight) == "approved"
    play.card_status("canceled")
    assert ask(1, midnight) == "card_inactive"
    play.card_status("active")
    newest = play.customer.card_set.order_by("-created_at", "-id")[0].stripe_id

    assert ask(31, midnight, card_stripe_id=newest) == "velocity_limit"
    assert ask(30, midnight, card_stripe_id=newest) == "approved"


def test_a_request_is_judged_by_the_policy_in_force_when_it_arrives(
    play: Play, ask: Ask, midnight: datetime
) -> None:
    with transaction():
        later = issuing.set_policy(
            customer_id=play.customer.id, effective_at=midnight, daily_limit=Decimal(10)
        )

    assert ask(11, midnight - timedelta(microseconds=1)) == "approved"
    assert ask(11, midnight) == "velocity_limit"
    assert Decision.objects.latest("decided_at").policy == later
