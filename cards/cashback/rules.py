"""How a reward is taken back. Source: the card policy, section 6."""

from dataclasses import dataclass
from decimal import Decimal

from krak.core.money import floor_to


@dataclass(frozen=True, slots=True)
class Taken:
    """What leaves one grant: `value` of its reward, as `units` and, for what is gone, `cash`.

    `asked` is how many units `value` stands for; they leave the grant, whatever is still there.
    """

    value: Decimal
    asked: Decimal
    units: Decimal
    cash: Decimal


def take_back(
    value: Decimal,
    *,
    value_left: Decimal,
    units_left: Decimal,
    available: Decimal,
    unit_places: int,
    cash_places: int,
) -> Taken:
    """Return how to take `value` back from a grant that has `value_left` as `units_left`.

    The same fraction of the units, cut in the customer's favour; units that are no longer there
    are owed in cash in proportion, cut likewise.
    """
    if value == value_left:
        units = units_left
    else:
        units = floor_to(units_left * value / value_left, unit_places)
    there = min(units, max(Decimal(0), floor_to(available, unit_places)))
    cash = floor_to(value * (units - there) / units, cash_places) if units else Decimal(0)
    return Taken(value=value, asked=units, units=there, cash=cash)
