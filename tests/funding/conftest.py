"""A customer with money, saved destinations, and providers that tell what they are told to."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from fx.prices.rules import Board
from tests.cards.stripe_side import StripeSide
from tests.funding.world import World
from tests.issuer import running_issuer
from tests.people import Known, new_customer

PRICES: dict[str, Any] = {"bid": {"BTC": "50000", "EUR": "1.10", "ETH": "2500"}}


@pytest.fixture
def market(pinned: Any) -> Callable[..., Board]:
    """Return what sets the board; it stands."""

    def show(bid: dict[str, str] | None = None) -> Board:
        board: Board = pinned(PRICES["bid"] | (bid or {}))
        return board

    show()
    return show


@pytest.fixture
def ada(market: Any) -> Known:
    """Return a customer at home in dollars: 5,000 of them, 1,000 euros and 0.5 bitcoin."""
    return new_customer(cash="5000", holdings={"EUR": "1000", "BTC": "0.5"}, country="BR")


@pytest.fixture
def world(client: Client) -> World:
    """Return the bank and the custodian, as far as they tell us things."""
    return World(client)


@pytest.fixture
def stripe_side(client: Client, settings: Any) -> Iterator[StripeSide]:
    """Run a fake Stripe that this process speaks to; its events wait to be handed over."""
    with running_issuer() as issuer:
        settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = "sk_test_sandbox", issuer.url
        yield StripeSide(issuer, client)
