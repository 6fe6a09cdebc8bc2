"""The worker's door: features promise `notifications.tell` with {customer, kind, facts}."""

from datetime import datetime
from typing import Any
from uuid import UUID

from krak.core.outbox.registry import calls_out, handles
from krak.notifications import services


@handles("notifications.tell")
def tell(*, payload: dict[str, Any], now: datetime) -> None:
    """Keep one notice."""
    services.keep(
        customer_id=UUID(payload["customer"]),
        kind=payload["kind"],
        facts=payload["facts"],
        now=now,
    )


@calls_out(services.TOPIC)
def deliver(*, payload: dict[str, Any], now: datetime) -> None:
    """Send one notice on one channel."""
    services.deliver(delivery_id=UUID(payload["delivery"]), now=now)
