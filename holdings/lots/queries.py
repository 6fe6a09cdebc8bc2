"""Reads of lots and disposals."""

from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet, Sum

from holdings.lots.models import Disposal, Lot


def sales(*, customer_id: UUID) -> QuerySet[Disposal]:
    """Return what left the customer's lots for good: what was only moved is not in it."""
    return Disposal.objects.filter(customer_id=customer_id, is_move=False)


def realised_gains(*, customer_id: UUID) -> dict[str, Decimal]:
    """Return the gain realised so far per currency sold, in the customer's home currency."""
    rows = (
        sales(customer_id=customer_id)
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
