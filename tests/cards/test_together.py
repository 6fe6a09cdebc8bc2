"""Captures and rewards that come at once end as those that come one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cards.authorizations.models import Authorization
from cards.cashback import services as cashback
from cards.clearing import services as clearing
from cards.clearing.models import CardTransaction
from fx.prices import live
from krak.cases.models import Case
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.inbox import services as inbox
from krak.core.inbox.models import InboxEvent
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.sandbox.issuer import shapes
from tests.boards import board_of_pins
from tests.cards.shopper import Shopper

SHOPPERS = 3


@dataclass(frozen=True)
class Told:
    """A capture or refund of one of the shoppers, perhaps without an authorization."""

    shopper: int
    amount: int
    refund: bool
    group: str | None


told = st.builds(
    Told,
    shopper=st.integers(0, SHOPPERS - 1),
    amount=st.sampled_from([1, 99, 1_00, 250_00, 40_000_00]),
    refund=st.booleans(),
    group=st.sampled_from(["p1", "p2", None]),
)


def _play(events: Sequence[Told], *, at_once: bool) -> list[Any]:
    """Apply what is told to new shoppers, then settle it, and return how they stand."""
    shoppers = [Shopper("BTC", cash=100_000_00) for _ in range(SHOPPERS)]
    said = [
        shoppers[each.shopper].said_by_the_network(
            each.amount, refund=each.refund, group=each.group, merchant_network_id="shop"
        )
        for each in events
    ]
    groups = [
        (shopper.customer.id, f"{group}_{shopper.customer.id}")
        for shopper in shoppers
        for group in ("p1", "p2")
    ]
    if at_once:
        with transaction():
            clearing.apply_transactions(said + said[:1], now=shoppers[0].now)
        with transaction():
            cashback.settle(groups, now=shoppers[0].now)
    else:
        for each in said:
            with transaction():
                clearing.apply_transactions([each], now=shoppers[0].now)
        for group in groups:
            with transaction():
                cashback.settle([group], now=shoppers[0].now)
    for shopper in shoppers:
        shopper.proved()
    return [_standing(shopper) for shopper in shoppers]


def _standing(shopper: Shopper) -> Any:
    rows = CardTransaction.objects.filter(customer=shopper.customer).order_by("event_at", "id")
    authorizations = Authorization.objects.filter(customer=shopper.customer)
    return {
        "cash": shopper.spent,
        "coins": shopper.posted("BTC"),
        "value": shopper.value,
        "rows": [
            (row.kind, row.amount, sorted(row.flags), row.group.partition("_")[0] in {"p1", "p2"})
            for row in rows
        ],
        "authorizations": sorted(
            (a.stripe_id.partition("_")[0], a.captured, tuple(a.flags)) for a in authorizations
        ),
        "cases": sorted(Case.objects.filter(customer=shopper.customer).values_list("kind")),
    }


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(events=st.lists(told, min_size=2, max_size=9))
def test_what_comes_at_once_ends_as_what_comes_one_by_one(events: list[Told]) -> None:
    with live.installed(board_of_pins({})):
        assert _play(events, at_once=True) == _play(events, at_once=False)


def _receive(shopper: Shopper, *, card: str | None = None) -> None:
    """Have the network tell of a capture of a dollar."""
    now = clock.now()
    body = shapes.event(
        "issuing_transaction.created",
        shapes.transaction(
            stripe_id=f"ipi_{uuid7()}",
            kind="capture",
            amount=-100,
            currency="usd",
            card=card or shopper.card.stripe_id,
            cardholder="ich_test",
            authorization_id=f"iauth_{uuid7()}",
            merchant_data=shapes.merchant(name="RAMEN TOKYO", mcc="5812", country="JP"),
            merchant_amount=-100,
            merchant_currency="usd",
            created=int(now.timestamp()),
        ),
        created=int(now.timestamp()),
    )
    text, _signature = shapes.signed(body, secret="whsec_test", now=now)
    inbox.receive(
        provider="stripe", event_id=body["id"], kind="issuing_transaction.created", body=text
    )


@pytest.mark.django_db
def test_captures_that_arrive_together_share_their_statements(pinned: Any) -> None:
    pinned()
    shoppers = [Shopper() for _ in range(8)]
    _receive(shoppers[0])
    with CaptureQueriesContext(connection) as alone:
        outbox.drain(now=clock.now())
    for shopper in shoppers:
        _receive(shopper)

    with CaptureQueriesContext(connection) as together:
        outbox.drain(now=clock.now())

    assert len(together) < 3 * len(alone)
    # Before the captures, and before and after the rewards' accounts are opened: nobody was short.
    looks = [query for query in together if 'FROM "ledger_ledgeraccount"' in query["sql"]]
    assert len(looks) == 3
    assert [shopper.spent for shopper in shoppers] == [Decimal(2)] + [Decimal(1)] * 7
    assert all(shopper.posted("BTC") > 0 for shopper in shoppers)


@pytest.mark.django_db
def test_one_that_is_refused_holds_up_nobody(pinned: Any) -> None:
    pinned()
    shoppers = [Shopper("USD") for _ in range(3)]
    for shopper in shoppers:
        _receive(shopper)
    _receive(shoppers[0], card="ic_of_nobody")

    outbox.drain(now=clock.now())

    assert [shopper.spent for shopper in shoppers] == [Decimal("0.99")] * 3
    assert Case.objects.filter(kind="clearing.card_not_ours").count() == 1
    assert not InboxEvent.objects.filter(processed_at=None).exists()
    assert not OutboxMessage.objects.filter(attempts__gt=0).exists()
