"""Section 10 of the card policy: whatever the order, the books end the same."""

from itertools import permutations
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdings.ledger import queries as ledger
from krak.sandbox import services as sandbox
from tests.cards.scenarios import Play, scenario

pytestmark = pytest.mark.django_db

EXAMPLES = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LIFE = {
    "created": {"do": "authorization", "amount": 2000, "at": 1, "request_history_length": 1},
    "increment": {"do": "request", "amount": 1000, "step": 1},
    "updated": {"do": "authorization", "amount": 3000, "at": 3, "request_history_length": 2},
    "capture": {
        "do": "capture", "amount": 1500, "at": 4, "transaction": "t1",
        "closes_authorization": False,
    },
}  # fmt: skip
CLOSED = {
    "do": "authorization", "amount": 3000, "at": 5, "status": "closed", "request_history_length": 2,
}  # fmt: skip
REVERSED = CLOSED | {"status": "reversed", "amount": 0}


def _end(client: Client, pinned: Any, steps: list[dict[str, Any]]) -> dict[str, Any]:
    first = {"do": "request", "amount": 2000, "authorization": "a1"}
    case = scenario("A01") | {
        "given": {"posted": 10_000},
        "steps": [first, *({"authorization": "a1"} | step for step in steps)],
        "expect": {},
    }
    play = Play(case, client, pinned)
    play.run()
    assert ledger.breaks(customer_id=play.customer.id) == []
    return sandbox.position(customer=play.customer)


@pytest.mark.parametrize("last", [None, CLOSED, REVERSED], ids=["open", "closed", "reversed"])
def test_any_order_of_a_life_ends_in_the_same_hold(
    client: Client, pinned: Any, last: dict[str, Any] | None
) -> None:
    events = [*LIFE.values(), *([last] if last else [])]
    orders = list(permutations(events))[:: 1 if last is None else 7]

    held = {_end(client, pinned, list(order))["cash"]["held"] for order in orders}

    assert held == ({"15.00"} if last is None else {"0.00"})


AMOUNTS = st.integers(min_value=1, max_value=3000)


@EXAMPLES
@given(
    captures=st.lists(AMOUNTS, min_size=1, max_size=3),
    refunds=st.lists(AMOUNTS, max_size=2),
    random=st.randoms(use_true_random=False),
)
def test_any_order_of_captures_and_refunds_ends_in_the_same_books(
    client: Client, pinned: Any, captures: list[int], refunds: list[int], random: Any
) -> None:
    events: list[dict[str, Any]] = [
        {"do": "capture", "amount": amount, "transaction": f"t{n}", "closes_authorization": False}
        for n, amount in enumerate(captures)
    ] + [
        {"do": "refund", "amount": amount, "transaction": f"r{n}"}
        for n, amount in enumerate(refunds)
    ]
    shuffled = [*events, *random.sample(events, k=random.randint(0, len(events)))]
    random.shuffle(shuffled)

    straight = _end(client, pinned, events)
    mixed = _end(client, pinned, shuffled)

    assert mixed["cash"]["posted"] == straight["cash"]["posted"]
    assert mixed["cashback"] == straight["cashback"]
    net = max(0, sum(captures) - sum(refunds))
    assert straight["cashback"]["amount"] == f"{net // 100 / 100:.2f}"
