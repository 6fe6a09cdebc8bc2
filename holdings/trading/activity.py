"""How conversions read in the list of everything that moved."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from holdings.activity.registry import Group, Moved, Words, reads
from holdings.trading.models import Trade
from krak.core.compiled import compiled
from krak.core.ids import show


def _conversions(moved: Sequence[Moved]) -> Mapping[UUID, Words]:
    trades = dict(_trades(moved[0].customer_id, [each.id for each in moved]))
    return {
        each.id: Words(
            title=_title(each.changes), links={"trade": show(Trade.PREFIX, trades[each.id])}
        )
        for each in moved
        if each.id in trades
    }


@compiled
def _trades(customer_id: UUID, entry_ids: Sequence[UUID]) -> QuerySet[Trade, tuple[UUID, UUID]]:
    found = Trade.objects.filter(customer_id=customer_id, entry_id__any=entry_ids)
    return found.values_list("entry_id", "id")


def _title(changes: Mapping[str, Decimal]) -> str:
    sold = [code for code, amount in changes.items() if amount < 0]
    bought = [code for code in changes if code not in sold]
    return f"{' '.join(sold)} → {' '.join(bought)}"


reads("CONVERSION", group=Group.TRADE, title="Conversion", describe=_conversions)
