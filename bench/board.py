"""The price board: what a build and its publication take, and how fast a tick reaches a reader."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from fx.assets import catalogue
from fx.prices import live, simulation
from fx.prices.feed import Feed
from fx.prices.listing import Listing
from fx.prices.market import Market, build
from fx.prices.merging import Memory, Offer
from fx.venues.rules import shipped_calendar
from tests.fx.kraken import FakeKraken

BOARDS: Final = 60
TICKS: Final = 20
READER: Final = "import django; django.setup(); from bench import board; board.read()"
_FIRST_BID: Final = 50_000


def build_and_publish() -> dict[str, Any]:
    """Build and publish boards of every asset, each with two providers' ticks, once a round."""
    feed = Feed()
    listing = Listing(read_at=datetime.now(UTC), assets=dict(catalogue.known()))
    memories: dict[str, Memory] = {}
    builds, wholes = [], []
    for number in range(BOARDS):
        now = datetime.now(UTC)
        said = list(
            simulation.ticks(listing.assets, multipliers={}, calendar=shipped_calendar(), now=now)
        )
        offers = [Offer(tick, f"p{n}", n) for n in (0, 1) for tick in said]
        began = time.perf_counter()
        built = build(listing, offers, memories, version=number + 1, now=now)
        builds.append(time.perf_counter() - began)
        feed.publish(built.board)
        wholes.append(time.perf_counter() - began)
        memories = built.memories
    feed.close()
    return {
        "assets": len(listing.assets),
        "build_ms": _median(builds),
        "build_and_publish_ms": _median(wholes),
        "worst_ms": round(max(wholes) * 1000, 1),
    }


def tick_to_reader() -> dict[str, Any]:
    """Let Kraken's stream move a price and see when another process has it on its board."""
    from django.conf import settings  # noqa: PLC0415 - set for this measurement alone

    feed = Feed()
    before = feed.board()
    known = before.price("BTC") if before else None
    # What an earlier run left is the market's memory: a jump would be held back.
    bid = int(known.bid) if known else _FIRST_BID
    kraken = FakeKraken({"XBT": (str(bid), str(bid + 10))})
    settings.KRAKEN_WS_URL = kraken.ws_url
    market = Market(feed, ["kraken_ws"])
    market.listing = Listing(
        read_at=datetime.now(UTC),
        assets=dict(catalogue.known()),
        kraken_names={"BTC": "XBT"},
        calendar=shipped_calendar(),
    )
    [stream] = market.runners
    stream.start()
    stopping = threading.Event()

    def run() -> None:
        while not stopping.wait(1):
            market.tick(datetime.now(UTC))

    threading.Thread(target=run, daemon=True).start()
    reader = subprocess.Popen([sys.executable, "-c", READER], stdout=subprocess.PIPE, text=True)
    took, to_store = [], []
    try:
        assert reader.stdout is not None  # noqa: S101 - asked for above
        _wait_for(reader, bid)
        for number in range(1, TICKS + 1):
            # At all moments of the second between two boards.
            time.sleep(0.37)
            began = time.time()
            kraken.say("XBT", str(bid + number), str(bid + number + 10))
            while not any(o.tick.bid == bid + number for o in stream.offers()):
                time.sleep(0.0005)
            to_store.append(time.time() - began)
            took.append(_wait_for(reader, bid + number) - began)
    finally:
        stopping.set()
        reader.terminate()
        reader.wait()
        stream.stop()
        kraken.stop()
        feed.close()
    return {
        "wire_to_store_ms": _median(to_store),
        "wire_to_reader_median_ms": _median(took),
        "wire_to_reader_worst_ms": round(max(took) * 1000),
    }


def _wait_for(reader: "subprocess.Popen[str]", bid: int) -> float:
    assert reader.stdout is not None  # noqa: S101
    for line in reader.stdout:
        seen, at = line.split()
        if Decimal(seen) == bid:
            return float(at)
    raise RuntimeError("the reader ended")


def _median(seconds: list[float]) -> float:
    return round(sorted(seconds)[len(seconds) // 2] * 1000, 1)


def read() -> None:
    """Print each new bid and when it was seen, for ever; in a process of its own."""
    last = Decimal(0)
    while True:
        price = live.current().price("BTC")
        if price is not None and price.bid != last:
            last = price.bid
            print(last, time.time(), flush=True)
        time.sleep(0.001)
