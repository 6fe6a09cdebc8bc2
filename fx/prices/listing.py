"""What the database says about assets and venues, as of the last time it could be asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fx.assets.queries import all_facts, kraken_names, mints, multiplier_rows
from fx.assets.rules import (
    LEAD_TIME,
    Activation,
    AssetFacts,
    MultiplierRow,
    changes,
    from_now_on,
    multiplier_at,
)
from fx.prices.merging import Conditions
from fx.prices.rules import EPOCH
from fx.venues import queries as venues
from fx.venues.rules import (
    HALT_MARGIN,
    Calendar,
    Measures,
    Trading,
    halted_around,
    is_working_day,
    shipped_calendar,
)

LISTING_TRUSTED: Final = (LEAD_TIME - HALT_MARGIN) * 2 / 3
"""A listing older than this may lack a multiplier whose halt is about to begin.

The third that is left is for boards on their way: shares' prices are stale after a minute.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Everything but prices that a board is built from."""

    read_at: datetime = EPOCH
    assets: Mapping[str, AssetFacts] = field(default_factory=dict)
    multipliers: Mapping[str, list[MultiplierRow]] = field(default_factory=dict)
    kraken_names: Mapping[str, str] = field(default_factory=dict)
    mints: Mapping[str, str] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=shipped_calendar)
    measures: Measures = field(default_factory=Measures)

    def conditions(self, now: datetime) -> dict[str, Conditions]:
        """Return what holds for every asset at `now`: hours, halts, spreads, multipliers."""
        open_now = {
            hours: self.calendar.is_open(hours, now)
            for hours in {asset.hours for asset in self.assets.values()}
        }
        holiday, no_reference = self.calendar.is_holiday(now), not is_working_day(now)
        ordered = self.measures.halted_at(now)
        outdated = now - self.read_at > LISTING_TRUSTED
        found = {}
        for code, asset in self.assets.items():
            rows = self.multipliers.get(code, [])
            unsettled = bool(rows) and halted_around(changes(rows), now)
            unsure = outdated and asset.properties.has_multiplier
            trading = Trading(buying=asset.status.buyable, selling=asset.status.tradable)
            for sides in ordered.get(code, ()):
                trading = trading.without(sides)
            found[code] = Conditions(
                is_open=open_now[asset.hours],
                wide=no_reference
                if asset.properties.is_cash
                else holiday and asset.hours == "24/5",
                extra_bps=self.measures.extra_bps.get(code, 0),
                halted=unsettled or unsure or not (trading.buying or trading.selling),
                buyable=trading.buying,
                sellable=trading.selling,
                multiplier=multiplier_at(rows, now),
                unsettled=unsettled,
            )
        return found

    def activations(self, now: datetime) -> dict[str, tuple[Activation, ...]]:
        """Return the multiplier in force at `now`, and those to come, of assets that have any."""
        ahead = ((code, from_now_on(rows, now)) for code, rows in self.multipliers.items())
        return {code: each for code, each in ahead if each}


def read_listing(now: datetime) -> Listing:
    """Read from the database what a board is built from."""
    return Listing(
        read_at=now,
        assets={asset.code: asset for asset in all_facts()},
        multipliers=multiplier_rows(),
        kraken_names=kraken_names(),
        mints=mints(),
        calendar=venues.calendar(),
        measures=venues.measures(now),
    )
