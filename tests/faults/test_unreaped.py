"""Row 9: a killed postmaster that nobody has reaped yet does not keep Postgres away."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from krak.runtime.postgres import Postgres


def _state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_postgres_starts_again_beside_its_unreaped_predecessor(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    server.start()
    dead = server.process
    try:
        assert dead is not None
        os.kill(dead.pid, signal.SIGKILL)
        while _state_of(dead.pid) != "Z":
            time.sleep(0.01)
        pid_file = tmp_path / "postgres" / "postmaster.pid"
        # The control: to Postgres itself a zombie lives, and its lock file stands.
        assert int(pid_file.read_text().split()[0]) == dead.pid
        os.kill(dead.pid, 0)

        server.start()

        assert _state_of(dead.pid) == "Z"
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()
        if dead is not None:
            dead.wait()
        link = tmp_path / "postgres"
        if link.is_symlink():
            subprocess.run(["rm", "-rf", link.readlink()], check=True)
