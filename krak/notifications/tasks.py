"""The worker's door: `notifications.tell` with {customer, kind, facts} is promised by features.

`notifications.carry` is promised by the database, for notices that are in the inbox already.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from krak.core.outbox.registry import calls_out, handles_many
from krak.notifications import services


@handles_many("notifications.tell")
def tell(*, payloads: Sequence[dict[str, Any]], now: datetime) -> None:
    """Keep notices."""
    services.keep(
        (
            services.Told(UUID(payload["customer"]), payload["kind"], payload["facts"])
            for payload in payloads
        ),
        now=now,
    )


@handles_many("notifications.carry")
def carry(*, payloads: Sequence[dict[str, Any]], now: datetime) -> None:
    """Have notices carried out of the inbox."""
    services.carry(
        {UUID(payload["notification"]): UUID(payload["customer"]) for payload in payloads}, now=now
    )


@calls_out(services.TOPIC)
def deliver(*, payload: dict[str, Any], now: datetime) -> None:
    """Send one notice on one channel."""
    services.deliver(delivery_id=UUID(payload["delivery"]), now=now)
