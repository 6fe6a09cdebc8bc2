"""The worker's door to privacy."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from celery import shared_task

from krak.core import clock
from krak.core.outbox.registry import handles
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once
from krak.core.transactions import let_statements_last, transaction
from krak.privacy import services

DAY: Final = timedelta(days=1)
SWEEP_LASTS: Final = timedelta(minutes=5)


@handles("privacy.sweep")
def sweep(*, payload: dict[str, Any], now: datetime) -> None:
    """Erase what takes whole tables to find, in more time than a request has."""
    let_statements_last(SWEEP_LASTS)
    services.sweep(erasure_id=UUID(payload["erasure"]), words=payload["words"], now=now)


@shared_task(name="privacy.forget_facts")
def forget_facts(**_newer: object) -> None:
    """Drop once a day what the law has let go of."""
    now = clock.now()

    def forget() -> None:
        with transaction():
            services.forget_facts(now=now)

    run_once(forget, job="privacy.forget_facts", slot=slot_of(now, DAY), now=now)
