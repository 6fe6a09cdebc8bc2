"""Run one command behind a PgBouncer in transaction pooling: `make test-pgbouncer`.

`DATABASE_URL` is the Postgres that it stands before. Few server connections, so that the sessions
of one process land on those of another all the time.
"""

import os
import pwd
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import psycopg

from krak.runtime import processes
from krak.runtime.processes import LOOPBACK, RuntimeProblem, Stopped
from krak.runtime.services import run, stop_on_signals

READY_SECONDS: Final = 10
_SETTINGS: Final = {
    "listen_addr": LOOPBACK,
    "unix_socket_dir": "",
    "auth_type": "scram-sha-256",
    "pool_mode": "transaction",
    "default_pool_size": "10",
    "max_client_conn": "400",
    # A test database that nobody asks anything of can be dropped.
    "server_idle_timeout": "1",
    "log_connections": "0",
    "log_disconnections": "0",
}


@contextmanager
def running(url: str) -> Iterator[dict[str, str]]:
    """Run a PgBouncer before the server of `url`; the value is the environment to use it with.

    Raises:
        RuntimeProblem: there is no pgbouncer here, or it does not start.
    """
    binary = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if binary is None:
        raise RuntimeProblem("No pgbouncer on PATH: Debian's package is `pgbouncer`.")
    server, port = urlsplit(url), processes.free_port()
    name, password = unquote(server.username or ""), unquote(server.password or "")
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="krak-pgbouncer-") as made:
        folder = Path(made)
        accounts, config, log = (folder / each for each in ("accounts", "ini", "log"))
        accounts.write_text(f'"{name}" "{password}"\n')
        lines = {**_SETTINGS, "listen_port": str(port), "auth_file": str(accounts)}
        config.write_text(
            f"[databases]\n* = host={server.hostname} port={server.port}\n[pgbouncer]\n"
            + "".join(f"{key} = {value}\n" for key, value in lines.items())
        )
        if user is not None:
            for path in (folder, accounts, config):
                os.chown(path, user.pw_uid, user.pw_gid)
        with processes.log_in(log) as output:
            process = processes.start(
                [binary, config],
                output=output,
                cwd=Path("/"),
                user=(user.pw_uid, user.pw_gid) if user is not None else None,
            )
        through = f"postgresql://{server.username}:{server.password}@{LOOPBACK}:{port}{server.path}"
        try:
            _wait_for(through, log)
            yield {**os.environ, "DATABASE_URL": through, "KRAK_PGBOUNCER": "1"}
        finally:
            processes.stop(process, (signal.SIGINT, 5))


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise RuntimeProblem(f"PgBouncer: {processes.last_words(log)}") from None
            time.sleep(0.05)
        else:
            return


def main(argv: list[str]) -> int:
    """Run the command line: `python -m krak.runtime.pgbouncer CMD…`."""
    stop_on_signals()
    try:
        with running(os.environ["DATABASE_URL"]) as environment:
            return run(argv, environment=environment)
    except RuntimeProblem as problem:
        print(f"krak: {problem}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        return 128 + stopped.number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
