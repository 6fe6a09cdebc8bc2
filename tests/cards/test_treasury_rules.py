"""How much is sent to the float: enough, within bounds, and nothing while enough is coming."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.treasury.rules import Bounds, top_up_needed

AMOUNTS = st.decimals(min_value=0, max_value=10**7, places=2)
BOUNDS = Bounds(Decimal(1000), Decimal(5000), Decimal(3000), Decimal(4000))


@pytest.mark.parametrize(
    ("available", "on_its_way", "sent_today", "sent"),
    [
        ("1000", "0", "0", "0"),  # at the floor
        ("999.99", "0", "0", "3000"),  # as much as one may carry
        ("999.99", "0.01", "0", "0"),  # what comes counts as there
        ("0", "3000", "3000", "0"),
        ("500", "0", "3500", "500"),  # what the day leaves
        ("500", "0", "4000", "0"),
        ("-200", "0", "0", "3000"),  # overdrawn by captures
    ],
)
def test_worked_cases(available: str, on_its_way: str, sent_today: str, sent: str) -> None:
    assert top_up_needed(
        BOUNDS,
        available=Decimal(available),
        on_its_way=Decimal(on_its_way),
        sent_today=Decimal(sent_today),
    ) == Decimal(sent)


BOUNDED = st.builds(
    lambda floor, more, one, day: Bounds(floor, floor + more, one, day),
    AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS,
)  # fmt: skip


@given(bounds=BOUNDED, there=AMOUNTS, coming=AMOUNTS, today=AMOUNTS)
def test_never_more_than_allowed_or_needed(
    bounds: Bounds, there: Decimal, coming: Decimal, today: Decimal
) -> None:
    sent = top_up_needed(bounds, available=there, on_its_way=coming, sent_today=today)

    assert 0 <= sent <= bounds.most_per_top_up
    assert sent == 0 or there + coming < bounds.floor
    assert sent == 0 or there + coming + sent <= bounds.target
    assert sent == 0 or today + sent <= bounds.most_per_day
