"""The clock's and the outbox's doors to trading."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from celery import shared_task

from fx.prices import live
from holdings.trading.services import apply_auto_convert, orders, recurring
from krak.core import clock
from krak.core.outbox.registry import handles


@shared_task(name="trading.fill_orders")
def fill_orders(**_newer: object) -> None:
    """Fill the limit orders that the newest board has crossed; two at once do no harm."""
    orders.fill_crossed(board=live.current(), now=clock.now())


@shared_task(name="trading.run_recurring_buys")
def run_recurring_buys(**_newer: object) -> None:
    """Run the recurring buys that are due; two at once do no harm."""
    recurring.run_due(board=live.current(), now=clock.now())


@handles("trading.auto_convert")
def auto_convert(*, payload: dict[str, Any], now: datetime) -> None:
    """Let the customer's rule see money that came in."""
    apply_auto_convert(
        customer_id=UUID(payload["customer"]),
        currency=payload["currency"],
        amount=Decimal(payload["amount"]),
        cause=payload["cause"],
        now=now,
    )
