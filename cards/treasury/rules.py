"""When the money at Stripe is filled up, and by how much. Pure; amounts in one currency."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Bounds:
    """The rule in force: filled up from `floor` to `target`, within two limits."""

    floor: Decimal
    target: Decimal
    most_per_top_up: Decimal
    most_per_day: Decimal


def top_up_needed(
    bounds: Bounds, *, available: Decimal, on_its_way: Decimal, sent_today: Decimal
) -> Decimal:
    """Return what to send now: nothing while enough is there or on its way, or the day is used up.

    `sent_today` counts all of today's top-ups that did not fail.
    """
    coming = available + on_its_way
    if coming >= bounds.floor:
        return Decimal(0)
    left_today = max(bounds.most_per_day - sent_today, Decimal(0))
    return min(bounds.target - coming, bounds.most_per_top_up, left_today)
