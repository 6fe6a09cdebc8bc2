"""The task's door to rewards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from cards.cashback import services
from krak.core.outbox.registry import handles_many


@handles_many("cashback.settle")
def settle(*, payloads: Sequence[dict[str, Any]], now: datetime) -> None:
    """Pay or take back what purchases' rewards have changed by."""
    services.settle(
        ((UUID(payload["customer"]), payload["group"]) for payload in payloads), now=now
    )
