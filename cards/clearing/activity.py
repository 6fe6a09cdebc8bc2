"""How captures and refunds read in the list of everything that moved."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from cards.authorizations import queries as authorizations
from cards.clearing.models import CardTransaction
from cards.issuing import queries as issuing
from holdings.activity.registry import Group, Moved, Words, reads
from krak.core.compiled import compiled
from krak.core.ids import show

TITLES: Final = {
    "CAPTURE": "Card purchase",
    "REFUND": "Refund",
    "REFUND_REVERSAL": "Refund taken back",
}
CASH: Final = frozenset({"6010", "6011"})
"""Merchant categories of cash. Source: ISO 18245."""


def _transactions(moved: Sequence[Moved]) -> Mapping[UUID, Words]:
    rows = _posted(moved[0].customer_id, [each.id for each in moved])
    return {row.entry_id: _words(row) for row in rows}


@compiled
def _posted(customer_id: UUID, entry_ids: Sequence[UUID]) -> QuerySet[CardTransaction]:
    return CardTransaction.objects.filter(customer_id=customer_id, entry_id__any=entry_ids)


def _words(row: CardTransaction) -> Words:
    links = {
        "transaction": show(CardTransaction.PREFIX, row.id),
        "card": issuing.shown_card_id(row.card_id),
    }
    if row.authorization_id is not None:
        links["authorization"] = authorizations.shown_id(row.authorization_id)
    is_cash = row.kind == "CAPTURE" and row.mcc in CASH
    title = "Cash withdrawal" if is_cash else TITLES[row.kind]
    return Words(title=title, party=row.merchant_name, links=links)


for _kind, _title in TITLES.items():
    reads(_kind, group=Group.CARD, title=_title, describe=_transactions)
