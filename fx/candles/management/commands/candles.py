"""`manage.py candles`: the process that turns boards into history."""

import signal
import threading
import time
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from fx.candles.sampling import Sampler
from fx.prices import live
from krak.core.clock import now

SECONDS = 1.0


class Command(BaseCommand):
    """Look at the board every second until told to stop."""

    help = "Sample the price board every second into candles of a minute."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run until SIGTERM or SIGINT."""
        stopping = threading.Event()

        def stop(_number: int, _frame: FrameType | None) -> None:
            stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        live.start()
        sampler = Sampler()
        due = time.monotonic()
        while not stopping.is_set():
            sampler.tick(live.current(), now=now())
            due = max(due + SECONDS, time.monotonic())
            stopping.wait(due - time.monotonic())
        sampler.stop(now=now())
        live.stop()
