"""How rewards read in the list of everything that moved."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from django.db.models import Q

from cards.cashback.models import Grant
from cards.clearing import queries as clearing
from holdings.activity.registry import Group, Moved, Words, reads
from krak.core.ids import show

TITLES: Final = {"CASHBACK": "Cashback", "CASHBACK_TAKEN_BACK": "Cashback taken back"}


def _rewards(moved: Sequence[Moved]) -> Mapping[UUID, Words]:
    customer_id, ids = moved[0].customer_id, [each.id for each in moved]
    grants = Grant.objects.filter(customer_id=customer_id).filter(
        Q(entry_id__in=ids) | Q(claw_backs__entry_id__in=ids)
    )
    by_entry = {
        entry_id: grant
        for grant in grants.distinct().prefetch_related("claw_backs")
        for entry_id in (grant.entry_id, *(back.entry_id for back in grant.claw_backs.all()))
    }
    merchants = clearing.merchants(
        customer_id=customer_id, groups={grant.group for grant in by_entry.values()}
    )
    return {
        each.id: Words(
            title=TITLES[each.kind],
            party=merchants.get(by_entry[each.id].group, ""),
            links={"cashback": show(Grant.PREFIX, by_entry[each.id].id)},
        )
        for each in moved
        if each.id in by_entry
    }


for _kind, _title in TITLES.items():
    reads(_kind, group=Group.CASHBACK, title=_title, describe=_rewards)
