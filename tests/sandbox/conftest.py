"""Whatever a test plays, everything that the fake keeps must look as Stripe writes it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.issuer import FakeIssuer, Recorder
from tests.sandbox.shapes import require_shapes_of

ADDRESS = {"line1": "1 Market St", "city": "San Francisco", "country": "US", "postal_code": "94105"}


@pytest.fixture
def issuer(issuer: FakeIssuer) -> Iterator[FakeIssuer]:
    """Return the fake, and look at all its objects when the test is over."""
    yield issuer
    require_shapes_of(issuer)


@pytest.fixture
def cardholder(issuer: FakeIssuer) -> Any:
    """Return a cardholder."""
    return issuer.v1.issuing.cardholders.create(
        {"name": "Jenny Rosen", "billing": {"address": ADDRESS}}
    )


@pytest.fixture
def card(issuer: FakeIssuer, cardholder: Any) -> Any:
    """Return an active virtual card in USD without limits."""
    return issuer.v1.issuing.cards.create(
        {
            "cardholder": cardholder.id,
            "currency": "usd",
            "type": "virtual",
            "status": "active",
            # The client sends nothing for an empty list; "" is how Stripe is told of none.
            "spending_controls": {"spending_limits": ""},
        }
    )


@pytest.fixture
def approved(issuer: FakeIssuer, recorder: Recorder, card: Any) -> Any:
    """Return an approved authorization of 50 dollars, about which all has been told."""
    made = issuer.v1.test_helpers.issuing.authorizations.create({"card": card.id, "amount": 5_000})
    issuer.control.delivered()
    recorder.told.clear()
    return made


def balance(issuer: FakeIssuer) -> int:
    """Return the Issuing balance in USD."""
    return issuer.server.issuer.balance_of("issuing", "usd")


def told(issuer: FakeIssuer, recorder: Recorder) -> list[dict[str, Any]]:
    """Return what has been told of purchases."""
    issuer.control.delivered()
    kinds = ("issuing_authorization", "issuing_transaction", "issuing_dispute")
    return [event for event in recorder.told if event["type"].startswith(kinds)]
