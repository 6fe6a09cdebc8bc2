"""The round: take over what customers traded, decide the measures, order what is to be hedged.

One transaction under the locks of all assets concerned. An order is written down and promised to
the outbox in it, so it is sent if and only if the round is committed; what was netted under the
lock cannot be netted again, because the next round finds the open order, or its fills.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from fx.prices import live
from fx.prices.rules import BASE, Board
from holdings.hedging import measures as in_force
from holdings.hedging import queries
from holdings.hedging.gateway import venue as configured_venue
from holdings.hedging.models import HedgeOrder, OrderState, RiskState, VenueInstrument
from holdings.hedging.queries import Limits, OpenOrder
from holdings.hedging.rules import limits as limit_rules
from holdings.hedging.rules.exposure import Exposure, Instrument, hedge
from holdings.hedging.services.states import lock_states
from krak.cases.services import open_case
from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.money import plain
from krak.core.outbox.services import promise
from krak.core.transactions import takes_part, transaction
from krak.customers.models import User

GOOD_FOR: Final = timedelta(seconds=30)
"""From writing an order down until no venue takes it any more. Kraken allows up to 60 s."""
FOLLOW_AFTER: Final = timedelta(seconds=2)
_ZERO: Final = Decimal(0)


class CannotHedge(DomainError):
    """There is nothing to order for the asset, or nowhere, or not now."""

    code = "hedging.cannot_hedge"
    title = "This asset cannot be hedged right now."
    kind = Kind.REFUSED


@dataclass(frozen=True, slots=True)
class _Scene:
    """What one round sees, read after the locks."""

    board: Board
    limits: Limits
    inventory: dict[str, Decimal]
    open_orders: dict[str, OpenOrder]
    instruments: dict[str, Instrument]
    refused: frozenset[str]
    venue: str | None
    now: datetime


@transaction
def net(*, now: datetime) -> int:
    """Net the exposure of every asset and return how many orders were written down.

    Orders that were sent are promised to be asked after. Safe to run at any moment, any number
    of times, side by side: the second one waits for the first one's locks and finds it done.
    """
    codes = set(queries.inventory()) | set(RiskState.objects.values_list("asset", flat=True))
    states = lock_states(codes - {BASE})
    scene = _look(now)
    for order in queries.to_follow(now=now, after=FOLLOW_AFTER):
        promise("hedging.follow", {"order": str(order.id)})
    _drop_unsent(scene.open_orders.values(), now=now)
    orders: list[HedgeOrder] = []
    changed = []
    for state in states.values():
        book, in_force_before = state.book, state.measures
        exposure = _take_over(state, scene)
        if exposure is None:
            continue
        _decide_measures(state, exposure, scene)
        if (state.book, state.measures) != (book, in_force_before):
            changed.append(state)
        needed = _order_for(state.asset, exposure, scene)
        if isinstance(needed, HedgeOrder):
            orders.append(needed)
    _save(changed)
    _intend(orders)
    return len(orders)


@transaction
def hedge_now(*, asset: str, reason: str, by: User, now: datetime) -> HedgeOrder:
    """Order what brings an asset to its target, though it is within its band; staff ask for it.

    Raises:
        CannotHedge: an order is open, or nothing can be or need be ordered; it says why.
    """
    if not reason.strip():
        raise CannotHedge("Say why.")
    states = lock_states([asset])
    scene = _look(now)
    exposure = _take_over(states[asset], scene)
    if exposure is None:
        raise CannotHedge(f"The board has no price of {asset}.")
    order = _order_for(asset, exposure, scene, ignore_band=True, reason=reason.strip(), by=by)
    if not isinstance(order, HedgeOrder):
        raise CannotHedge(order)
    _save(states.values())
    _intend([order])
    return order


@transaction
def keep_instruments(*, venue: str, found: Iterable[tuple[str, Instrument]], now: datetime) -> int:
    """Keep what a venue asks of orders; assets it no longer lists are forgotten."""
    rows = [
        VenueInstrument(
            id=uuid7(), venue=venue, asset=code, pair=each.pair,
            quantity_places=each.quantity_places,
            tick=each.tick, minimum_quantity=each.minimum_quantity,
            minimum_cost=each.minimum_cost, tokenized=each.tokenized, updated_at=now,
        )
        for code, each in found
    ]  # fmt: skip
    VenueInstrument.objects.filter(venue=venue).exclude(
        asset__in=[row.asset for row in rows]
    ).delete()
    VenueInstrument.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["venue", "asset"],
        update_fields=[
            "pair", "quantity_places", "tick", "minimum_quantity",
            "minimum_cost", "tokenized", "updated_at",
        ],
    )  # fmt: skip
    return len(rows)


@takes_part
def _look(now: datetime) -> _Scene:
    venue = configured_venue()
    return _Scene(
        board=live.current(),
        limits=queries.limits_in_force(now=now),
        inventory=queries.inventory(),
        open_orders=queries.open_orders(),
        instruments=queries.instruments(venue=venue.name) if venue else {},
        refused=queries.refused_lately(now=now),
        venue=venue.name if venue else None,
        now=now,
    )


def _take_over(state: RiskState, scene: _Scene) -> Exposure | None:
    """Put what customers' trades moved into the book, at the middle; None without a price."""
    mark = queries.mark_of(state.asset, scene.board)
    if mark is None:
        return None
    inventory = scene.inventory.get(state.asset, _ZERO)
    hedged = state.units - state.inventory_units
    if moved := inventory - state.inventory_units:
        state.book = state.book.moved(moved, mark.usd(moved))
        state.inventory_units, state.taken_over_at = inventory, scene.now
    order = scene.open_orders.get(state.asset)
    return Exposure(inventory, hedged, order.pending if order else _ZERO)


