"""Every operation is asked for what nobody would think of: never a 5xx, nothing undocumented.

Half of the requests are made from the schema alone, the others are its examples with something
changed; ids are those of real objects most of the time. Seeded, so that a failure comes again.
"""

import copy
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from krak.sandbox.views import whole as sandbox
from tests.api.schema import Operation, operations, schema
from tests.api.world import World, address_of

TRIES = 8
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def described() -> Any:
    made = schemathesis.openapi.from_dict(copy.deepcopy(schema()))
    made.app = _within_the_test(get_wsgi_application())
    return made


def _within_the_test(application: Any) -> Any:
    """Let a request leave the test's connection open, as Django's own client does."""

    def answered(environ: Any, start_response: Any) -> list[bytes]:
        request_started.disconnect(close_old_connections)
        try:
            response = application(environ, start_response)
            body = list(response)
            # Only now: a door of the sandbox that asks another one connects it again.
            request_finished.disconnect(close_old_connections)
            response.close()
        finally:
            request_started.connect(close_old_connections)
            request_finished.connect(close_old_connections)
        return body

    return answered


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_nothing_that_is_sent_breaks_it_or_is_answered_in_an_undocumented_way(
    operation: Operation, described: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "SETTLE_SECONDS", 0)
    its = described[operation.path][operation.method.upper()]
    positive, negative = (
        its.as_strategy(generation_mode=mode)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    )

    @seed(7)
    @settings(
        max_examples=TRIES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(positive, negative), dice=st.randoms(use_true_random=False))
    def ask(case: Any, dice: Any) -> None:
        _bring_near(case, operation, world, dice)
        token = world.known.token if dice.random() < 0.8 else world.newcomer
        response = case.call(headers={"Authorization": f"Bearer {token}"})
        case.validate_response(response, checks=CHECKS)

    ask()


def _bring_near(case: Any, operation: Operation, world: World, dice: Any) -> None:
    """Let a request be about something that is there, and its body be almost a good one."""
    if operation.names and dice.random() < 0.8:
        case.path_parameters[operation.names[0]] = world.id(address_of(operation))
    if operation.body and dice.random() < 0.5:
        near = copy.deepcopy(operation.example)
        if isinstance(near, dict) and isinstance(case.body, dict):
            for name in dice.sample(sorted(case.body), min(len(case.body), 1)):
                near[name] = case.body[name]
        case.body = near
