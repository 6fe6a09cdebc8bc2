"""What moved so far, as limits count it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet, Sum

from holdings.funding.models import (
    COUNTED,
    Deposit,
    Destination,
    Withdrawal,
)


@dataclass(frozen=True, slots=True)
class Moved:
    """What counts so far, in USD, of the UTC day and month of a moment."""

    day: Decimal
    month: Decimal


def withdrawn(*, customer_id: UUID, now: datetime) -> Moved:
    """Return what the customer has withdrawn or set out to. Final only under the book's lock."""
    return _moved(Withdrawal.objects.filter(customer_id=customer_id, state__in=COUNTED), now)


def deposited(*, customer_id: UUID, now: datetime) -> Moved:
    """Return what came in or may still come. Final only under the book's lock."""
    states = ("PENDING", "CREDITED")
    return _moved(Deposit.objects.filter(customer_id=customer_id, state__in=states), now)


def sent_while_new(*, destination: Destination) -> Decimal:
    """Return what was sent to a destination before it could be used in full, in USD."""
    return _sum(
        Withdrawal.objects.filter(
            customer_id=destination.customer_id,
            destination=destination,
            state__in=COUNTED,
            created_at__lt=destination.usable_at,
        )
    )


def _moved(rows: QuerySet[Deposit] | QuerySet[Withdrawal], now: datetime) -> Moved:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    month = rows.filter(created_at__gte=today.replace(day=1))
    return Moved(day=_sum(month.filter(created_at__gte=today)), month=_sum(month))


def _sum(rows: QuerySet[Deposit] | QuerySet[Withdrawal]) -> Decimal:
    total: Decimal = rows.aggregate(total=Sum("usd_value", default=Decimal(0)))["total"]
    return total
