"""The task's door to disputes."""

from datetime import datetime
from typing import Any

from cards.disputes import services
from krak.core.inbox.registry import applies
from krak.stripe.events import read_amount, read_time


@applies("stripe", *services.COLUMN_OF)
def apply_event(*, body: dict[str, Any], now: datetime) -> None:
    """Note what was said of a dispute and move what follows."""
    dispute = body["data"]["object"]
    services.apply_event(
        services.DisputeEvent(
            type=body["type"],
            stripe_id=dispute["id"],
            transaction_stripe_id=dispute["transaction"],
            amount=read_amount(dispute["amount"], dispute["currency"]),
            status=dispute["status"],
            event_at=read_time(body),
        ),
        now=now,
    )
