"""The clock's and the outbox's doors to trading."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from celery import shared_task

from fx.assets import services as listing
from fx.prices import live
from fx.prices.rules import LONG_WITHOUT_PRICE
from holdings.trading.services import Waits, apply_auto_convert, delisting, orders, recurring
from krak.core import clock
from krak.core.outbox import services as outbox
from krak.core.outbox.registry import handles


@shared_task(name="trading.fill_orders")
def fill_orders(**_newer: object) -> None:
    """Fill the limit orders that the newest board has crossed; two at once do no harm."""
    orders.fill_crossed(board=live.current(), now=clock.now())


@shared_task(name="trading.run_recurring_buys")
def run_recurring_buys(**_newer: object) -> None:
    """Run the recurring buys that are due; two at once do no harm."""
    recurring.run_due(board=live.current(), now=clock.now())


@shared_task(name="trading.convert_delisted")
def convert_delisted(**_newer: object) -> None:
    """Turn into cash what is left of all that was delisted; two at once do no harm.

    Before that, whoever holds what is next is reminded.
    """
    listing.remind_of_delistings(now=clock.now())
    delisting.convert_what_is_left(board=live.current(), now=clock.now())


@handles(listing.ANNOUNCED)
def tell_of_delisting(*, payload: dict[str, Any], now: datetime) -> None:
    """Tell those whom it concerns that an asset is being delisted, some hundred at a time."""
    _tell(listing.ANNOUNCED, payload, now=now)


@handles(listing.NEAR)
def tell_that_it_is_near(*, payload: dict[str, Any], now: datetime) -> None:
    """Tell whoever holds it now that an asset becomes cash soon."""
    _tell(listing.NEAR, payload, now=now)


@handles(listing.CALLED_OFF)
def tell_that_it_stays(*, payload: dict[str, Any], now: datetime) -> None:
    """Tell the same people that it stays."""
    _tell(listing.CALLED_OFF, payload, now=now)


@handles("trading.auto_convert")
def auto_convert(*, payload: dict[str, Any], now: datetime) -> None:
    """Let the customer's rule see money that came in; without a price it waits for one."""
    try:
        apply_auto_convert(
            customer_id=UUID(payload["customer"]),
            currency=payload["currency"],
            amount=Decimal(payload["amount"]),
            cause=payload["cause"],
            waits=outbox.waited_for(payload, now=now) < LONG_WITHOUT_PRICE,
            now=now,
        )
    except Waits:
        outbox.put_off("trading.auto_convert", payload, now=now)


def _tell(topic: str, payload: dict[str, Any], *, now: datetime) -> None:
    after = payload["after"]
    delisting.tell_of(
        topic,
        delisting_id=UUID(payload["delisting"]),
        after=None if after is None else UUID(after),
        now=now,
    )
