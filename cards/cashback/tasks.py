"""The task's door to rewards."""

from datetime import datetime
from typing import Any
from uuid import UUID

from cards.cashback import services
from krak.core.outbox.registry import handles


@handles("cashback.settle")
def settle(*, payload: dict[str, Any], now: datetime) -> None:
    """Pay or take back what a purchase's reward has changed by."""
    services.settle(customer_id=UUID(payload["customer"]), group=payload["group"], now=now)
