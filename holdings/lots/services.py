"""Units arrive in lots and leave them first in, first out.

Everything is in lots but the home currency, in which their cost and gains are reckoned.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from fx.prices import live
from fx.prices.rules import Board, NoPrice
from holdings.lots.models import Disposal, Lot
from krak.core.errors import DomainError, Kind
from krak.core.functions import call
from krak.core.ids import uuid7
from krak.core.money import STORED_PLACES, floor_to, places_of, plain
from krak.core.transactions import takes_part
from krak.customers import queries as customers

_RECEIVE: Final = """
SELECT count(lots_receive((a->>'customer')::uuid, (a->>'lot')::uuid, a->>'currency',
                          (a->>'entry')::uuid, (a->>'units')::numeric, (a->>'cost')::numeric,
                          a->>'cost_currency', (a->>'at')::timestamptz))
  FROM jsonb_array_elements(%s::jsonb) AS _(a)
"""


class NoPricesYet(DomainError):
    """This process has no board at all: it has just started, and nobody publishes prices."""

    code = "lots.no_prices_yet"
    title = "There are no prices yet; try again in a moment."
    kind = Kind.UNAVAILABLE


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
    """Keep units that entries have credited, of any customers, each as a new lot.

    What an overdraft swallowed is not kept. The customers' books must be locked.
    """
    told = [
        {
            "customer": str(arrival.customer_id),
            "lot": str(uuid7()),
            "currency": arrival.currency,
            "entry": str(arrival.entry_id),
            "units": plain(arrival.units),
            "cost": plain(floor_to(arrival.cost, STORED_PLACES)),
            "cost_currency": arrival.cost_currency,
            "at": arrival.acquired_at.isoformat(),
        }
        for arrival in arrivals
    ]
    if told:
        call(_RECEIVE, [json.dumps(told)])


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


@dataclass(frozen=True, slots=True)
class Moved:
    """Base units that a posted entry credited to a customer, or debited, at a moment."""

    customer_id: UUID
    currency: str
    units: Decimal
    entry_id: UUID
    at: datetime


@takes_part
def receive(credited: Iterable[Moved]) -> None:
    """Keep what came in as lots at what it is worth, unless it is home currency.

    What an overdraft swallowed is not kept. The customers' books must be locked.
    """
    add(
        Arrival(
            customer_id=moved.customer_id,
            currency=moved.currency,
            units=moved.units,
            cost=worth(moved.units, moved.currency, home, board=live.current()),
            cost_currency=home,
            entry_id=moved.entry_id,
            acquired_at=moved.at,
        )
        for moved, home in _not_home(credited)
    )


@takes_part
def spend(debited: Iterable[Moved]) -> None:
    """Let what went out leave its lots for what it is worth, unless it is home currency.

    As far as lots go: what overdraws was in none. The customers' books must be locked.
    """
    for moved, home in _not_home(debited):
        call(
            "SELECT lots_spend(%s::uuid, %s::text, %s::uuid, %s::numeric, %s::numeric,"
            " %s::timestamptz)",
            [
                moved.customer_id, moved.currency, moved.entry_id, moved.units,
                worth(moved.units, moved.currency, home, board=live.current()), moved.at,
            ],
        )  # fmt: skip


@takes_part
def sell(sold: Moved, *, proceeds: Decimal, cash: str) -> None:
    """Let what was sold leave its lots for what `proceeds` of `cash` are worth at home.

    Unless it is home currency. More than the lots hold is refused by the database; the
    customer's book must be locked.
    """
    for moved, home in _not_home([sold]):
        take(
            customer_id=moved.customer_id,
            currency=moved.currency,
            units=moved.units,
            proceeds=worth(proceeds, cash, home, board=live.current()),
            entry_id=moved.entry_id,
            now=moved.at,
        )


def _not_home(entries: Iterable[Moved]) -> list[tuple[Moved, str]]:
    """Return what moved, and its customer's home currency, where that is another."""
    moves = list(entries)
    homes = customers.home_currencies(moved.customer_id for moved in moves)
    return [
        (moved, homes[moved.customer_id])
        for moved in moves
        if moved.currency != homes[moved.customer_id]
    ]


def worth(units: Decimal, currency: str, home: str, *, board: Board) -> Decimal:
    """Return what base units are worth in the home currency for tax, cut; 0 without a price.

    Raises:
        NoPricesYet: there is no price of anything, so that a worth of 0 would be a guess for good.
    """
    if not board.prices:
        raise NoPricesYet
    try:
        return floor_to(board.worth(units, currency, home), places_of(home))
    except NoPrice:
        return Decimal(0)


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
def bring_back(*, customer_id: UUID, moved_by: UUID, entry_id: UUID) -> None:
    """Keep again, as old as it was and at what it cost, what the entry `moved_by` moved out.

    The entry that brings it back has credited it; what an overdraft swallowed is not kept.
    """
    add(_moved_out(customer_id=customer_id, moved_by=moved_by, entry_id=entry_id))


@takes_part
def hand_back(*, customer_id: UUID, moved_by: UUID, entry_id: UUID) -> None:
    """Put what the entry `moved_by` moved out into lots again, to be disposed of at once.

    It is on its way elsewhere: the account has not got it back.
    """
    Lot.objects.bulk_create(
        Lot(
            customer_id=customer_id,
            currency=arrival.currency,
            quantity=arrival.units,
            remaining=arrival.units,
            cost=arrival.cost,
            cost_remaining=arrival.cost,
            cost_currency=arrival.cost_currency,
            acquired_at=arrival.acquired_at,
            entry_id=entry_id,
        )
        for arrival in _moved_out(customer_id=customer_id, moved_by=moved_by, entry_id=entry_id)
    )


def _moved_out(*, customer_id: UUID, moved_by: UUID, entry_id: UUID) -> list[Arrival]:
    gone = Disposal.objects.filter(customer_id=customer_id, entry_id=moved_by, is_move=True)
    return [
        Arrival(
            customer_id=customer_id,
            currency=part.currency,
            units=part.units,
            cost=part.cost_basis,
            cost_currency=part.cost_currency,
            entry_id=entry_id,
            acquired_at=part.lot.acquired_at,
        )
        for part in gone.select_related("lot").order_by("lot__acquired_at", "lot_id")
    ]
