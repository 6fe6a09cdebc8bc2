"""The worker's door: features promise `notifications.tell` with {customer, kind, facts}."""

from datetime import datetime
from typing import Any
from uuid import UUID

from krak.core.outbox.registry import handles
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
