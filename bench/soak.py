"""`python -m bench.soak --minutes 60`: the market process beside a Kraken that keeps hanging up.

Every minute all connections are cut; every few minutes Kraken hangs for a while instead. No liquid
asset (what the fake trades) may ever be stale for whoever reads the board. Run it beside servers of
its own: `python -m krak.runtime.services --state .krak/soak -- python -m bench.soak`.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import django

from tests.fx.kraken import FakeKraken

LIQUID = {
    "BTC": ("XBT", "60000"), "ETH": ("ETH", "3000"), "SOL": ("SOL", "150"), "XRP": ("XRP", "2"),
    "DOGE": ("XDG", "0.2"), "USDC": ("USDC", "1"), "USDT": ("USDT", "1"), "PAXG": ("PAXG", "2600"),
    "ADA": ("ADA", "0.8"), "AAPLx": ("AAPLx", "230"), "SPYx": ("SPYx", "600"),
}  # fmt: skip
TOKENIZED = ("AAPLx", "SPYx")
DROP_SECONDS = 60.0
HANG_EVERY = 5
HANG_SECONDS = 8.0
LOOK_SECONDS = 0.25


def main() -> None:
    """Run the soak and exit with 1 if anything was stale."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    arguments = parser.parse_args()
    os.environ["KRAK_SANDBOX"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - Django is ready only now

    call_command("migrate", interactive=False, verbosity=0)
    call_command("load_catalogue")
    kraken = FakeKraken(
        {name: (price, str(float(price) * 1.0005)) for name, price in LIQUID.values()},
        tokenized=TOKENIZED,
    )
    market = subprocess.Popen(
        [sys.executable, "manage.py", "market"],
        env={
            **os.environ,
            "KRAK_PRICE_PROVIDERS": "kraken_ws,kraken_rest",
            "KRAK_KRAKEN_WS_URL": kraken.ws_url,
            "KRAK_KRAKEN_REST_URL": kraken.rest_url,
            "KRAK_LOG_LEVEL": "ERROR",
        },
    )
    seconds = arguments.minutes * 60
    threading.Thread(target=kraken.wander, kwargs={"seconds": seconds + 60}, daemon=True).start()
    try:
        failures = _watch(kraken, market, seconds)
    finally:
        market.terminate()
        market.wait(10)
        kraken.stop()
    sys.exit(1 if failures else 0)


def _watch(kraken: FakeKraken, market: "subprocess.Popen[bytes]", seconds: float) -> int:
    from fx.prices import live  # noqa: PLC0415
    from fx.prices.feed import Feed  # noqa: PLC0415

    while not live.current().is_fresh("BTC", datetime.now(UTC)):
        time.sleep(0.1)
    began = time.monotonic()
    next_drop, drops, looks, stale, oldest, oldest_board = began + DROP_SECONDS, 0, 0, 0, 0.0, 0.0
    while time.monotonic() - began < seconds:
        if market.poll() is not None:
            print("the market process ended")
            return 1
        now = datetime.now(UTC)
        board = live.current()
        looks += 1
        oldest_board = max(oldest_board, (now - board.built_at).total_seconds())
        for code in LIQUID:
            if price := board.price(code):
                oldest = max(oldest, (now - price.as_of).total_seconds())
            if not board.may_sell(code, now):
                stale += 1
                print(f"{now:%H:%M:%S} {code} cannot be sold: {price}", flush=True)
        if time.monotonic() >= next_drop:
            next_drop += DROP_SECONDS
            drops += 1
            if drops % HANG_EVERY == 0:
                kraken.rest.hanging.set()
                threading.Timer(HANG_SECONDS, kraken.rest.hanging.clear).start()
            kraken.drop()
            feed = Feed()
            reports = (feed.reports() or (now, []))[1]
            feed.close()
            told = ", ".join(
                f"{r.provider} {r.state} {r.ticks} ticks {r.reconnects} lost {dict(r.rejected)}"
                for r in reports
            )
            print(
                f"{now:%H:%M:%S} drop {drops}, {looks} looks, {stale} stale, oldest price"
                f" {oldest:.2f} s, oldest board {oldest_board:.2f} s; {told}",
                flush=True,
            )
        time.sleep(LOOK_SECONDS)
    print(
        f"{seconds / 60:.0f} minutes, {drops} drops, {looks} looks at {len(LIQUID)} assets: {stale}"
        f" stale, oldest price {oldest:.2f} s, oldest board {oldest_board:.2f} s",
        flush=True,
    )
    return stale


if __name__ == "__main__":
    main()
