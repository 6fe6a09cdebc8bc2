"""Units arrive in lots and leave them first in, first out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from holdings.lots.models import Disposal, Lot
from krak.core.functions import call
from krak.core.ids import uuid7
from krak.core.money import STORED_PLACES, floor_to
from krak.core.transactions import takes_part


@dataclass(frozen=True, slots=True)
class Arrival:
    """`units` (base units) that come in with an entry and cost `cost` in all."""

    customer_id: UUID
    currency: str
    units: Decimal
    cost: Decimal
    cost_currency: str
    entry_id: UUID
    acquired_at: datetime


@takes_part
def add(arrivals: Iterable[Arrival]) -> None:
    """Keep units that came in, of any customers, each as a new lot."""
    Lot.objects.bulk_create(_lot(arrival) for arrival in arrivals)


def _lot(arrival: Arrival) -> Lot:
    cost = floor_to(arrival.cost, STORED_PLACES)
    return Lot(
        id=uuid7(),
        customer_id=arrival.customer_id,
        currency=arrival.currency,
        quantity=arrival.units,
        remaining=arrival.units,
        cost=cost,
        cost_remaining=cost,
        cost_currency=arrival.cost_currency,
        acquired_at=arrival.acquired_at,
        entry_id=arrival.entry_id,
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
    parts = list(gone.select_related("lot").order_by("lot__acquired_at", "lot_id"))
    add(
        Arrival(
            customer_id=customer_id,
            currency=part.currency,
            units=part.units,
            cost=part.cost_basis,
            cost_currency=part.cost_currency,
            entry_id=entry_id,
            acquired_at=part.lot.acquired_at,
        )
        for part in parts
    )
    return sum((part.units for part in parts), Decimal(0))
