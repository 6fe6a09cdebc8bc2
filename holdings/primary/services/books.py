"""What a request sets aside, and the one entry that it ends in."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from fx.assets import queries as assets
from fx.prices import live
from holdings.ledger import services as ledger
from holdings.ledger.rules import Entry
from holdings.lots import queries as lots_held
from holdings.lots import services as lots
from holdings.primary.models import Request
from holdings.primary.rules import CASH, CASH_PLACES, Fill, Part, Side, legs_of, split_dust
from krak.core.ids import show, uuid7
from krak.core.money import plain
from krak.core.transactions import takes_part
from krak.customers import queries as customers


@dataclass(frozen=True, slots=True)
class Settled:
    """What an entry booked: what the customer gave and got, in dollars and base units."""

    entry_id: UUID
    units: Decimal
    cash: Decimal


@takes_part
def set_aside(request: Request, amount: Decimal, *, now: datetime) -> None:
    """Make what is set aside for a request exactly `amount`. The book must be locked."""
    account = ledger.account_of(customer_id=request.customer_id, currency=request.gives)
    ledger.set_hold(
        customer_id=request.customer_id,
        account_id=account.id,
        reference=request.hold_reference,
        amount=amount,
        now=now,
    )


@takes_part
def settle(request: Request, fill: Fill, *, now: datetime) -> Settled:
    """Book what the issuer did, which fits the request: one entry, lots out, a lot in.

    The book must be locked. What was set aside is free before, and taken by force: the issuer has
    it already.
    """
    set_aside(request, Decimal(0), now=now)
    subscribing = request.side == Side.SUBSCRIPTION
    places = assets.facts(request.asset).decimals if subscribing else CASH_PLACES
    got, dust = split_dust(fill.units if subscribing else fill.cash, places=places)
    entry = _post(request, fill, got=got, dust=dust, now=now)
    given = lots.Moved(request.customer_id, request.gives, request.given, entry, now)
    if subscribing:
        lots.spend([given])
        _open_lot(request, got, entry, now=now)
        return Settled(entry, units=got, cash=request.given)
    _sell_lots(given, proceeds=got)
    lots.receive([lots.Moved(request.customer_id, CASH, got, entry, now)])
    return Settled(entry, units=request.given, cash=got)


@takes_part
def _post(request: Request, fill: Fill, *, got: Decimal, dust: Decimal, now: datetime) -> UUID:
    owner = request.customer_id
    accounts = ledger.accounts_of([(owner, request.gives), (owner, request.gets)])
    entry = Entry(
        id=uuid7(),
        customer_id=owner,
        cause=f"primary:{request.id}",
        kind=f"PRIMARY_{request.side}",
        event_at=now,
        created_at=now,
        legs=legs_of(
            Part(request.gives, request.given, accounts[owner, request.gives].id),
            Part(request.gets, got, accounts[owner, request.gets].id),
            dust=dust,
        ),
        details={
            "primary_request": show(Request.PREFIX, request.id),
            "issuer": request.issuer,
            "issuer_reference": request.issuer_reference,
            "price": plain(fill.price),
        },
    )
    if not ledger.post(entry):
        raise RuntimeError(f"{entry.cause} was posted before")
    return entry.id


@takes_part
def _open_lot(request: Request, units: Decimal, entry_id: UUID, *, now: datetime) -> None:
    """Keep what was minted at what it cost: the cash, in the home currency."""
    home = customers.home_currencies([request.customer_id])[request.customer_id]
    lots.add(
        [
            lots.Arrival(
                customer_id=request.customer_id,
                currency=request.asset,
                units=units,
                cost=lots.worth(request.given, CASH, home, board=live.current()),
                cost_currency=home,
                entry_id=entry_id,
                acquired_at=now,
            )
        ]
    )


@takes_part
def _sell_lots(given: lots.Moved, *, proceeds: Decimal) -> None:
    """Let what was burned leave its lots for its share of the cash; what overdraws was in none."""
    there = lots_held.units_in_lots(customer_id=given.customer_id).get(given.currency, Decimal(0))
    sold = min(given.units, there)
    if sold > 0:
        lots.sell(
            lots.Moved(given.customer_id, given.currency, sold, given.entry_id, given.at),
            proceeds=proceeds if sold == given.units else proceeds * sold / given.units,
            cash=CASH,
        )
