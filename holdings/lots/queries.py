"""Reads of lots and disposals."""

from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from holdings.lots.models import Disposal, Lot


def realised_gains(*, customer_id: UUID) -> dict[str, Decimal]:
    """Return the gain realised so far per currency sold, in the customer's home currency."""
    rows = (
        Disposal.objects.filter(customer_id=customer_id)
        .values("currency")
        .annotate(total=Sum("gain"))
        .values_list("currency", "total")
    )
    return dict(rows)


def units_in_lots(*, customer_id: UUID) -> dict[str, Decimal]:
    """Return the base units left in lots per currency; they equal what the ledger has posted."""
    rows = (
        Lot.objects.filter(customer_id=customer_id, remaining__gt=0)
        .values("currency")
        .annotate(total=Sum("remaining"))
        .values_list("currency", "total")
    )
    return dict(rows)
