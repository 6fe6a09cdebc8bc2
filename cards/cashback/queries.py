"""Reads of rewards."""

from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from cards.cashback.models import Grant


def value_granted(*, customer_id: UUID) -> Decimal:
    """Return the value of all rewards when granted, net of claw-backs, in card currency."""
    total: Decimal = Grant.objects.filter(customer_id=customer_id).aggregate(
        total=Sum("value_left", default=Decimal(0))
    )["total"]
    return total
