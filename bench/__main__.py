"""`make bench`: measure, print a table, write `bench/results.json`."""

import argparse
import json
import os
import statistics
from pathlib import Path

import django

from bench import calls, candles, crowd, portfolios, postings, product, rewards, taps, tpcb

RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    """Run all benchmarks against one product on one Postgres."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=5, help="the median of so many is quoted")
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--cashback-seconds", type=float, default=60)
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")
    django.setup()
    from bench import board  # noqa: PLC0415 - Django is ready only now

    results: dict[str, object] = {
        "portfolio": portfolios.measure(),
        "board": board.build_and_publish(),
        "tick_to_reader": board.tick_to_reader(),
    }
    with product.running() as (url, ready_seconds):
        results["candles"] = candles.measure()
        results["calls"] = ten = calls.measure(url)
        results["start_seconds"] = round(ready_seconds, 1)
        results["taps_one_by_one"] = taps.one_by_one(url, taps=1000)
        results["capture_to_reward"] = taps.capture_to_reward(url, purchases=100)
        results |= decisions(
            url, customers=arguments.customers, seconds=arguments.seconds, rounds=arguments.rounds
        )
        results["cashback"] = rewards.steadily(url, seconds=arguments.cashback_seconds)
    results["ledger_postings"] = postings.measure(
        seconds=int(arguments.seconds), rounds=arguments.rounds
    )
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    for name, value in results.items():
        if name != "calls":
            print(f"{name:<22} {value}")
    print("", *calls.table(ten), sep="\n")


def decisions(url: str, *, customers: int, seconds: float, rounds: int) -> dict[str, object]:
    """Measure taps of a crowd beside TPC-B, in turn, and again at a tenth of the rate."""
    asking = taps.Taps(url, crowd.make(url, many=customers))
    asking.ask(clients=8, seconds=2)
    rates, yardsticks = [], []
    for _ in range(rounds):
        rates.append(asking.ask(clients=8, seconds=seconds))
        yardsticks.append(tpcb.transactions_per_second(clients=8, seconds=int(seconds)))
    ratios = [
        rate["per_second"] / yardstick
        for rate, yardstick in zip(rates, yardsticks, strict=True)
        if yardstick
    ]
    per_second = statistics.median(rate["per_second"] for rate in rates)
    found: dict[str, object] = {
        "decisions_over_http": {
            "per_second": round(per_second),
            "tpcb_per_second": round(statistics.median(y for y in yardsticks if y)),
            "ratio_to_tpcb": round(statistics.median(ratios), 3),
            "ratio_spread": [round(min(ratios), 3), round(max(ratios), 3)],
            "p50_ms": statistics.median(rate["p50_ms"] for rate in rates),
            "p99_ms": statistics.median(rate["p99_ms"] for rate in rates),
        }
    }
    slow = [
        asking.ask(clients=8, seconds=seconds, per_second=per_second / 10) for _ in range(rounds)
    ]
    found["decisions_at_a_tenth"] = {
        "per_second": round(per_second / 10),
        "p50_ms": statistics.median(rate["p50_ms"] for rate in slow),
        "p99_ms": statistics.median(rate["p99_ms"] for rate in slow),
        "p99_spread_ms": [min(r["p99_ms"] for r in slow), max(r["p99_ms"] for r in slow)],
    }
    found["decisions_by_outcome"] = dict(asking.outcomes)
    return found


if __name__ == "__main__":
    main()
