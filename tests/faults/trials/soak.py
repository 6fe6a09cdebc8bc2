"""Row 33: mixed load for a long time, and somebody is killed every twenty seconds."""

import time
from collections import defaultdict
from random import Random
from statistics import fmean, linear_regression

from tests.faults.stage import Outcome, Stage

KILL_EVERY_SECONDS = 20.0
SAMPLE_EVERY_SECONDS = 5.0
KILLED = (
    "web",
    "cards",
    "live",
    "worker",
    "jobs",
    "relay",
    "beat",
    "market",
    "candles",
    "valkey",
    "postgres",
)
MOST_GROWTH = 1.5
"""Of the last quarter's mean over the first's; a cache that fills is no leak."""
WARM_SECONDS = 30.0
FEWEST_SAMPLES = 40
"""Fewer say nothing of a trend."""


def load_goes_on_and_on(stage: Stage) -> Outcome:
    """Load for `soak_minutes`, kills at random, memory of each part sampled."""
    whole, random = stage.whole, Random(stage.seed)
    samples: dict[str, list[tuple[float, float]]] = defaultdict(list)
    killed: list[str] = []
    young: dict[str, float] = {}

    def fault() -> None:
        began = time.monotonic()
        until = began + stage.soak_minutes * 60
        due = began + KILL_EVERY_SECONDS
        while (now := time.monotonic()) < until:
            if now >= due:
                name = random.choice(KILLED)
                before = whole.kill(name)
                whole.await_restart(name, after=before)
                killed.append(name)
                young[name] = time.monotonic() + WARM_SECONDS
                due += KILL_EVERY_SECONDS
            if now - began > WARM_SECONDS:
                for name, kb in whole.memory_kb().items():
                    # Who was started a moment ago is not yet as large as it will be.
                    if now < young.get(name, 0):
                        continue
                    samples[name].append((now - began, kb / 1024))
            time.sleep(SAMPLE_EVERY_SECONDS)

    # All work is waited for in the end, but not by how long it is since the beginning.
    outcome, _driver = stage.under_load(fault, recovers=False)
    outcome.figures["kills"] = len(killed)
    outcome.require(that=bool(killed), otherwise="nobody was killed")
    for name, points in samples.items():
        hours, sizes = zip(*((at / 3600, size) for at, size in points), strict=True)
        if len(sizes) < FEWEST_SAMPLES:
            continue
        quarter = len(sizes) // 4
        growth = fmean(sizes[-quarter:]) / max(fmean(sizes[:quarter]), 1)
        slope = linear_regression(hours, sizes).slope
        outcome.figures[f"{name}, MB, MB an hour"] = (round(max(sizes)), round(slope, 1))
        outcome.require(that=growth < MOST_GROWTH, otherwise=f"{name} grew by {growth:.2f}")
    return outcome
