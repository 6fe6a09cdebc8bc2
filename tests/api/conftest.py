"""Somebody to ask as, with a card processor behind their cards."""

from typing import Any

import pytest

from krak.core import clock
from krak.core.outbox import services as outbox
from tests.api.world import World, new_world
from tests.issuer import FakeIssuer


@pytest.fixture
def world(pinned: Any, issuer: FakeIssuer, settings: Any) -> World:
    """Return a customer whose card the processor knows."""
    settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = "sk_test_sandbox", issuer.url
    pinned()
    made = new_world()
    outbox.drain(now=clock.now())
    return made
