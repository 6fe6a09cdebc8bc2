"""The worker's doors: ask who verifies, and let approvals run out."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from celery import shared_task

from krak.core import clock
from krak.core.outbox.registry import calls_out
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once
from krak.core.transactions import transaction
from krak.customers import services

EXPIRED_EVERY: Final = timedelta(hours=1)


@calls_out("customers.verify")
def verify(*, payload: dict[str, Any], now: datetime) -> None:
    """Ask the provider about one application."""
    services.ask_provider(verification_id=UUID(payload["verification"]), now=now)


@shared_task(name="customers.expire_verifications")
def expire_verifications(**_newer: object) -> None:
    """End approvals whose time is over, once an hour."""
    now = clock.now()

    def expire() -> None:
        with transaction():
            services.expire(now=now)

    run_once(
        expire, job="customers.expire_verifications", slot=slot_of(now, EXPIRED_EVERY), now=now
    )
