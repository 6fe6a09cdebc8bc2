"""The worker's door: customers are told of decisions, which promised it when they were posted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from cards.authorizations import services
from krak.core.outbox.registry import handles


@handles("authorizations.tell")
def tell(*, payload: dict[str, Any], now: datetime) -> None:
    """Tell of one decision."""
    services.tell(
        customer_id=UUID(payload["customer"]), decision_id=UUID(payload["decision"]), now=now
    )
