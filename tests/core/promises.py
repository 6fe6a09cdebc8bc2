"""Messages as tests promise and claim them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from krak.core.ids import uuid7
from krak.core.outbox import services
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction


def nothing(*, payload: dict[str, Any], now: datetime) -> None:
    """Do nothing, successfully."""


def promised(topic: str, *, due_at: datetime | None = None) -> UUID:
    with transaction():
        services.promise(topic, {"it": str(uuid7())}, due_at=due_at)
    return OutboxMessage.objects.filter(topic=topic).latest("id").id


def claim_all() -> list[UUID]:
    # Tests that commit may have left messages of their own.
    return services.claim(most=100_000)
