"""Writes of the catalogue and of multipliers."""

from fx.assets.services.catalogue import change_status, list_asset, load_catalogue
from fx.assets.services.multipliers import (
    KIND,
    InvalidMultiplier,
    MultiplierOutOfOrder,
    MultiplierOvertaken,
    MultiplierTooSoon,
    NoMultiplier,
    NothingScheduled,
    carry_out,
    propose_multiplier,
    schedule_multiplier,
)

__all__ = [
    "KIND",
    "InvalidMultiplier",
    "MultiplierOutOfOrder",
    "MultiplierOvertaken",
    "MultiplierTooSoon",
    "NoMultiplier",
    "NothingScheduled",
    "carry_out",
    "change_status",
    "list_asset",
    "load_catalogue",
    "propose_multiplier",
    "schedule_multiplier",
]
