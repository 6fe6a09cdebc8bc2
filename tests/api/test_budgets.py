"""How many statements the ten calls of a phone cost that are made most."""

from typing import Any

import pytest
from django.test import Client

from bench.calls import Call, Person, queries_of
from krak.core.ids import uuid7
from tests.api.world import IN_BODIES, World

QUERIES = {
    "portfolio": 3, "balances": 3, "prices": 1, "activity": 11, "authorizations": 4,
    "one authorization": 4, "notifications": 3, "cards": 2, "quote": 12, "transfer": 31,
}  # fmt: skip
"""Who is asking is the first of them; of values, in which currency they are seen the second.
One of an activity's is for the multipliers of the shares in it."""


@pytest.mark.parametrize("name", QUERIES)
def test_a_call_costs_exactly_so_many_queries(name: str, world: World) -> None:
    purchase = world.id("/v1/authorizations/{id}")
    person = Person(world.known.token, purchase, IN_BODIES["to"](world))
    (call,) = [each for each in person.calls() if each.name == name]
    assert _ask(call, person).status_code in {200, 201}

    answers: list[Any] = []
    queries = queries_of(lambda: answers.append(_ask(call, person)))

    assert (answers[0].status_code < 300, queries) == (True, QUERIES[name])


def _ask(call: Call, person: Person) -> Any:
    headers = {"Authorization": f"Bearer {person.token}", "Idempotency-Key": str(uuid7())}
    return Client().generic(
        call.method, call.path, call.text, content_type="application/json", headers=headers
    )
