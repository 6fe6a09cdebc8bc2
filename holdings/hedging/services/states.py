"""The one place that locks an asset's state: what must be true of it is read after this."""

from collections.abc import Iterable

from holdings.hedging.models import RiskState
from krak.core.transactions import takes_part


@takes_part
def lock_states(codes: Iterable[str]) -> dict[str, RiskState]:
    """Lock the states of these assets in order of code, opened empty where there was none.

    The round, every note of what became of an order, and cancelling lock it first: so nobody
    nets while a fill is being recorded, and no two net at once.
    """
    wanted = sorted(set(codes))
    RiskState.objects.bulk_create([RiskState(asset=code) for code in wanted], ignore_conflicts=True)
    rows = RiskState.objects.select_for_update(no_key=True).filter(asset__in=wanted)
    return {state.asset: state for state in rows.order_by("asset")}
