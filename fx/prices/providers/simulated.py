"""The sandbox's market as a provider: everything, once a second, from nothing but the time."""

from collections.abc import Iterator

from fx.assets.rules import multiplier_at
from fx.prices import simulation
from fx.prices.listing import Listing
from fx.prices.providers.base import Provider
from fx.prices.ticks import Tick
from krak.core.clock import now as the_time


class Simulated(Provider):
    """Serves every asset, and refuses to serve real money (`krak/settings.py`)."""

    name = "simulated"
    pause_seconds = 1.0

    def ticks(self) -> Iterator[Tick]:
        """Yield what the simulated market says now."""
        now = the_time()
        listing: Listing = self.listing()
        return simulation.ticks(
            listing.assets,
            multipliers={
                code: multiplier_at(rows, now) for code, rows in listing.multipliers.items()
            },
            calendar=listing.calendar,
            now=now,
        )
