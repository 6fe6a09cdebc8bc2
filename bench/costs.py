"""What work costs each kind of process: a busy machine stretches time, and CPU hardly."""

import os
from collections import Counter

import psutil
import psycopg

KINDS = {
    "--workers 1 --blocking-threads": "cards",
    "krak.wsgi": "web",
    "krak.asgi": "live",
    "manage.py market": "market",
    "manage.py candles": "candles",
    "manage.py relay": "relay",
    "--hostname worker@": "worker",
    "--hostname jobs@": "jobs",
    "krak beat": "beat",
}
SESSIONS = (
    "SELECT pid, coalesce(nullif(application_name, ''), backend_type) FROM pg_stat_activity"
    " WHERE application_name LIKE 'krak-%%' OR backend_type <> 'client backend'"
)


def so_far() -> Counter[str]:
    """Return the microseconds of CPU by kind of process: ours, and Postgres' for each of ours.

    Of a product that this process has started, on a Postgres of this machine.
    """
    used: Counter[str] = Counter()
    for child in psutil.Process().children(recursive=True):
        line = " ".join(child.cmdline()).replace("-A krak ", "krak ")
        kind = next((kind for words, kind in KINDS.items() if words in line), None)
        if kind is not None:
            used[kind] += _of(child)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        sessions = database.execute(SESSIONS).fetchall()
    for pid, name in sessions:
        kind = f"postgres for {name[5:]}" if name.startswith("krak-") else "postgres' own"
        used[kind] += _of(psutil.Process(pid))
    return used


def each(used: Counter[str], *, pieces: int) -> dict[str, int]:
    """Return the part of each of so many pieces of work, the dearest kinds first."""
    return {kind: round(all_of_it / pieces) for kind, all_of_it in used.most_common()}


def _of(process: psutil.Process) -> int:
    times = process.cpu_times()
    return int((times.user + times.system) * 1e6)
