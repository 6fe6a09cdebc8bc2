"""How subscriptions and redemptions read in the list of everything that moved."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from holdings.activity.registry import Group, Moved, Words, reads
from holdings.primary.rules import CASH

_TITLES: Final = {
    "PRIMARY_SUBSCRIPTION": "Subscribed",
    "PRIMARY_REDEMPTION": "Redeemed",
}


def _settled(moved: Sequence[Moved]) -> Mapping[UUID, Words]:
    return {
        each.id: Words(
            title=" ".join([_TITLES[each.kind], *(code for code in each.changes if code != CASH)]),
            links={"primary_request": each.details["primary_request"]},
        )
        for each in moved
    }


for _kind, _title in _TITLES.items():
    reads(_kind, group=Group.TRADE, title=_title, describe=_settled)
