"""How what moves for a dispute reads in the list of everything that moved."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from cards.disputes.models import Dispute
from holdings.activity.registry import Group, Moved, Words, reads
from krak.core.ids import show


def _disputes(moved: Sequence[Moved]) -> Mapping[UUID, Words]:
    found = {
        row.stripe_id: row
        for row in Dispute.objects.select_related("transaction").filter(
            customer_id=moved[0].customer_id,
            stripe_id__in={each.details.get("dispute", "") for each in moved},
        )
    }
    return {
        each.id: _words(each, found[each.details["dispute"]])
        for each in moved
        if each.details.get("dispute") in found
    }


def _words(moved: Moved, dispute: Dispute) -> Words:
    credited = any(amount > 0 for amount in moved.changes.values())
    is_provisional = credited and dispute.from_suspense > 0
    return Words(
        title="Dispute credited" if credited else "Dispute taken back",
        party=dispute.transaction.merchant_name,
        status="provisional" if is_provisional else "completed",
        links={"dispute": show(Dispute.PREFIX, dispute.id)},
    )


reads("DISPUTE", group=Group.DISPUTE, title="Dispute", describe=_disputes)
