"""`make bench`: measure, print a table, write `bench/results.json` and docs/performance.md."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import django

from bench import (
    calls,
    candles,
    ceiling,
    decisions,
    hordak,
    pgledger,
    portfolios,
    postings,
    product,
    report,
    rewards,
    taps,
)

RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    """Run all benchmarks against one product on one Postgres."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=5, help="the median of so many is quoted")
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--cashback-seconds", type=float, default=60)
    parser.add_argument("--backlog", type=int, default=10_000, help="captures that wait at once")
    parser.add_argument("--hordak", action="store_true", help="compare with django-hordak, too")
    parser.add_argument("--pgledger", type=Path, help="compare with a checkout of it, too")
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")
    django.setup()
    asked = {**vars(arguments), "pgledger": arguments.pgledger is not None}
    results: dict[str, Any] = {"asked": asked}
    try:
        _measure(results, arguments)
    finally:
        # What was measured stays measured, whatever happens after it.
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    report.write(results)
    for name, value in results.items():
        if name != "calls":
            print(f"{name:<22} {value}")
    print("", *calls.table(results["calls"]), sep="\n")


def _measure(results: dict[str, Any], arguments: argparse.Namespace) -> None:
    from bench import board  # noqa: PLC0415 - Django is ready only now

    results["portfolio"] = portfolios.measure()
    results["board"] = board.build_and_publish()
    results["tick_to_reader"] = board.tick_to_reader()
    with product.running() as (url, door, ready_seconds):
        results["candles"] = candles.measure()
        results["calls"] = calls.measure(url)
        results["start_seconds"] = round(ready_seconds, 1)
        results["taps_one_by_one"] = taps.one_by_one(url, door, taps=1000)
        results["capture_to_reward"] = taps.capture_to_reward(url, purchases=100)
        results |= decisions.measure(
            url,
            door,
            customers=arguments.customers,
            seconds=arguments.seconds,
            rounds=arguments.rounds,
        )
        results["taps_by_pgbench"] = ceiling.measure(url, customers=arguments.customers, rounds=3)
        results["cashback"] = rewards.steadily(url, door, seconds=arguments.cashback_seconds)
        results["cashback_backlog"] = rewards.backlog(url, door, events=arguments.backlog)
    results["ledger_postings"] = postings.measure(
        seconds=int(arguments.seconds), rounds=arguments.rounds
    )
    if arguments.hordak:
        results["hordak"] = hordak.measure(seconds=int(arguments.seconds), rounds=arguments.rounds)
    if arguments.pgledger:
        results["pgledger"] = pgledger.measure(
            arguments.pgledger, seconds=int(arguments.seconds), rounds=arguments.rounds
        )


if __name__ == "__main__":
    main()
