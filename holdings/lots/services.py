"""Units arrive in lots and leave them first in, first out."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from holdings.lots.models import Disposal, Lot
from krak.core.functions import call
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
    gain = call(
        "SELECT lots_take(%s::uuid, %s::text, %s::uuid, %s::numeric, %s::numeric, %s::timestamptz)",
        [customer_id, currency, entry_id, units, proceeds, now],
    )
    return Decimal(gain)


@takes_part
def move_out(
    *, customer_id: UUID, currency: str, units: Decimal, entry_id: UUID, now: datetime
) -> None:
    """Let `units` leave the oldest lots at what they cost: they are moved away, not sold.

    The customer's book must be locked. More units than the lots hold is refused by the database.
    """
    call(
        "SELECT lots_move(%s::uuid, %s::text, %s::uuid, %s::numeric, %s::timestamptz)",
        [customer_id, currency, entry_id, units, now],
    )


@takes_part
def bring_back(*, customer_id: UUID, moved_by: UUID, entry_id: UUID) -> Decimal:
    """Keep again, as old as it was and at what it cost, what the entry `moved_by` moved out.

    Returns how many units: 0 if it moved none.
    """
    gone = Disposal.objects.filter(customer_id=customer_id, entry_id=moved_by, is_move=True)
    units = Decimal(0)
    for part in gone.select_related("lot").order_by("lot__acquired_at", "lot_id"):
        add(
            customer_id=customer_id,
            currency=part.currency,
            units=part.units,
            cost=part.cost_basis,
            cost_currency=part.cost_currency,
            entry_id=entry_id,
            acquired_at=part.lot.acquired_at,
        )
        units += part.units
    return units
