"""Run one command beside a Postgres and a Valkey of its own.

`python -m krak.runtime.services --state .krak/test -- pytest` needs no settings. A server whose
URL is in the environment already is used as it is.
"""

import argparse
import contextlib
import fcntl
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from krak.runtime import processes
from krak.runtime.postgres import Postgres
from krak.runtime.processes import RuntimeProblem, Stopped
from krak.runtime.valkey import Valkey

Server = Postgres | Valkey


@contextmanager
def running(state: Path, *, join: bool = False) -> Iterator[tuple[dict[str, str], list[Server]]]:
    """Run the servers that the environment does not name already.

    The value is a whole environment for whoever needs them, and the servers started here. With
    `join`, servers that another process runs on the same `state` serve here too.

    Raises:
        RuntimeProblem: a server does not start, or another process runs on the same `state`.
    """
    environment = {**os.environ}
    environment.setdefault("KRAK_SANDBOX", "1")
    environment.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not environment.get(name)]
    shared = state / "servers.json"
    servers: list[Server] = []
    with _lock_on(state) as alone:
        if not alone:
            if not join or not shared.exists():
                raise RuntimeProblem(f"Another process is running Krak in {state}.")
            known = json.loads(shared.read_text())
            yield {**environment, **{name: known[name] for name in missing if name in known}}, []
            return
        try:
            for name in missing:
                server = Postgres(state) if name == "DATABASE_URL" else Valkey(state)
                servers.append(server)
                _start(server)
                environment[name] = server.url
            shared.unlink(missing_ok=True)
            with processes.open_private(shared) as file:
                json.dump({name: environment[name] for name in missing}, file)
            yield environment, servers
        finally:
            shared.unlink(missing_ok=True)
            for server in reversed(servers):
                server.stop()


def _start(server: Server) -> None:
    try:
        server.start()
    except OSError as problem:
        why = f"{problem.filename or server.state}: {problem.strerror}"
        raise RuntimeProblem(f"{server.name} cannot start: {why}.") from None


@contextmanager
def _lock_on(state: Path) -> Iterator[bool]:
    """Hold the lock of a state folder; False if another process holds it."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        file = (state / "lock").open("w")
    except OSError as problem:
        raise RuntimeProblem(f"{state} cannot keep our data: {problem.strerror}.") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def stop_on_signals() -> None:
    """Turn the first SIGINT, SIGTERM or SIGHUP into `Stopped`; later ones find us stopping."""

    def stop(number: int, _: FrameType | None) -> NoReturn:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, _ignore)
        raise Stopped(number)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Do nothing, as a handler: unlike SIG_IGN it is not inherited by what we start."""


def run(argv: list[str], *, environment: dict[str, str]) -> int:
    """Run a command in this terminal, pass signals on to it and return its exit code."""
    try:
        process = processes.start(argv, stdin=None, environment=environment, own_group=False)
    except OSError as problem:
        raise RuntimeProblem(f"{argv[0]}: {problem.strerror}.") from None

    def forward(number: int, _: FrameType | None) -> None:
        # A Ctrl-C reaches the whole foreground group by itself; twice would be an emergency.
        if number != signal.SIGINT or not sys.stdin.isatty():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, forward)
    code = process.wait()
    return code if code >= 0 else 128 - code


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m krak.runtime.services", description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".krak/dev"), help="where data stays")
    parser.add_argument("--join", action="store_true", help="use what already runs on that data")
    parser.add_argument("command", nargs="+", metavar="-- CMD", help="what to run")
    arguments = parser.parse_args()
    stop_on_signals()
    try:
        with running(arguments.state.resolve(), join=arguments.join) as (environment, _):
            return run(arguments.command, environment=environment)
    except RuntimeProblem as problem:
        print(f"krak: {problem}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        return 128 + stopped.number


if __name__ == "__main__":
    sys.exit(main())
