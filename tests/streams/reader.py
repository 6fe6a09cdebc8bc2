"""An app that listens: Server-Sent Events over a plain socket, and the process it listens to."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from django.db import connection

from krak.runtime import processes
from krak.runtime.processes import free_port

PATIENCE_SECONDS = 20.0


@dataclass
class Event:
    """One event as it arrived."""

    id: int
    name: str
    data: dict[str, Any]


@dataclass
class Reader:
    """One open stream. `events` are what has arrived, `comments` how many heartbeats."""

    sock: socket.socket
    status: int = 0
    head: str = ""
    buffer: bytes = b""
    events: list[Event] = field(default_factory=list)
    comments: int = 0
    retry: str = ""
    ended: bool = False

    def read(self, *, seconds: float) -> None:
        """Take in what arrives within so many seconds, at least one piece of it."""
        self.sock.settimeout(seconds)
        try:
            piece = self.sock.recv(65536)
        except TimeoutError:
            return
        except OSError:
            piece = b""
        self.ended = not piece
        self.buffer += piece
        if not self.head and b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            self.head = head.decode().lower()
            self.status = int(self.head.split()[1])
        self._take_blocks()

    def _take_blocks(self) -> None:
        text = self.buffer
        while b"\n\n" in text:
            block, _, text = text.partition(b"\n\n")
            # Lines that chunked encoding puts between are of no field, and fall out here.
            lines = [line.strip() for line in block.decode().split("\n")]
            fields = dict(line.split(": ", 1) for line in lines if ": " in line and line[0] != ":")
            self.comments += any(line.startswith(":") for line in lines)
            self.retry = fields.get("retry", self.retry)
            if "event" in fields:
                self.events.append(
                    Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))
                )
        self.buffer = text

    def wait(self, enough: Any) -> None:
        """Read until `enough` of this reader, for some seconds at most."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not enough(self):
            assert time.monotonic() < deadline, (self.status, self.head, self.events, self.buffer)
            assert not self.ended, (self.status, self.head, self.events, self.buffer)
            self.read(seconds=0.2)

    def wait_until_ended(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.ended:
            assert time.monotonic() < deadline, "the stream did not end"
            self.read(seconds=0.2)
            if b"0\r\n\r\n" in self.buffer[-5:]:
                self.ended = True

    def numbers(self) -> list[int]:
        """Return the ids of the notices, in the order in which they arrived."""
        return [event.id for event in self.events if event.name not in {"ready", "gap"}]

    def hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def listen(url: str, token: str, *, last: int | str | None = None, ready: bool = True) -> Reader:
    """Open a stream and wait until it is ready."""
    parts = urlsplit(url)
    sock = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)
    lines = ["GET /v1/live HTTP/1.1", f"Host: {parts.netloc}", f"Authorization: Bearer {token}"]
    if last is not None:
        lines.append(f"Last-Event-ID: {last}")
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    reader = Reader(sock)
    reader.wait(
        (lambda it: any(event.name == "ready" for event in it.events))
        if ready
        else (lambda it: it.status != 0)
    )
    return reader


@dataclass
class Process:
    """A process of live events."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def live_process(**environment: str) -> Iterator[Process]:
    """Run a process of live events as the Procfile does, on the database of the tests."""
    port = free_port()
    settings = connection.settings_dict
    where = f"{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
    login = f"{quote(settings['USER'], safe='')}:{quote(settings['PASSWORD'], safe='')}"
    process = processes.start(
        [
            sys.executable, "-m", "granian", "--interface", "asgi", "krak.asgi:application",
            "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
            "--workers-kill-timeout", "5s", "--log-level", "warning", "--no-access-log",
        ],
        environment=os.environ | {"DATABASE_URL": f"postgres://{login}@{where}"} | environment,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{url}/healthz/ready", timeout=2).status_code == 200:
                    break
            assert process.poll() is None, "it ended while it was starting"
            time.sleep(0.05)
        yield Process(url, process)
    finally:
        processes.stop(process, (signal.SIGTERM, 10))
