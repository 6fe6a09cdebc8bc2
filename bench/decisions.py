"""Decisions of a crowd over HTTP, beside TPC-B on the same Postgres."""

import statistics
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from bench import costs, crowd, taps, tpcb, waiting

CLIENTS = 8
LOWER_PRIORITY = 10
"""As the Procfile gives it to what nobody waits for."""


def measure(
    url: str, door: str, *, customers: int, seconds: float, rounds: int
) -> dict[str, object]:
    """Return rates and percentiles at full rate, at a tenth of it, and beside statements.

    Each round is followed by a wait until all that was promised meanwhile is done, so that TPC-B
    has the machine to itself.
    """
    asking = taps.Taps(door, crowd.make(url, many=customers))
    asking.ask(clients=CLIENTS, seconds=2)
    waiting.until_done()
    rates, yardsticks = [], []
    spent, first = Counter[str](), asking.outcomes.total()
    for _ in range(rounds):
        before = costs.so_far()
        rates.append(asking.ask(clients=CLIENTS, seconds=seconds))
        waiting.until_done()
        spent += costs.so_far() - before
        yardsticks.append(tpcb.measure(clients=CLIENTS, seconds=int(seconds)))
    cpu = costs.each(spent, pieces=asking.outcomes.total() - first)
    ratios = [
        rate["per_second"] / yardstick.per_second
        for rate, yardstick in zip(rates, yardsticks, strict=True)
    ]
    per_second = statistics.median(rate["per_second"] for rate in rates)
    slow, slow_yardsticks = [], []
    for _ in range(rounds):
        slow.append(asking.ask(clients=CLIENTS, seconds=seconds, per_second=per_second / 10))
        waiting.until_done()
        slow_yardsticks.append(
            tpcb.measure(clients=CLIENTS, seconds=int(seconds), per_second=per_second / 10)
        )
    return {
        "decisions_over_http": {
            "per_second": round(per_second),
            "tpcb_per_second": round(statistics.median(y.per_second for y in yardsticks)),
            "tpcb_p99_ms": statistics.median(y.p99_ms for y in yardsticks),
            "ratio_to_tpcb": round(statistics.median(ratios), 3),
            "ratio_spread": _spread(ratios, places=3),
            "p50_ms": statistics.median(rate["p50_ms"] for rate in rates),
            "p99_ms": statistics.median(rate["p99_ms"] for rate in rates),
            "cpu_us": cpu,
        },
        "decisions_at_a_tenth": {
            "per_second": round(per_second / 10),
            "p50_ms": statistics.median(rate["p50_ms"] for rate in slow),
            "p99_ms": statistics.median(rate["p99_ms"] for rate in slow),
            "p99_spread_ms": _spread([rate["p99_ms"] for rate in slow]),
            "tpcb_p99_ms": statistics.median(y.p99_ms for y in slow_yardsticks),
            "tpcb_p99_spread_ms": _spread([y.p99_ms for y in slow_yardsticks]),
        },
        "decisions_beside_statements": _beside_statements(asking, seconds=seconds, rounds=rounds),
        "decisions_by_outcome": dict(asking.outcomes),
    }


def _beside_statements(
    asking: taps.Taps, *, seconds: float, rounds: int
) -> dict[str, float | list[float]]:
    """Ask at a third of the full rate while statements are issued, and while none are."""
    per_second = 100.0
    alone, beside = [], []
    for _ in range(rounds):
        alone.append(asking.ask(clients=CLIENTS, seconds=seconds, per_second=per_second))
        waiting.until_done()
        with _statements():
            beside.append(asking.ask(clients=CLIENTS, seconds=seconds, per_second=per_second))
        waiting.until_done()
    ratios = [b["p99_ms"] / a["p99_ms"] for a, b in zip(alone, beside, strict=True)]
    return {
        "per_second": per_second,
        "p99_ms_alone": statistics.median(rate["p99_ms"] for rate in alone),
        "p99_ms_beside": statistics.median(rate["p99_ms"] for rate in beside),
        "ratio_of_p99": round(statistics.median(ratios), 2),
        "ratio_spread": _spread(ratios, places=2),
    }


@contextmanager
def _statements() -> Iterator[None]:
    process = subprocess.Popen(
        ["nice", "-n", str(LOWER_PRIORITY), sys.executable, "-m", "bench.statements"],
        stdout=subprocess.PIPE,
        text=True,
    )
    begun = threading.Event()

    def read() -> None:
        for _line in process.stdout or ():
            begun.set()

    threading.Thread(target=read, daemon=True).start()
    try:
        if not begun.wait(60):
            raise RuntimeError("no statement was issued")
        yield
        if process.poll() is not None:
            raise RuntimeError("statements ended before the taps did")
    finally:
        process.kill()
        process.wait()


def _spread(values: list[float], *, places: int = 2) -> list[float]:
    return [round(min(values), places), round(max(values), places)]
