"""What the clock asks for: ending what nobody decided in time. Safe to run twice."""

from celery import shared_task

from krak.approvals import services
from krak.core import clock


@shared_task(name="approvals.expire")
def expire(**_newer: object) -> None:
    """End overdue proposals."""
    services.expire(now=clock.now())
