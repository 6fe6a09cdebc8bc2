"""`manage.py market`: the process that publishes a price board every second."""

import signal
import threading
import time
from types import FrameType
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand

from fx.prices.desk import Desk
from fx.prices.feed import Feed
from fx.prices.market import Market
from krak.core.clock import now

SECONDS: Final = 1.0
WARM_UP_SECONDS: Final = 3.0
"""How long the first board may wait for providers to have said what they have to say."""
_LOOK_SECONDS: Final = 0.1


class Command(BaseCommand):
    """Publish a board every second until told to stop."""

    help = "Publish the price board every second, from the providers in KRAK_PRICE_PROVIDERS."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run until SIGTERM or SIGINT."""
        stopping = threading.Event()

        def stop(_number: int, _frame: FrameType | None) -> None:
            stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        feed = Feed()
        market = Market(feed, settings.PRICE_PROVIDERS)
        desk = Desk(market)
        desk.work(now())
        desk.start()
        for runner in market.runners:
            runner.start()
        _warm_up(market, stopping)
        due = time.monotonic()
        while not stopping.is_set():
            market.tick(now())
            due = max(due + SECONDS, time.monotonic())
            stopping.wait(due - time.monotonic())
        desk.stop(timeout=0)
        for runner in market.runners:
            runner.stop(timeout=0)
        # All have been told; whoever hangs dies with the process.
        desk.stop()
        feed.close()


def _warm_up(market: Market, stopping: threading.Event) -> None:
    """Wait until assets are known and what providers say no longer becomes more."""
    deadline, before = time.monotonic() + WARM_UP_SECONDS, 0
    while time.monotonic() < deadline and not stopping.wait(_LOOK_SECONDS):
        said = sum(len(runner.offers()) for runner in market.runners)
        if said and said == before:
            return
        before = said
