"""The server's own programs, such as `pg_dump`, run beside a database."""

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from krak.runtime.postgres import _binaries


def run(program: str, *arguments: str, state: Path, url: str) -> str:
    """Run a program of the server in `state` on the database of `url`; return what it said.

    The password goes by the environment, where `ps` cannot read it.

    Raises:
        RuntimeError: it failed; the message is the end of what it said.
    """
    parts = urlsplit(url)
    bin_folder, _ = _binaries((state / "postgres").resolve())
    done = subprocess.run(
        [bin_folder / program, *arguments],
        env={
            "PGHOST": parts.hostname or "",
            "PGPORT": str(parts.port),
            "PGUSER": parts.username or "",
            "PGPASSWORD": parts.password or "",
            "PGDATABASE": parts.path.removeprefix("/"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    if done.returncode:
        raise RuntimeError(f"{program}: {said[-500:]}")
    return said
