"""`pgbench` TPC-B on the same Postgres: the yardstick that every rate is a ratio to."""

import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from bench import pgbench

SCALE = 20
MICROSECONDS = 2
"""Where a line of `pgbench`'s log says how long a transaction took."""


class Measured(NamedTuple):
    """What `pgbench` has seen; of a given rate its percentiles count from when each was due."""

    per_second: float
    p99_ms: float


def measure(*, clients: int, seconds: int, per_second: float | None = None) -> Measured:
    """Run TPC-B without pause, or so often a second, in tables made anew.

    Raises:
        RuntimeError: this machine has no `pgbench`.
    """
    program, url = pgbench.program(), pgbench.empty_database("krak_tpcb")
    where, environment = pgbench.where(url), pgbench.environment(url)
    subprocess.run(
        [program, "-i", "-q", "-s", str(SCALE), *where],
        env=environment,
        check=True,
        capture_output=True,
    )
    rate = [] if per_second is None else ["-R", str(per_second)]
    asked = ["-c", str(clients), "-j", "2", "-M", "prepared", "-T", str(seconds), *rate]
    with tempfile.TemporaryDirectory() as logs:
        subprocess.run(
            [program, *asked, "-l", "--log-prefix", f"{logs}/log", *where],
            env=environment,
            check=True,
            capture_output=True,
        )
        lines = [line for log in Path(logs).iterdir() for line in log.read_text().splitlines()]
    milliseconds = [int(line.split()[MICROSECONDS]) / 1000 for line in lines]
    return Measured(
        per_second=len(milliseconds) / seconds,
        p99_ms=round(statistics.quantiles(milliseconds, n=100)[98], 2),
    )
