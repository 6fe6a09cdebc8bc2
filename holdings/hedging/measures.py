"""Puts in force what the rules decided, where the market process reads it.

The state row of an asset says what should be in force; this is the one place that tells the
venues, for the reason RISK alone: halts and widenings that staff ordered are not touched.
"""

from datetime import datetime

from django.conf import settings

from fx.assets.queries import UnknownAsset
from fx.venues import services as venues
from fx.venues.rules import Reason, Sides
from holdings.hedging.rules.limits import Measures
from krak.core.transactions import takes_part


@takes_part
def put(code: str, measures: Measures, *, before: Measures, now: datetime) -> None:
    """Widen the asset's spread and stop its sides as decided; the same again changes nothing.

    An asset that the catalogue does not list is traded nowhere, so there is nobody to tell.
    `KRAK_RISK_MEASURES=0` tells nobody at all: the decision is kept and shown, no more.
    """
    if not settings.RISK_MEASURES:
        return
    try:
        if measures.widen_bps != before.widen_bps:
            venues.widen(code=code, reason=Reason.RISK, bps=measures.widen_bps, now=now)
        if _sides(measures) != _sides(before):
            venues.resume(code=code, reason=Reason.RISK, now=now)
            if sides := _sides(measures):
                venues.halt(
                    code=code,
                    reason=Reason.RISK,
                    note=f"The house's position has passed its limit: no {sides.lower()}.",
                    sides=sides,
                    now=now,
                )
    except UnknownAsset:
        return


def _sides(measures: Measures) -> Sides | None:
    """Return the customers' side that is stopped; a position has one sign, so never both."""
    if measures.stop_selling:
        return Sides.SELLING
    return Sides.BUYING if measures.stop_buying else None
