"""A whole Krak as `make up` runs it, with each of its processes within reach."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bench.product import Client
from krak.runtime.postgres import Postgres
from krak.runtime.processes import free_port
from krak.runtime.valkey import Valkey
from tests.faults.protections import Protection

READY_SECONDS = 600
PATTERNS = {
    "postgres": r"postgres -D",
    "valkey": r"valkey-server",
    "web": r"granian --interface wsgi .*--workers 2",
    "cards": r"granian --interface wsgi .*--workers 1",
    "live": r"granian --interface asgi",
    "market": r"manage\.py market",
    "candles": r"manage\.py candles",
    "relay": r"manage\.py relay",
    "worker": r"celery.* worker@",
    "jobs": r"celery.* jobs@",
    "beat": r"celery.* beat",
    "issuer": r"krak\.sandbox\.issuer",
}


@dataclass
class Whole:
    """One Krak on one state folder, under the product's own supervisor.

    `ours` names servers (`postgres`, `valkey`) that this process runs instead of the supervisor,
    so that one can be kept away. `proxied` puts a URL in their place. `sabotage` weakens the
    product (see `settings.py`): for negative controls only.
    """

    state: Path
    ours: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    sabotage: Mapping[str, Any] = field(default_factory=dict)
    proxied: Mapping[str, str] = field(default_factory=dict)
    disks: Mapping[str, int] = field(default_factory=dict)
    """`postgres`, `valkey`, `log` on a disk of their own of so many MB, which only they see."""
    port: int = 0
    deadlocks: int = 0
    """How many Postgres had counted when it was last looked at."""
    servers: dict[str, Postgres | Valkey] = field(default_factory=dict)
    up: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What its supervisor and all processes said."""
        if "log" in self.disks and self.is_up():
            return self.disk("log") / "up.log"
        return self.state / "up.log"

    @property
    def control(self) -> Path:
        """Where files arm the hooks of `hooks.py`."""
        return self.state / "control"

    @property
    def database_url(self) -> str:
        """The database, past any proxy."""
        return self._server_url("postgres", "DATABASE_URL")

    @property
    def valkey_url(self) -> str:
        """Valkey, past any proxy."""
        return self._server_url("valkey", "REDIS_URL")

    def _server_url(self, name: str, variable: str) -> str:
        if name in self.servers:
            return self.servers[name].url
        return str(json.loads((self.state / "servers.json").read_text())[variable])

    def issuer(self) -> dict[str, str]:
        """Return where this Krak's fake of Stripe is, for a second host."""
        port = (self.state / "issuer.port").read_text().strip()
        return {"STRIPE_API_BASE": f"http://127.0.0.1:{port}", "STRIPE_API_KEY": "sk_test_sandbox"}

    def disk(self, name: str) -> Path:
        """Return a disk of this Krak's as this process reaches it."""
        if self.up is None:
            raise LookupError(name)
        return Path(f"/proc/{self.up.pid}/root{self.state / f'disk-{name}'}")

    def _on_disks(self, command: list[str]) -> list[str]:
        """Return a command that gives another one its disks: this one, or that of root."""
        if not self.disks:
            return command
        # Whoever runs Postgres for root must reach its disk.
        self.state.chmod(0o711)
        lines = ["set -e"]
        for name, size in self.disks.items():
            folder = self.state / f"disk-{name}"
            folder.mkdir()
            lines.append(f"mount -t tmpfs -o size={size}m,mode=755 tmpfs {folder}")
            if name == "log":
                lines.append(f"exec >>{folder}/up.log 2>&1")
            else:
                (self.state / name).symlink_to(folder / "data")
                lines.append(f"mkdir {folder}/data")
        lines.append('exec "$@"')
        return ["unshare", "--mount", "sh", "-c", "\n".join(lines), "sh", *command]

    def is_up(self) -> bool:
        """Tell whether its supervisor runs."""
        return self.up is not None and self.up.poll() is None

    def start_servers(self) -> None:
        """Start the servers that are ours."""
        for name in self.ours:
            server = Postgres(self.state) if name == "postgres" else Valkey(self.state)
            server.start()
            self.servers[name] = server

    def start(self) -> None:
        """Start everything and wait until it serves, rewards included."""
        self.state.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.control, ignore_errors=True)
        self.control.mkdir()
        if not self.servers:
            self.start_servers()
        hidden = {"DATABASE_URL", "REDIS_URL", "KRAK_ISSUER_PORT"}
        environment = {name: text for name, text in os.environ.items() if name not in hidden}
        environment |= {"KRAK_SANDBOX": "1", "KRAK_LOG_LEVEL": "WARNING"}
        environment |= {"KRAK_DESTINATION_COOL_DOWN_SECONDS": "0", **self.environment}
        for name, variable in (("postgres", "DATABASE_URL"), ("valkey", "REDIS_URL")):
            if name in self.servers:
                environment[variable] = self.proxied.get(name, self.servers[name].url)
        environment |= {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "FAULTS_SABOTAGE": json.dumps(dict(self.sabotage)),
            "FAULTS_CONTROL": str(self.control),
        }
        self.port = free_port()
        with (self.state / "up.log").open("ab") as log:
            self.up = subprocess.Popen(
                self._on_disks(
                    [
                        *(sys.executable, "-m", "krak.runtime.up"),
                        *("--state", str(self.state), "--follow-parent"),
                    ]
                ),
                env=environment | {"PORT": str(self.port)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.await_ready()

    def stop(self) -> None:
        """Stop everything."""
        if self.up is not None:
            self.up.send_signal(signal.SIGINT)
            try:
                self.up.wait(60)
            except subprocess.TimeoutExpired:
                self.up.kill()
                self.up.wait()
        for server in self.servers.values():
            server.stop()
        self.servers.clear()

    def forget(self) -> None:
        """Remove all data, also a cluster that root keeps outside a private folder."""
        link = self.state / "postgres"
        if link.is_symlink():
            shutil.rmtree(link.readlink(), ignore_errors=True)
        shutil.rmtree(self.state, ignore_errors=True)

    def await_ready(self) -> None:
        """Wait until the web server decides."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.up is None or self.up.poll() is not None:
                raise RuntimeError(f"Krak ended: {self.last_words()}")
            try:
                Client(self.url).send("GET", "/healthz/ready")
            except (OSError, RuntimeError):
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"Krak was not ready in time: {self.last_words()}")

    def last_words(self) -> str:
        """Return the end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])

    # --- Processes -------------------------------------------------------------------------------
    def pid(self, name: str) -> int:
        """Return the process that leads `name`.

        Raises:
            LookupError: it does not run now.
        """
        if name in self.servers:
            process = self.servers[name].process
            if process is None or process.poll() is not None:
                raise LookupError(name)
            return process.pid
        if self.up is None:
            raise LookupError(name)
        for pid in children_of(self.up.pid):
            if re.search(PATTERNS[name], command_of(pid)):
                return pid
        raise LookupError(f"{name} does not run")

    def kill(self, name: str) -> int:
        """SIGKILL `name` at once: a child with its whole group, Postgres its postmaster."""
        pid = self.pid(name)
        if name == "postgres":
            os.kill(pid, signal.SIGKILL)
        else:
            os.killpg(pid, signal.SIGKILL)
        if name in self.servers and (process := self.servers[name].process):
            process.wait()
        return pid

    def terminate(self, name: str) -> int:
        """Ask `name` to stop, as a deploy does; the supervisor starts it again."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGTERM)
        return pid

    @contextlib.contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """Stop all processes of `name` for as long as the block runs."""
        pids = family_of(self.pid(name))
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def await_restart(self, name: str, *, after: int, seconds: float = 60) -> None:
        """Wait until another process than `after` leads `name`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(LookupError):
                if self.pid(name) != after:
                    return
            time.sleep(0.02)
        raise RuntimeError(f"{name} did not come back: {self.last_words()}")

    def memory_kb(self) -> dict[str, int]:
        """Return what each part with all its processes has of memory for itself.

        Pages that they share, such as Postgres' buffers, would be counted for each of them.
        """
        found = {}
        for name in PATTERNS:
            with contextlib.suppress(LookupError):
                found[name] = sum(_own_kb(pid) for pid in family_of(self.pid(name)))
        return found

    # --- Hooks -----------------------------------------------------------------------------------
    def arm(self, hook: str, text: str = "") -> None:
        """Let the next process that passes `hook` be caught by it, once."""
        (self.control / hook).write_text(text)

    def await_sprung(self, hook: str, *, seconds: float = 30) -> bool:
        """Wait until somebody was caught by `hook`; False if nobody was in time."""
        deadline = time.monotonic() + seconds
        while (self.control / hook).exists():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    @contextlib.contextmanager
    def without(self, protection: Protection) -> Iterator[None]:
        """Take a protection out for as long as the block runs."""
        (self.control / protection).touch()
        try:
            yield
        finally:
            (self.control / protection).unlink()

    # --- Database --------------------------------------------------------------------------------
    @contextlib.contextmanager
    def database(self) -> Iterator[psycopg.Connection[Any]]:
        """Open a session of our own that waits as long as it takes."""
        with psycopg.connect(self.database_url, autocommit=True, connect_timeout=5) as connection:
            connection.execute("SET statement_timeout = 0")
            yield connection


def children_of(parent: int) -> list[int]:
    """Return the processes that `parent` started."""
    return [pid for pid, ppid in _parents().items() if ppid == parent]


def family_of(pid: int) -> list[int]:
    """Return a process and all below it, the oldest first."""
    parents, found = _parents(), [pid]
    for one in found:
        found.extend(child for child, parent in parents.items() if parent == one)
    return found


def command_of(pid: int) -> str:
    """Return the command line of a process, "" if it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def _parents() -> dict[int, int]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                state, ppid = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    found[int(entry.name)] = int(ppid)
    return found


def _own_kb(pid: int) -> int:
    with contextlib.suppress(OSError):
        found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) if found else 0
    return 0
