"""The worker's door: customers are told of decisions, which promised it when they were posted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from cards.authorizations import services
from krak.core.outbox.registry import handles_many


@handles_many("authorizations.tell")
def tell(*, payloads: Sequence[dict[str, Any]], now: datetime) -> None:
    """Tell of decisions."""
    services.tell(
        {UUID(payload["decision"]): UUID(payload["customer"]) for payload in payloads}, now=now
    )
