"""The clock's and the outbox's doors to hedging."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from celery import shared_task

from holdings.hedging import services
from holdings.hedging.gateway import venue, venue_named
from holdings.hedging.gateway.base import Refused, Ticket, Unsure, Venue
from holdings.hedging.models import HedgeOrder
from holdings.hedging.rules.exposure import Side
from holdings.ledger import services as ledger
from krak.core import clock
from krak.core.outbox.registry import calls_out
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once

ROUND: Final = timedelta(seconds=10)
ROUND_LASTS: Final = timedelta(seconds=60)
DAY: Final = timedelta(days=1)


@shared_task(name="hedging.net")
def net(**_newer: object) -> None:
    """Net the house's exposure once per slot, however many beats tick."""
    now = clock.now()

    def work() -> None:
        # So that reading INVENTORY adds up few waiting entries while assets are locked.
        ledger.roll_up_house()
        services.net(now=now)

    run_once(work, job="hedging.net", slot=slot_of(now, ROUND), now=now, lasts=ROUND_LASTS)


@shared_task(name="hedging.refresh_instruments")
def refresh_instruments(**_newer: object) -> None:
    """Read once a day what the venue asks of orders; a day that fails is tried at the next tick."""
    now, place = clock.now(), venue()
    if place is not None:
        run_once(
            lambda: read_instruments(place, now=now),
            job=f"hedging.refresh_instruments.{place.name}", slot=slot_of(now, DAY), now=now,
        )  # fmt: skip


def read_instruments(place: Venue, *, now: datetime) -> int:
    """Ask a venue for its instruments, and keep them; return how many there are."""
    found = list(place.instruments())
    return services.keep_instruments(venue=place.name, found=found, now=now)


@calls_out("hedging.send")
def send(*, payload: dict[str, Any], now: datetime) -> None:
    """Send an order, once; what became of it is asked afterwards."""
    order = services.begin_sending(order_id=UUID(payload["order"]), now=now)
    if order is None:
        return
    try:
        venue_order_id = _venue_of(order).place(_ticket(order), now=now)
    except Refused as answer:
        services.note_refused(order_id=order.id, error=str(answer), passing=answer.passing, now=now)
    except Unsure as silence:
        services.note_unsure(order_id=order.id, error=str(silence), now=now)
    else:
        services.note_accepted(order_id=order.id, venue_order_id=venue_order_id)


@calls_out("hedging.follow")
def follow(*, payload: dict[str, Any], now: datetime) -> None:
    """Ask the venue what became of an order; each round asks again until it has ended."""
    order = HedgeOrder.objects.get(id=payload["order"])
    if order.ended_at is None:
        _ask_after(order, now=now)


@calls_out("hedging.cancel")
def cancel(*, payload: dict[str, Any], now: datetime) -> None:
    """Have the venue end an order, and ask what was filled of it before."""
    order = HedgeOrder.objects.get(id=payload["order"])
    if order.ended_at is not None:
        return
    try:
        _venue_of(order).cancel(_ticket(order))
    except Unsure as silence:
        services.note_unsure(order_id=order.id, error=str(silence), now=now)
        raise
    _ask_after(order, now=now)


def _ask_after(order: HedgeOrder, *, now: datetime) -> None:
    try:
        report = _venue_of(order).find(_ticket(order))
    except Unsure as silence:
        services.note_unsure(order_id=order.id, error=str(silence), now=now)
    else:
        services.note_report(order_id=order.id, report=report, now=now)


def _venue_of(order: HedgeOrder) -> Venue:
    place = venue_named(order.venue)
    if place is None:
        raise LookupError(f"no venue is called {order.venue}")
    return place


def _ticket(order: HedgeOrder) -> Ticket:
    return Ticket(
        client_id=order.client_id,
        pair=order.pair,
        tokenized=order.tokenized,
        side=Side(order.side),
        quantity=order.quantity,
        limit_price=order.limit_price,
        deadline=order.deadline,
    )
