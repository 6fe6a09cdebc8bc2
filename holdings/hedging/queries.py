"""Reads of hedging: limits in force, open orders, and where the house stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import Sum

from fx.assets import catalogue
from fx.prices.rules import BASE, Board
from holdings.hedging.models import (
    HedgeOrder,
    OrderState,
    RiskLimit,
    RiskState,
    VenueInstrument,
)
from holdings.hedging.rules.exposure import (
    Exposure,
    Instrument,
    Limit,
    Mark,
    Side,
    base_units,
)
from holdings.ledger import queries as ledger

INVENTORY: Final = "INVENTORY"
AGAIN_AFTER_REFUSAL: Final = timedelta(minutes=5)
"""How long an asset is left alone after a venue refused its order."""


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that has not ended, and what of it was filled so far (shown units)."""

    order: HedgeOrder
    filled: Decimal

    @property
    def pending(self) -> Decimal:
        """What may still come of it, in base units: above zero what it buys."""
        rest = max(self.order.quantity - self.filled, Decimal(0))
        return Side(self.order.side).sign * base_units(rest, self.order.multiplier)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force at one moment."""

    by_asset: dict[str, Limit]
    by_kind: dict[str, Limit]

    def of(self, code: str) -> Limit | None:
        """Return the limit of an asset: its own, else its kind's, else None."""
        if found := self.by_asset.get(code):
            return found
        known = catalogue.known().get(code)
        return self.by_kind.get(known.kind.value) if known else None


def limits_in_force(*, now: datetime) -> Limits:
    """Return the newest limits that have begun."""
    rows = (
        RiskLimit.objects.filter(effective_at__lte=now)
        .order_by("asset", "kind", "-effective_at", "-id")
        .distinct("asset", "kind")
    )
    by_asset, by_kind = {}, {}
    for row in rows:
        if row.asset:
            by_asset[row.asset] = row.value
        else:
            by_kind[row.kind] = row.value
    return Limits(by_asset, by_kind)


def inventory() -> dict[str, Decimal]:
    """Return the balance of INVENTORY by asset, exact now, in base units; dollars are none."""
    return {
        account.currency: account.balance
        for account in ledger.house_balances(house=INVENTORY)
        if account.currency != BASE
    }


def open_orders() -> dict[str, OpenOrder]:
    """Return the open order of each asset that has one."""
    orders = HedgeOrder.objects.filter(ended_at=None).annotate(filled=Sum("fills__quantity"))
    return {order.asset: OpenOrder(order, order.filled or Decimal(0)) for order in orders}


def refused_lately(*, now: datetime) -> frozenset[str]:
    """Return the assets whose order was refused so lately that the next one should wait."""
    return frozenset(
        HedgeOrder.objects.filter(
            state=OrderState.REJECTED, ended_at__gt=now - AGAIN_AFTER_REFUSAL
        ).values_list("asset", flat=True)
    )


def instruments(*, venue: str) -> dict[str, Instrument]:
    """Return what a venue asks of orders, by asset."""
    return {row.asset: row.value for row in VenueInstrument.objects.filter(venue=venue)}


def mark_of(code: str, board: Board) -> Mark | None:
    """Return what the board says of an asset, or None."""
    price = board.price(code)
    return None if price is None else Mark(price.bid, price.ask, price.multiplier)


def breaks() -> list[str]:
    """Return the assets whose position is not the inventory taken over and all fills."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT asset FROM hedging_breaks()")
        return [asset for (asset,) in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything staff want to see of one asset's exposure; USD None without a price."""

    exposure: Exposure
    limit: Limit | None
    open_order: OpenOrder | None
    shown_units: Decimal | None
    usd: Decimal | None
    unrealised: Decimal | None


def standings(states: Iterable[RiskState], *, board: Board, now: datetime) -> dict[str, Standing]:
    """Return where the house stands in these assets: inventory as it is now, orders as known."""
    held, orders, limits = inventory(), open_orders(), limits_in_force(now=now)
    found = {}
    for state in states:
        code, order = state.asset, orders.get(state.asset)
        exposure = Exposure(
            inventory=held.get(code, Decimal(0)),
            hedged=state.units - state.inventory_units,
            pending=order.pending if order else Decimal(0),
        )
        mark = mark_of(code, board)
        found[code] = Standing(
            exposure=exposure,
            limit=limits.of(code),
            open_order=order,
            shown_units=exposure.position * mark.multiplier if mark else None,
            usd=mark.usd(exposure.position) if mark else None,
            unrealised=state.book.unrealised(mark.usd(state.units)) if mark else None,
        )
    return found


def to_follow(*, now: datetime, after: timedelta) -> list[HedgeOrder]:
    """Return open orders that were sent `after` ago or longer: the venue should know by now."""
    return list(HedgeOrder.objects.filter(ended_at=None, sent_at__lte=now - after).order_by("id"))
