"""Reads of rewards."""

from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet, Sum
from moneyed import Money

from cards.cashback.models import Grant
from krak.core.money import money


def value_granted(*, customer_id: UUID) -> Decimal:
    """Return the value of all rewards when granted, net of claw-backs, in card currency."""
    total: Decimal = Grant.objects.filter(customer_id=customer_id).aggregate(
        total=Sum("value_left", default=Decimal(0))
    )["total"]
    return total


def grants(*, customer_id: UUID) -> QuerySet[Grant]:
    """Return all rewards the customer was ever paid."""
    return Grant.objects.filter(customer_id=customer_id)


def grants_for(*, customer_id: UUID, group: str) -> QuerySet[Grant]:
    """Return the rewards of one purchase, in the order in which they were paid."""
    return Grant.objects.filter(customer_id=customer_id, group=group).order_by("number")


def totals(*, customer_id: UUID) -> list[Money]:
    """Return the value of all rewards when granted, net of claw-backs, per card currency."""
    sums = (
        Grant.objects.filter(customer_id=customer_id)
        .values("currency")
        .annotate(total=Sum("value_left"))
        .order_by("currency")
    )
    return [money(row["total"], row["currency"]) for row in sums]
