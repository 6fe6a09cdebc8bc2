"""What is done about a position that grew too large: widen the spread, then stop one side.

With hysteresis, so that a position that trembles around a limit does not make the measures
flap: what came into force at a limit leaves it only when the position is a fifth below it.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from holdings.hedging.rules.exposure import Limit

RELEASE: Final = Decimal("0.8")
"""The part of a limit below which its measure ends."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What should be in force for an asset.

    The sides are the customers': while the house is too long, customers may not sell it more
    (`stop_selling`); while it is too short, they may not buy more from it (`stop_buying`).
    """

    widen_bps: int = 0
    stop_buying: bool = False
    stop_selling: bool = False

    @property
    def stops(self) -> bool:
        """Tell whether a side is stopped."""
        return self.stop_buying or self.stop_selling


NONE: Final = Measures()


def measures(deviation_usd: Decimal, limit: Limit, *, before: Measures) -> Measures:
    """Return what should be in force at a deviation from the target, given what was before.

    Open orders do not count here: until they are filled the risk is there.
    """
    size = abs(deviation_usd)
    wide = size > limit.widen_at or (before.widen_bps and size > limit.widen_at * RELEASE)
    return Measures(
        widen_bps=limit.widen_bps if wide else 0,
        stop_buying=_stops(-deviation_usd, limit, already=before.stop_buying),
        stop_selling=_stops(deviation_usd, limit, already=before.stop_selling),
    )


def _stops(grown: Decimal, limit: Limit, *, already: bool) -> bool:
    """Tell whether a side is stopped whose trades have made the deviation grow to `grown`."""
    return grown > (limit.stop_at * RELEASE if already else limit.stop_at)
