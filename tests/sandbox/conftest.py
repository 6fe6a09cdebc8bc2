"""Whatever a test plays, everything that the fake keeps must look as Stripe writes it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.issuer import FakeIssuer
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