def _decide_measures(state: RiskState, exposure: Exposure, scene: _Scene) -> None:
    limit, mark, before = (
        scene.limits.of(state.asset),
        queries.mark_of(state.asset, scene.board),
        state.measures,
    )
    after = limit_rules.NONE
    if limit is not None and mark is not None:
        deviation = mark.usd(exposure.deviation(limit.target))
        after = limit_rules.measures(deviation, limit, before=before)
        if after.stops and not before.stops:
            open_case(
                kind="HEDGE_STOP", subject=f"{state.asset} {scene.now:%Y-%m-%d %H:%M:%S}",
                customer_id=None, now=scene.now, asset=state.asset,
                deviation_usd=plain(deviation), stop_at_usd=plain(limit.stop_at),
                stopped="selling" if after.stop_selling else "buying",
            )  # fmt: skip
    if after != before:
        state.measures, state.measures_at = after, scene.now
        in_force.put(state.asset, after, before=before, now=scene.now)


def _order_for(
    code: str,
    exposure: Exposure,
    scene: _Scene,
    *,
    ignore_band: bool = False,
    reason: str = "beyond the band",
    by: User | None = None,
) -> HedgeOrder | str:
    """Return the order that an asset needs, or why there is none."""
    why_not = _obstacle(code, scene, patient=not ignore_band)
    limit, mark = scene.limits.of(code), queries.mark_of(code, scene.board)
    if why_not or limit is None or mark is None or scene.venue is None:
        return why_not
    instrument = scene.instruments[code]
    wanted = hedge(exposure, limit, mark, instrument, ignore_band=ignore_band)
    if wanted is None:
        return "It is where it should be, or nearer than the venue's smallest order."
    return HedgeOrder(
        id=uuid7(), asset=code, venue=scene.venue, pair=instrument.pair,
        tokenized=instrument.tokenized, side=wanted.side.value, quantity=wanted.quantity,
        multiplier=mark.multiplier, limit_price=wanted.limit_price,
        deadline=scene.now + GOOD_FOR, reason=reason, asked_by=by, created_at=scene.now,
    )  # fmt: skip


def _obstacle(code: str, scene: _Scene, *, patient: bool) -> str:
    """Say what keeps an asset from being ordered at all, or nothing."""
    price = scene.board.price(code)
    # A side that customers may not trade does not keep the house from hedging: on the contrary.
    tradable = (
        price is not None
        and price.market_open
        and not price.halted
        and scene.board.is_fresh(code, scene.now)
    )
    obstacles = (
        (scene.venue is None, "This Krak sends no orders (KRAK_EXECUTION=none)."),
        (scene.limits.of(code) is None, "It has no limit."),
        (code in scene.open_orders, "An order is open."),
        (code not in scene.instruments, f"{scene.venue} does not trade it for USD."),
        (not tradable, "Its price is stale, it is halted, or its market is closed."),
        (patient and code in scene.refused, "The venue has just refused an order."),
    )
    return next((why for there, why in obstacles if there), "")


def _drop_unsent(orders: Iterable[OpenOrder], *, now: datetime) -> None:
    """End what was never sent in its time; the state's lock keeps a sender from it."""
    late = [
        each.order.id
        for each in orders
        if each.order.state == OrderState.INTENDED and each.order.deadline <= now
    ]
    HedgeOrder.objects.filter(id__in=late, state=OrderState.INTENDED).update(
        state=OrderState.EXPIRED, ended_at=now, last_error="not sent in time"
    )


def _save(states: Iterable[RiskState]) -> None:
    # An upsert of rows that are there: many times faster than Django's UPDATE of many rows.
    RiskState.objects.bulk_create(
        list(states),
        update_conflicts=True,
        unique_fields=["asset"],
        update_fields=[
            "inventory_units", "units", "cost_usd", "realised_usd", "widen_bps", "stop_buying",
            "stop_selling", "measures_at", "taken_over_at",
        ],
    )  # fmt: skip


def _intend(orders: list[HedgeOrder]) -> None:
    HedgeOrder.objects.bulk_create(orders)
    for order in orders:
        promise("hedging.send", {"order": str(order.id)})
