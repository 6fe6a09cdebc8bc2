"""Where hedge orders are sent: Kraken, a paper venue in the sandbox, or nowhere."""

from functools import cache

from django.conf import settings

from holdings.hedging.gateway.base import Venue
from holdings.hedging.gateway.kraken import Kraken
from holdings.hedging.gateway.paper import Paper


def venue() -> Venue | None:
    """Return the venue that this process sends orders to; None sends none (`KRAK_EXECUTION`)."""
    return venue_named(settings.EXECUTION)


def venue_named(name: str) -> Venue | None:
    """Return the venue of that name, for orders that went there before a change of settings."""
    if name == Kraken.name:
        return _kraken(settings.KRAKEN_API_KEY, settings.KRAKEN_API_SECRET, settings.KRAKEN_API_URL)
    if name == Paper.name:
        return Paper(
            fill_percent=settings.PAPER_FILL_PERCENT, reject_percent=settings.PAPER_REJECT_PERCENT
        )
    return None


@cache
def _kraken(key: str, secret: str, url: str) -> Kraken:
    # One per process, for the sake of its connections.
    return Kraken(key=key, secret=secret, url=url)
