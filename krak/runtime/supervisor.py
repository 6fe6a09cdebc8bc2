"""Keep a table of processes running: one prefix per line, back-off, an orderly stop."""

import contextlib
import io
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Final, Protocol, TextIO

from krak.runtime import processes
from krak.runtime.processes import RuntimeProblem

MOST_DEATHS: Final = 5
DEATHS_WITHIN_SECONDS: Final = 60
FIRST_PAUSE_SECONDS: Final = 0.5
STOP_SECONDS: Final = 10
READS_AT_ONCE: Final = 16
LONGEST_LINE: Final = 2**16
_COLOURS: Final = (36, 33, 32, 35, 34, 31)


class Server(Protocol):
    """What is kept running beside the children, such as `krak.runtime.postgres.Postgres`."""

    name: str
    process: subprocess.Popen[bytes] | None

    def start(self) -> None:
        """Start it, or start it again where it was."""


class _Nowhere(io.TextIOBase):
    """Takes what nobody reads any more."""

    def write(self, text: str, /) -> int:
        return len(text)


@dataclass(slots=True)
class _Child:
    name: str
    argv: Sequence[str]
    prefix: str
    process: subprocess.Popen[bytes] | None = None
    pipe: IO[bytes] = field(default_factory=io.BytesIO)
    line: bytes = b""
    again_at: float | None = None


@dataclass(slots=True)
class Supervisor:
    """Runs `children` (name and argv, first to stop first) and watches `servers`.

    A child gets a process group of its own; what is left of the group when its leader has ended
    is killed, so a web server's workers never keep its port.
    """

    children: Mapping[str, Sequence[str]]
    environment: Mapping[str, str]
    servers: Sequence[Server] = ()
    out: TextIO | io.TextIOBase = field(default_factory=lambda: sys.stdout)
    _running: list[_Child] = field(default_factory=list)
    _deaths: dict[str, deque[float]] = field(default_factory=dict)
    _pipes: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)

    def start(self) -> None:
        """Start every child."""
        width = max((len(name) for name in self.children), default=0)
        coloured = self.out.isatty() and "NO_COLOR" not in os.environ
        for position, (name, argv) in enumerate(self.children.items()):
            prefix = f"{name:<{width}} | "
            if coloured:
                prefix = f"\033[{_COLOURS[position % len(_COLOURS)]}m{prefix}\033[0m"
            child = _Child(name=name, argv=argv, prefix=prefix)
            self._running.append(child)
            self._start(child)

    def watch(self, *, seconds: float) -> None:
        """Pass output on for a moment, and start again whatever has died.

        Raises:
            RuntimeProblem: something keeps dying.
        """
        self._pass_output_on(seconds)
        for server in self.servers:
            if server.process is not None and (code := server.process.poll()) is not None:
                self._count_death(server.name, code)
                server.start()
        for child in self._running:
            if child.process is not None and (code := child.process.poll()) is not None:
                self._bury(child)
                pause = self._count_death(child.name, code)
                child.again_at = time.monotonic() + pause
            elif child.again_at is not None and time.monotonic() >= child.again_at:
                self._start(child)

    def stop(self) -> None:
        """Stop the first child, then all others together; nothing of them is left."""
        for group in (self._running[:1], self._running[1:]):
            for child in group:
                if child.process is not None and child.process.poll() is None:
                    child.process.terminate()
            deadline = time.monotonic() + STOP_SECONDS
            while time.monotonic() < deadline and any(
                child.process is not None and child.process.poll() is None for child in group
            ):
                self._pass_output_on(0.05)
            for child in group:
                self._bury(child)
        self._pipes.close()

    def say(self, text: str) -> None:
        """Print a line; run on in silence if nobody reads or the disk is full."""
        try:
            self.out.write(f"{text}\n")
            self.out.flush()
        except BrokenPipeError:
            self.out = _Nowhere()
        except OSError:
            # A log that takes nothing more must not end what it tells of.
            return

    def _start(self, child: _Child) -> None:
        child.again_at = None
        try:
            child.process = processes.start(
                child.argv,
                output=subprocess.PIPE,
                environment={**self.environment, "PGAPPNAME": f"krak-{child.name}"},
            )
        except OSError as problem:
            raise RuntimeProblem(f"{child.name}: {child.argv[0]}: {problem.strerror}.") from None
        child.pipe = child.process.stdout or child.pipe
        os.set_blocking(child.pipe.fileno(), False)
        self._pipes.register(child.pipe, selectors.EVENT_READ, child)

    def _count_death(self, name: str, code: int) -> float:
        """Say that something died; return the seconds to wait, more each time."""
        now = time.monotonic()
        deaths = self._deaths.setdefault(name, deque())
        deaths.append(now)
        while deaths[0] < now - DEATHS_WITHIN_SECONDS:
            deaths.popleft()
        how = f"code {code}" if code >= 0 else signal.Signals(-code).name
        if len(deaths) > MOST_DEATHS:
            raise RuntimeProblem(
                f"{name} ended with {how}, the {len(deaths)}th time within a minute: stopping all."
            )
        self.say(f"krak: {name} ended unexpectedly ({how}); starting it again.")
        return FIRST_PAUSE_SECONDS * float(2 ** (len(deaths) - 1))

    def _bury(self, child: _Child) -> None:
        """End and reap a child and the rest of its group, and print its last words."""
        if child.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        self._print_from(child)
        if child.line:
            self._print(child, child.line)
            child.line = b""
        if child.pipe in self._pipes.get_map():
            self._pipes.unregister(child.pipe)
        child.pipe.close()
        child.process = None

    def _pass_output_on(self, seconds: float) -> None:
        if not self._pipes.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._pipes.select(seconds):
            self._print_from(key.data)

    def _print_from(self, child: _Child) -> None:
        """Print whole lines that a child has written; keep an unfinished one for later."""
        for _ in range(READS_AT_ONCE):
            if child.pipe not in self._pipes.get_map():
                return
            try:
                part = os.read(child.pipe.fileno(), 65536)
            except BlockingIOError:
                return
            if not part:
                self._pipes.unregister(child.pipe)
                return
            *lines, child.line = (child.line + part).split(b"\n")
            if len(child.line) > LONGEST_LINE:
                lines, child.line = [*lines, child.line], b""
            for line in lines:
                self._print(child, line)

    def _print(self, child: _Child, line: bytes) -> None:
        self.say(child.prefix + line.decode(errors="replace").rstrip("\r"))
