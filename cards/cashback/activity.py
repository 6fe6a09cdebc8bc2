"""How rewards read in the list of everything that moved."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from cards.cashback.models import ClawBack, Grant
from cards.clearing import queries as clearing
from holdings.activity.registry import Group, Moved, Words, reads
from krak.core.compiled import compiled
from krak.core.ids import show

TITLES: Final = {"CASHBACK": "Cashback", "CASHBACK_TAKEN_BACK": "Cashback taken back"}


def _paid(moved: Sequence[Moved]) -> Mapping[UUID, Words]:
    grants = _grants_of(moved[0].customer_id, [each.id for each in moved])
    return _words(moved, {grant.entry_id: grant for grant in grants})


def _taken_back(moved: Sequence[Moved]) -> Mapping[UUID, Words]:
    claw_backs = _claw_backs_of(moved[0].customer_id, [each.id for each in moved])
    return _words(moved, {back.entry_id: back.grant for back in claw_backs})


@compiled
def _grants_of(customer_id: UUID, entry_ids: Sequence[UUID]) -> QuerySet[Grant]:
    return Grant.objects.filter(customer_id=customer_id, entry_id__any=entry_ids)


@compiled
def _claw_backs_of(customer_id: UUID, entry_ids: Sequence[UUID]) -> QuerySet[ClawBack]:
    found = ClawBack.objects.filter(customer_id=customer_id, entry_id__any=entry_ids)
    return found.select_related("grant")


def _words(moved: Sequence[Moved], grants: Mapping[UUID, Grant]) -> Mapping[UUID, Words]:
    """Word entries, each by the grant that it is about."""
    merchants = clearing.merchants(
        customer_id=moved[0].customer_id, groups={grant.group for grant in grants.values()}
    )
    return {
        each.id: Words(
            title=TITLES[each.kind],
            party=merchants.get(grants[each.id].group, ""),
            links={"cashback": show(Grant.PREFIX, grants[each.id].id)},
        )
        for each in moved
        if each.id in grants
    }


for _kind, _describe in (("CASHBACK", _paid), ("CASHBACK_TAKEN_BACK", _taken_back)):
    reads(_kind, group=Group.CASHBACK, title=TITLES[_kind], describe=_describe)
