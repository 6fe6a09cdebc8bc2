"""Units arrive in lots and leave them first in, first out."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from holdings.lots.models import Lot
from krak.core.ids import uuid7
from krak.core.money import STORED_PLACES, floor_to
from krak.core.transactions import takes_part


@takes_part
def add(
    *,
    customer_id: UUID,
    currency: str,
    units: Decimal,
    cost: Decimal,
    cost_currency: str,
    entry_id: UUID,
    acquired_at: datetime,
) -> None:
    """Keep `units` (base units) that came in with an entry as a new lot that cost `cost` in all."""
    cost = floor_to(cost, STORED_PLACES)
    Lot.objects.create(
        id=uuid7(),
        customer_id=customer_id,
        currency=currency,
        quantity=units,
        remaining=units,
        cost=cost,
        cost_remaining=cost,
        cost_currency=cost_currency,
        acquired_at=acquired_at,
        entry_id=entry_id,
    )


@takes_part
def take(
    *,
    customer_id: UUID,
    currency: str,
    units: Decimal,
    proceeds: Decimal,
    entry_id: UUID,
    now: datetime,
) -> Decimal:
    """Let `units` leave the oldest lots and return the gain, in the lots' cost currency.

    The customer's book must be locked. More units than the lots hold is refused by the database.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lots_take(%s, %s, %s, %s, %s, %s)",
            [customer_id, currency, entry_id, units, proceeds, now],
        )
        return Decimal(cursor.fetchone()[0])
