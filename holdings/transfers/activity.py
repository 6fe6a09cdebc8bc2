"""How money between people reads in the list of everything that moved.

The journal keeps only which transfer it was: tags and notes stand in the transfer, which can
forget.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from holdings.activity.registry import Group, Moved, Search, Words, reads
from holdings.ledger.queries import ids_of_causes
from holdings.transfers.models import (
    PaymentLink,
    Request,
    Transfer,
    TransferKind,
    TransferState,
)
from holdings.transfers.services.telling import counterparty_tag
from krak.core.ids import read, show

TITLES: Final = {
    "TRANSFER_SENT": "Payment sent",
    "TRANSFER_RECEIVED": "Payment received",
    "TRANSFER_DELIVERED": "Payment delivered",
    "TRANSFER_RETURNED": "Payment returned",
}
_OTHERWISE: Final = {
    ("TRANSFER_SENT", TransferKind.REQUEST): "Request paid",
    ("TRANSFER_SENT", TransferKind.LINK): "Payment link",
    ("TRANSFER_RECEIVED", TransferKind.REQUEST): "Request paid to you",
    ("TRANSFER_RETURNED", TransferKind.LINK): "Payment link returned",
}


def _transfers(moved: Sequence[Moved]) -> Mapping[UUID, Words]:
    named = {each.id: read(Transfer.PREFIX, each.details["transfer"]) for each in moved}
    all_of_them = Transfer.objects.select_related("link").prefetch_related("request")
    found = all_of_them.in_bulk(set(named.values()))
    return {each.id: _words(each, found[named[each.id]]) for each in moved}


def _words(moved: Moved, transfer: Transfer) -> Words:
    tag = counterparty_tag(transfer, of=moved.customer_id)
    kind = TransferKind(transfer.kind)
    # What left may wait or have come back since; what came is there.
    left = moved.kind == "TRANSFER_SENT"
    return Words(
        title=_OTHERWISE.get((moved.kind, kind), TITLES[moved.kind]),
        party=f"${tag}" if tag else "",
        note=transfer.note,
        status=(TransferState(transfer.state) if left else TransferState.COMPLETED).lower(),
        links=_links(transfer, of=moved.customer_id),
        names_people=True,
    )


def _links(transfer: Transfer, *, of: UUID) -> dict[str, str]:
    links = {"transfer": transfer.shown_id}
    if transfer.kind == TransferKind.LINK and transfer.customer_id == of:
        links["payment_link"] = show(PaymentLink.PREFIX, transfer.link.id)
    if transfer.kind == TransferKind.REQUEST:
        links["payment_request"] = show(Request.PREFIX, transfer.request.id)
    return links


def _search(kind: str) -> Search:
    """Find the entries of a kind by the other one's tag and by the note."""
    came = kind == "TRANSFER_RECEIVED"
    cause = Concat(
        Value("transfer:"), Cast("id", CharField()), Value(f":{kind.partition('_')[2].lower()}")
    )

    def found(customer_id: UUID, text: str) -> QuerySet[Any, UUID]:
        tag = text.removeprefix("$")
        whose, other = ("recipient", "sender_tag") if came else ("customer", "recipient_tag")
        mine = Transfer.objects.filter(
            Q(**{f"{other}__icontains": tag}) | Q(note__icontains=text), **{whose: customer_id}
        )
        causes = mine.annotate(its_cause=cause).values("its_cause")
        return ids_of_causes(causes, customer_id=customer_id)

    return found


for _kind, _title in TITLES.items():
    reads(_kind, group=Group.TRANSFER, title=_title, describe=_transfers, search=_search(_kind))
