"""What becomes of an order: sent once, answered or not, filled, ended.

Each note locks the asset's state first and the order after it, so nothing is netted meanwhile.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from holdings.hedging.gateway.base import Fill, Report
from holdings.hedging.models import HedgeFill, HedgeOrder, OrderState, RiskState
from holdings.hedging.rules.exposure import Side, base_units
from holdings.hedging.services.states import lock_states
from krak.cases.services import open_case
from krak.core.errors import DomainError, Kind
from krak.core.ids import show
from krak.core.outbox.services import promise
from krak.core.transactions import takes_part, transaction
from krak.customers.models import User

SURELY_DEAD_AFTER: Final = timedelta(seconds=15)
"""After an order's deadline: clocks may differ, and a venue may list late what it took."""
UNKNOWN_FOR: Final = timedelta(seconds=60)
"""An order of which nobody knows anything for so long after its deadline is a case."""
_LONGEST: Final = 300


class AlreadyEnded(DomainError):
    """The order has ended, so there is nothing to cancel."""

    code = "hedging.already_ended"
    title = "This order has ended."
    kind = Kind.CONFLICT


class CancelWithoutReason(DomainError):
    """Staff cancel an order and do not say why."""

    code = "hedging.reason_missing"
    title = "Cancelling an order needs a reason."


@transaction
def begin_sending(*, order_id: UUID, now: datetime) -> HedgeOrder | None:
    """Mark an order as being sent and return it, or None if it must not be sent.

    Once only: whoever comes second cannot know whether the first one's call arrived, so the order
    is asked after, not sent again. One whose deadline has passed is not sent at all.
    """
    order, _state = _lock(order_id)
    if order.state != OrderState.INTENDED:
        return None
    if order.deadline <= now:
        _end(order, OrderState.EXPIRED, now=now, error="not sent in time")
        return None
    order.state, order.sent_at = OrderState.SENT, now
    order.save(update_fields=["state", "sent_at"])
    return order


@transaction
def note_accepted(*, order_id: UUID, venue_order_id: str) -> None:
    """Keep the venue's id of an order that it took, and ask at once what was filled.

    What the venue does not list yet, the next rounds ask for.
    """
    order, _state = _lock(order_id)
    order.venue_order_id = venue_order_id
    order.save(update_fields=["venue_order_id"])
    promise("hedging.follow", {"order": str(order.id)})


@transaction
def note_refused(*, order_id: UUID, error: str, passing: bool, now: datetime) -> None:
    """End an order that the venue certainly did not take.

    A refusal that passes is tried anew by the next round; any other is a case, and the asset is
    left alone for a while.
    """
    order, _state = _lock(order_id)
    if order.ended_at is not None:
        return
    _end(order, OrderState.EXPIRED if passing else OrderState.REJECTED, now=now, error=error)
    if not passing:
        open_case(
            kind="HEDGE_REJECTED", subject=show(HedgeOrder.PREFIX, order.id), customer_id=None,
            now=now, order=str(order), venue=order.venue, error=error,
        )  # fmt: skip


@transaction
def note_unsure(*, order_id: UUID, error: str, now: datetime) -> None:
    """Keep that nobody knows what became of an order; long after its deadline that is a case."""
    order, _state = _lock(order_id)
    if order.ended_at is not None:
        return
    if order.state == OrderState.SENT:
        order.state = OrderState.UNKNOWN
    order.last_error = error[:_LONGEST]
    order.save(update_fields=["state", "last_error"])
    if now > order.deadline + UNKNOWN_FOR:
        open_case(
            kind="HEDGE_UNKNOWN", subject=show(HedgeOrder.PREFIX, order.id), customer_id=None,
            now=now, order=str(order), venue=order.venue, error=error,
        )  # fmt: skip


@transaction
def note_report(*, order_id: UUID, report: Report | None, now: datetime) -> None:
    """Record what the venue says of an order: each fill once, and where the order stands.

    None says that the venue does not know it. Before its deadline that means nothing; long enough
    after, that it never arrived and never will. An order ends only when all its fills are known.
    """
    order, state = _lock(order_id)
    filled = _record_fills(order, state, report.fills if report else (), now=now)
    if report is None:
        if order.ended_at is None and now > order.deadline + SURELY_DEAD_AFTER:
            after = OrderState.PARTLY_FILLED if filled else OrderState.EXPIRED
            _end(order, after, now=now, error="the venue does not know it")
        return
    order.venue_order_id = report.order_id
    if filled >= order.quantity and not report.open:
        after = OrderState.FILLED
    elif filled:
        after = OrderState.PARTLY_FILLED
    else:
        after = OrderState.EXPIRED
    if report.complete or order.ended_at is not None:
        _end(order, after, now=order.ended_at or now)
    else:
        order.state = OrderState.PARTLY_FILLED if filled else OrderState.SENT
        order.save(update_fields=["state", "venue_order_id"])


@transaction
def cancel(*, order_id: UUID, reason: str, by: User, now: datetime) -> None:
    """End an order that was not sent yet; have the venue end one that was.

    Raises:
        CancelWithoutReason: the reason is empty.
        AlreadyEnded: there is nothing to cancel.
    """
    if not reason.strip():
        raise CancelWithoutReason
    order, _state = _lock(order_id)
    if order.ended_at is not None:
        raise AlreadyEnded(order=show(HedgeOrder.PREFIX, order.id))
    order.cancel_reason, order.cancel_asked_by = reason.strip(), by
    order.save(update_fields=["cancel_reason", "cancel_asked_by"])
    if order.state == OrderState.INTENDED:
        _end(order, OrderState.EXPIRED, now=now, error="cancelled before it was sent")
    else:
        promise("hedging.cancel", {"order": str(order.id)})


@takes_part
def _lock(order_id: UUID) -> tuple[HedgeOrder, RiskState]:
    asset = HedgeOrder.objects.values_list("asset", flat=True).get(id=order_id)
    state = lock_states([asset])[asset]
    return HedgeOrder.objects.select_for_update(no_key=True).get(id=order_id), state


def _end(order: HedgeOrder, state: OrderState, *, now: datetime, error: str = "") -> None:
    order.state, order.ended_at = state, now
    order.last_error = error[:_LONGEST] or order.last_error
    order.save(update_fields=["state", "ended_at", "last_error", "venue_order_id"])


def _record_fills(
    order: HedgeOrder, state: RiskState, fills: tuple[Fill, ...], *, now: datetime
) -> Decimal:
    """Write down the fills that are new, put them into the book, and return all that was filled."""
    known = dict(order.fills.values_list("venue_fill_id", "quantity"))
    sign = Side(order.side).sign
    for fill in fills:
        if fill.id in known:
            continue
        known[fill.id] = fill.quantity
        units = base_units(fill.quantity, order.multiplier)
        HedgeFill.objects.create(
            order=order, asset=order.asset, venue=order.venue, venue_fill_id=fill.id,
            side=order.side, quantity=fill.quantity, units=units, price=fill.price,
            cost=fill.cost, fee=fill.fee, filled_at=fill.at, recorded_at=now,
        )  # fmt: skip
        state.book = state.book.moved(sign * units, sign * fill.cost).paid(fill.fee)
    state.save(update_fields=["units", "cost_usd", "realised_usd"])
    return sum(known.values(), Decimal(0))
