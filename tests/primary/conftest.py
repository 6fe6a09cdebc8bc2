"""A party with money and shares, and staff who let things pass."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fx.assets import directory
from fx.assets.models import Asset, Multiplier
from fx.assets.services import load_catalogue
from fx.prices.rules import Board
from krak.core import clock
from tests.people import Known, new_customer
from tests.primary.world import let_in


@pytest.fixture
def catalogue(db: None) -> None:
    """Let all shares be listed."""
    load_catalogue(now=clock.now())
    directory.forget()
    Multiplier.objects.create(
        asset=Asset.objects.get(code="AAPLx"), multiplier=Decimal("1.02"),
        activates_at=clock.now() - timedelta(days=1), created_at=clock.now() - timedelta(days=2),
    )  # fmt: skip


@pytest.fixture
def market(pinned: Any) -> Callable[..., Board]:
    """Return what sets the board: AAPLx stands at 199 and 201, and 1.02 are shown for one."""

    def show(bid: dict[str, str] | None = None, **states: Any) -> Board:
        usual: dict[str, Any] = {"multipliers": {"AAPLx": "1.02"}, "ask": {"AAPLx": "201"}}
        board: Board = pinned({"AAPLx": "199"} | (bid or {}), **usual | states)
        return board

    show()
    return show


@pytest.fixture
def ada(catalogue: None, market: Any) -> Known:
    """Return a party at home in dollars: 20,000 of them, and 50 base units shown as 51 AAPLx."""
    known = new_customer(cash="20000", holdings={"AAPLx": "51"}, country="BR")
    let_in(known)
    return known
