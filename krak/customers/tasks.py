"""The worker's doors: ask who verifies, and let approvals run out."""

from datetime import datetime
from typing import Any
from uuid import UUID

from celery import shared_task

from krak.core import clock
from krak.core.outbox.registry import calls_out
from krak.core.transactions import transaction
from krak.customers import services


@calls_out("customers.verify")
def verify(*, payload: dict[str, Any], now: datetime) -> None:
    """Ask the provider about one application."""
    services.ask_provider(verification_id=UUID(payload["verification"]), now=now)


@shared_task(name="customers.expire_verifications")
def expire_verifications(**_newer: object) -> None:
    """End approvals whose time is over."""
    with transaction():
        services.expire(now=clock.now())
