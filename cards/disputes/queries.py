"""Reads of disputes."""

from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from cards.disputes.models import Dispute


def won(*, customer_id: UUID, group: str) -> Decimal:
    """Return what was won in disputes of a purchase; it earns no reward."""
    total: Decimal = Dispute.objects.filter(
        customer_id=customer_id,
        transaction__group=group,
        reinstated_at__isnull=False,
        rescinded_at=None,
    ).aggregate(total=Sum("reinstated_amount", default=Decimal(0)))["total"]
    return total
