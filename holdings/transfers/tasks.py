"""The clock's doors to transfers."""

from datetime import timedelta
from typing import Final

from celery import shared_task

from fx.prices import live
from holdings.transfers.services import passes
from krak.core import clock
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once

DELIVER_EVERY: Final = timedelta(seconds=30)
EXPIRE_EVERY: Final = timedelta(minutes=1)


@shared_task(name="transfers.deliver")
def deliver(**_newer: object) -> None:
    """Deliver what waited for its recipient, once per slot."""
    now = clock.now()
    run_once(
        lambda: passes.deliver_waiting(board=live.current(), now=now),
        job="transfers.deliver", slot=slot_of(now, DELIVER_EVERY), now=now,
    )  # fmt: skip


@shared_task(name="transfers.expire")
def expire(**_newer: object) -> None:
    """Return what nobody took, and end what nobody paid, once per slot."""
    now = clock.now()
    run_once(
        lambda: passes.expire_due(board=live.current(), now=now),
        job="transfers.expire", slot=slot_of(now, EXPIRE_EVERY), now=now,
    )  # fmt: skip
