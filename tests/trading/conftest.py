"""A customer who trades, and prices with a spread."""

from collections.abc import Callable
from typing import Any

import pytest

from fx.prices.rules import Board
from krak.core.outbox.models import OutboxMessage
from tests.people import Known, new_customer

SPREAD: dict[str, Any] = {
    "bid": {"EUR": "1.0997", "BTC": "49975"},
    "ask": {"EUR": "1.1003", "BTC": "50025"},
}


@pytest.fixture
def market(pinned: Any) -> Callable[..., Board]:
    """Return what sets the board: euro and bitcoin have a spread unless told otherwise."""

    def show(bid: dict[str, str] | None = None, **rest: Any) -> Board:
        board: Board = pinned(
            SPREAD["bid"] | (bid or {}), **{"ask": SPREAD["ask"] | rest.pop("ask", {}), **rest}
        )
        return board

    show()
    return show


@pytest.fixture
def ada(market: Any) -> Known:
    """Return a customer at home in dollars: 1,000 of them, 500 euros and 0.1 bitcoin."""
    return new_customer(cash="1000", holdings={"EUR": "500", "BTC": "0.1"}, country="BR")


def told(known: Known) -> list[tuple[str, dict[str, Any]]]:
    """Return what was promised to be told to a customer, oldest first."""
    rows = OutboxMessage.objects.filter(
        topic="notifications.tell", payload__customer=str(known.customer.id)
    ).order_by("id")
    return [(row.payload["kind"], row.payload["facts"]) for row in rows]
