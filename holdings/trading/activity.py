"""How conversions read in the list of everything that moved."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from holdings.activity.registry import Group, Moved, Words, reads
from holdings.trading.models import Trade
from krak.core.ids import show


def _conversions(moved: Sequence[Moved]) -> Mapping[UUID, Words]:
    trades = dict(
        Trade.objects.filter(entry_id__in=[each.id for each in moved]).values_list("entry_id", "id")
    )
    return {
        each.id: Words(
            title=_title(each.changes), links={"trade": show(Trade.PREFIX, trades[each.id])}
        )
        for each in moved
        if each.id in trades
    }


def _title(changes: Mapping[str, Decimal]) -> str:
    sold = [code for code, amount in changes.items() if amount < 0]
    bought = [code for code in changes if code not in sold]
    return f"{' '.join(sold)} → {' '.join(bought)}"


reads("CONVERSION", group=Group.TRADE, title="Conversion", describe=_conversions)
