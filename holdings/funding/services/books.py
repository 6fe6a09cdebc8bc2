"""Move a customer's money in from and out to what banks and chains hold for us."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from fx.prices import live
from holdings.ledger import services as ledger
from holdings.ledger.queries import beside, shown
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from holdings.lots import queries as lots_held
from holdings.lots import services as lots
from holdings.trading import services as trading
from krak.core.ids import uuid7
from krak.core.money import plain
from krak.core.transactions import takes_part
from krak.customers import queries as customers
from krak.notifications import services as notifications


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Base units that move, what made them, and what a statement says of it."""

    customer_id: UUID
    currency: str
    amount: Decimal
    cause: str
    kind: str
    details: Mapping[str, Any]
    event_at: datetime


@takes_part
def credit(movement: Movement, *, dust: Decimal = Decimal(0), now: datetime) -> UUID:
    """Credit what came in and return the entry; the customer's rules see it.

    `dust` came too, and is finer than the asset is held: the house's. The book must be locked.
    """
    currency = movement.currency
    account = ledger.account_of(customer_id=movement.customer_id, currency=currency)
    legs = [
        Leg(CREDIT, currency, movement.amount, account=account.id),
        Leg(DEBIT, currency, movement.amount + dust, house="CUSTODY"),
    ]
    if dust:
        legs.append(Leg(CREDIT, currency, dust, house="DUST"))
    entry = _post(movement, tuple(legs), now=now)
    lots.receive(
        [lots.Moved(movement.customer_id, currency, movement.amount, entry, movement.event_at)]
    )
    trading.promise_auto_convert(
        customer_id=movement.customer_id,
        currency=currency,
        amount=movement.amount,
        cause=movement.cause,
    )
    return entry


@takes_part
def debit(
    movement: Movement, *, fee: Decimal = Decimal(0), forced: bool = False, now: datetime
) -> UUID:
    """Take what goes out, and the fee on top, and return the entry. The book must be locked.

    `forced` for what a network, a bank or a provider has already: it may overdraw.
    """
    currency, whole = movement.currency, movement.amount + fee
    account = ledger.account_of(customer_id=movement.customer_id, currency=currency)
    legs = [
        Leg(DEBIT, currency, whole, account=account.id, forced=forced),
        Leg(CREDIT, currency, movement.amount, house="CUSTODY"),
    ]
    if fee:
        legs.append(Leg(CREDIT, currency, fee, house="FEES"))
    entry = _post(movement, tuple(legs), now=now)
    if currency != customers.home_currencies([movement.customer_id])[movement.customer_id]:
        there = lots_held.units_in_lots(customer_id=movement.customer_id).get(currency, Decimal(0))
        moved = min(whole, there) if forced else whole
        if moved > 0:
            lots.move_out(
                customer_id=movement.customer_id,
                currency=currency,
                units=moved,
                entry_id=entry,
                now=now,
            )
    return entry


@takes_part
def give_back(movement: Movement, *, fee: Decimal, taken_by: UUID, now: datetime) -> UUID:
    """Undo what the entry `taken_by` took, fee and all, and return the entry.

    Lots come back as old as they were. The book must be locked.
    """
    currency = movement.currency
    account = ledger.account_of(customer_id=movement.customer_id, currency=currency)
    legs = [
        Leg(CREDIT, currency, movement.amount + fee, account=account.id),
        Leg(DEBIT, currency, movement.amount, house="CUSTODY"),
    ]
    if fee:
        legs.append(Leg(DEBIT, currency, fee, house="FEES"))
    entry = _post(movement, tuple(legs), now=now)
    lots.bring_back(customer_id=movement.customer_id, moved_by=taken_by, entry_id=entry)
    # What had overdrawn when it was taken came from no lot, and is one now if it is there.
    lots.receive(
        [
            lots.Moved(
                movement.customer_id, currency, movement.amount + fee, entry, movement.event_at
            )
        ]
    )
    return entry


def _post(movement: Movement, legs: tuple[Leg, ...], *, now: datetime) -> UUID:
    entry = Entry(
        id=uuid7(),
        customer_id=movement.customer_id,
        cause=movement.cause,
        kind=movement.kind,
        event_at=movement.event_at,
        created_at=now,
        legs=legs,
        details=movement.details,
    )
    if not ledger.post(entry):
        raise RuntimeError(f"{movement.cause} was posted before")
    return entry.id


def as_shown(units: Decimal, currency: str, *, now: datetime) -> str:
    """Return base units as refusals say them."""
    return plain(shown(units, code=currency, board=live.current(), now=now).amount)


def told_of(currency: str, *, now: datetime, **units: Decimal) -> dict[str, str]:
    """Return base units as notices say them, each by its name, and of shares the multiplier."""
    multiplier = live.current().multiplier(currency, now)
    amounts = {name: plain(each * multiplier) for name, each in units.items()}
    return amounts | beside(multiplier, code=currency)


@takes_part
def tell(customer_id: UUID, kind: str, /, **facts: Any) -> None:
    """Have the customer told, once this transaction is committed."""
    notifications.promise(customer_id, kind, facts)
