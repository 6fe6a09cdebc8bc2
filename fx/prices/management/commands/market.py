"""`manage.py market`: the process that publishes a price board every second."""

import signal
import threading
import time
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from fx.prices.feed import Feed
from fx.prices.market import Market
from krak.core.clock import now

SECONDS = 1.0


class Command(BaseCommand):
    """Publish a board every second until told to stop."""

    help = "Publish the price board every second; in the sandbox from a simulated market."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run until SIGTERM or SIGINT."""
        if not settings.SANDBOX:
            raise CommandError("Outside the sandbox no provider of prices is configured.")
        stopping = threading.Event()

        def stop(_number: int, _frame: FrameType | None) -> None:
            stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        feed = Feed()
        market = Market(feed)
        due = time.monotonic()
        while not stopping.is_set():
            market.tick(now())
            due = max(due + SECONDS, time.monotonic())
            stopping.wait(due - time.monotonic())
        feed.close()
