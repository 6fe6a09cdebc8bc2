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
    # All orders of four and of five; where only the last differs, some.
    orders = list(permutations(events))[:: 7 if last is REVERSED else 1]

    held = {_end(client, pinned, list(order))["cash"]["held"] for order in orders}

    assert held == ({"15.00"} if last is None else {"0.00"})


def test_control_a_life_that_lacks_an_event_ends_elsewhere(client: Client, pinned: Any) -> None:
    without = [step for name, step in LIFE.items() if name != "capture"]

    assert _end(client, pinned, without)["cash"]["held"] == "30.00"


@pytest.mark.parametrize("status", ["closed", "reversed", "expired"])
def test_an_end_that_comes_after_a_later_capture_ends_the_hold_all_the_same(
    client: Client, pinned: Any, status: str
) -> None:
    events = [
        LIFE["created"],
        LIFE["capture"] | {"amount": 800},
        CLOSED | {"amount": 2000, "status": status, "at": 4, "request_history_length": 1},
        LIFE["capture"] | {"amount": 300, "at": 10, "transaction": "t2"},
    ]

    ends = [_end(client, pinned, list(order))["cash"] for order in permutations(events)]

    assert {(end["held"], end["posted"]) for end in ends} == {("0.00", "89.00")}


def test_an_end_that_is_older_than_what_is_told_now_ends_nothing(
    client: Client, pinned: Any
) -> None:
    newer = LIFE["updated"] | {"amount": 2000, "at": 7, "request_history_length": 1}
    late = CLOSED | {"at": 5, "request_history_length": 1}

    assert _end(client, pinned, [newer, LIFE["capture"], late])["cash"]["held"] == "5.00"


AMOUNTS = st.integers(min_value=1, max_value=3000)


@EXAMPLES
@given(
    captures=st.lists(AMOUNTS, min_size=1, max_size=3),
    refunds=st.lists(AMOUNTS, max_size=2),
    random=st.randoms(use_true_random=False),
)
def test_any_order_of_captures_and_refunds_ends_in_the_same_books(
    client: Client,
    pinned: Any,
    captures: list[int],
    refunds: list[int],
    random: Any,
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


@pytest.mark.parametrize("again", ["capture", "refund"])
def test_control_what_is_told_twice_under_two_names_ends_in_other_books(
    client: Client, pinned: Any, again: str
) -> None:
    events: list[dict[str, Any]] = [
        {"do": "capture", "amount": 2000, "transaction": "t1", "closes_authorization": False},
        {"do": "refund", "amount": 500, "transaction": "r1"},
    ]
    twice = [event | {"transaction": "x1"} for event in events if event["do"] == again]

    once, more = (_end(client, pinned, told) for told in (events, [*events, *twice]))

    assert more["cash"]["posted"] != once["cash"]["posted"]
    assert more["cashback"] != once["cashback"]


def _pending(captures: list[int], *, total: int = 3000) -> str:
    return f"{max(0, total - sum(captures)) / 100:.2f}"


@EXAMPLES
@given(
    captures=st.lists(AMOUNTS, min_size=1, max_size=2),
    last=st.sampled_from([None, "closed", "reversed", "expired"]),
    told_steps=st.integers(1, 2),
    random=st.randoms(use_true_random=False),
)
def test_any_order_of_a_life_with_any_captures_ends_in_the_same_hold(
    *,
    client: Client,
    pinned: Any,
    captures: list[int],
    last: str | None,
    told_steps: int,
    random: Any,
) -> None:
    events: list[dict[str, Any]] = [LIFE["created"], LIFE["increment"], LIFE["updated"]] + [
        LIFE["capture"] | {"amount": amount, "transaction": f"t{n}", "at": 4 + n}
        for n, amount in enumerate(captures)
    ]
    if last:
        events.append(CLOSED | {"status": last, "at": 6, "request_history_length": told_steps})
    shuffled = [*events, *random.sample(events, k=random.randint(0, len(events)))]
    random.shuffle(shuffled)

    ended = _end(client, pinned, shuffled)

    assert ended["cash"]["held"] == ("0.00" if last else _pending(captures))
    assert ended["cash"]["posted"] == f"{(10_000 - sum(captures)) / 100:.2f}"


@settings(EXAMPLES, max_examples=8)
@given(
    said=st.permutations(["created", "increment", "updated", "closed"]),
    amount=st.integers(1, 3000),
)
def test_events_of_one_second_end_in_the_same_hold_in_any_order(
    client: Client, pinned: Any, said: list[str], amount: int
) -> None:
    events = LIFE | {"closed": CLOSED}
    capture = LIFE["capture"] | {"amount": amount}
    shuffled = [({"at": 4} if "at" in events[name] else {}) for name in said]
    steps = [events[name] | at for name, at in zip(said, shuffled, strict=True)]

    assert _end(client, pinned, [*steps, capture])["cash"]["held"] == "0.00"
    assert _end(client, pinned, [capture, *steps])["cash"]["held"] == "0.00"
    open_steps = [step for step in steps if "status" not in step]
    held = _end(client, pinned, [capture, *open_steps])["cash"]["held"]
    assert held == _pending([amount])


SAID = {
    "submitted": {"amount": 1500},
    "funds_reinstated": {"amount": 1490},
    "lost": {"amount": 1500},
    "funds_rescinded": {"amount": 1500},
}


@EXAMPLES
@given(
    said=st.lists(st.sampled_from(sorted(SAID)), min_size=1, max_size=4, unique=True),
    provisional=st.booleans(),
    refund=st.one_of(st.none(), AMOUNTS),
    random=st.randoms(use_true_random=False),
)
def test_any_order_of_a_dispute_its_capture_and_refunds_ends_in_the_same_books(
    *,
    client: Client,
    pinned: Any,
    said: list[str],
    provisional: bool,
    refund: int | None,
    random: Any,
) -> None:
    events: list[dict[str, Any]] = [
        {"do": "dispute", "dispute": "d1", "event": name, "transaction": "t1"} | SAID[name]
        for name in said
    ]
    events.append(
        {"do": "capture", "authorization": "a1", "amount": 2000, "transaction": "t1",
         "closes_authorization": False}
    )  # fmt: skip
    if refund:
        events.append(
            {"do": "refund", "authorization": "a1", "amount": refund, "transaction": "r1"}
        )
    shuffled = [*events, *random.sample(events, k=random.randint(0, len(events)))]
    random.shuffle(shuffled)
    case = scenario("A01") | {
        "given": {"posted": 10_000, "policy": {"provisional_credit": provisional}},
        "steps": shuffled,
        "expect": {},
    }
    play = Play(case, client, pinned)
    play.run()

    ahead = provisional and "submitted" in said
    won = "funds_reinstated" in said and "funds_rescinded" not in said
    lost = "lost" in said or "funds_rescinded" in said
    credited = (1500 if ahead else 1490) if won else 1500 if ahead and not lost else 0
    # What was disputed earns nothing; of a dispute that only its end told of, what came back.
    disputed = (1500 if {"submitted", "lost"} & set(said) else 1490) if won else 0
    net = max(0, 2000 - disputed - (refund or 0))
    play.check(
        expect={
            "posted": 8000 + credited + (refund or 0),
            "suspense": -1500 if ahead and not won and not lost else 0,
            "cashback": net // 100,
        }
    )
    assert ledger.breaks(customer_id=play.customer.id) == []
