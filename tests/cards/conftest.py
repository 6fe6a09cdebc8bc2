"""A customer at Krak who is connected to a fake Stripe."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from cards.authorizations.services import decisions
from tests.cards.stripe_side import StripeSide
from tests.issuer import running_issuer


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let decisions take their time on a slow machine; who tests their deadline overrides it."""
    monkeypatch.setattr(decisions, "DEADLINE_SECONDS", 20)
    monkeypatch.setattr(decisions, "PATIENCE_SECONDS", 20)
    monkeypatch.setattr(decisions, "KEEPING_SECONDS", 20)


@pytest.fixture
def stripe_side(client: Client, settings: Any) -> Iterator[StripeSide]:
    """Run a fake Stripe that this process speaks to; its events wait to be handed over."""
    with running_issuer() as issuer:
        settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = "sk_test_sandbox", issuer.url
        yield StripeSide(issuer, client)
