"""The worker's door to exports."""

from datetime import datetime
from typing import Any
from uuid import UUID

from krak.core.outbox.registry import calls_out
from krak.exports import services


@calls_out("exports.step")
def step(*, payload: dict[str, Any], now: datetime) -> None:
    """Do one batch. Nobody outside is called, but its snapshot is a transaction of its own."""
    services.step(export_id=UUID(payload["export"]), number=payload["number"], now=now)
