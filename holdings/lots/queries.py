"""Reads of lots and disposals."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Sum
from moneyed import Money

from holdings.lots.models import Disposal, Lot
from krak.core.money import money

_NOBODY: Final = UUID(int=0)
_LAST: Final = UUID(int=2**128 - 1)


def open_lots(*, customer_id: UUID, asset: str | None = None) -> QuerySet[Lot]:
    """Return the lots that something is left of, of one asset if named."""
    lots = Lot.objects.filter(customer_id=customer_id, remaining__gt=0)
    return lots if asset is None else lots.filter(currency=asset)


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


def breaks(*, after: UUID | None, last: UUID | None) -> list[tuple[UUID, str]]:
    """Prove lots: they are what is posted, or nothing if that is overdrawn or home currency.

    Of the customers after one, to another; None stands for before the first and after the last.
    Returns the (customer, currency) for which it is not so.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM lots_breaks(%s, %s)", [after or _NOBODY, last or _LAST])
        return [(customer_id, currency) for customer_id, currency in cursor.fetchall()]


def units_in_lots(*, customer_id: UUID) -> dict[str, Decimal]:
    """Return the base units left in lots per currency; they equal what the ledger has posted."""
    rows = (
        open_lots(customer_id=customer_id)
        .values("currency")
        .annotate(total=Sum("remaining"))
        .values_list("currency", "total")
    )
    return dict(rows)


@dataclass(frozen=True, slots=True)
class Realised:
    """What the lots that left in one entry had cost, and what that earned."""

    cost_basis: Money
    gain: Money


def realised_by(entry_ids: Collection[UUID], *, customer_id: UUID) -> dict[UUID, Realised]:
    """Return what these sales of the customer's realised; those that took no lots are left out.

    All lots that one sale takes from are reckoned in one currency.
    """
    rows = (
        Disposal.objects.filter(customer_id=customer_id, entry_id__in=entry_ids)
        .values("entry_id", "cost_currency")
        .annotate(cost=Sum("cost_basis"), earned=Sum("gain"))
        .values_list("entry_id", "cost_currency", "cost", "earned")
    )
    return {
        entry_id: Realised(money(cost, code), money(earned, code))
        for entry_id, code, cost, earned in rows
    }
