"""`make bench`: measure, print a table, write `bench/results.json`."""

import argparse
import json
import os
import statistics
from pathlib import Path

import django

from bench import calls, candles, portfolios, product, taps, tpcb

RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    """Run all benchmarks against one product on one Postgres."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many is quoted")
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
        rates, yardsticks, ratios = [], [], []
        for _ in range(arguments.rounds):
            rate = taps.side_by_side(url, clients=8, seconds=arguments.seconds)
            yardstick = tpcb.transactions_per_second(clients=8, seconds=int(arguments.seconds))
            rates.append(rate["per_second"])
            if yardstick:
                yardsticks.append(yardstick)
                ratios.append(rate["per_second"] / yardstick)
            results["taps_side_by_side"] = rate
        results["decisions_over_http"] = {
            "per_second": round(statistics.median(rates)),
            "tpcb_per_second": round(statistics.median(yardsticks)) if yardsticks else None,
            "ratio_to_tpcb": round(statistics.median(ratios), 3) if ratios else None,
            "ratio_spread": [round(min(ratios), 3), round(max(ratios), 3)] if ratios else None,
        }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    for name, value in results.items():
        if name != "calls":
            print(f"{name:<22} {value}")
    print("", *calls.table(ten), sep="\n")


if __name__ == "__main__":
    main()
