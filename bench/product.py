"""A whole Krak to measure, started as `make up` starts it and stopped afterwards."""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from krak.runtime.processes import free_port

READY_SECONDS = 600


@dataclass
class Client:
    """One keep-alive connection to the product."""

    url: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def send(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> Any:
        """Send JSON (or a ready text) and return the JSON of the answer."""
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        self.connection.request(
            method, path, text, {"Content-Type": "application/json", **(headers or {})}
        )
        response = self.connection.getresponse()
        answer = response.read()
        if response.status >= 300:  # noqa: PLR2004
            raise RuntimeError(f"{method} {path}: {response.status} {answer[:300]!r}")
        return json.loads(answer) if answer else None


class Running(NamedTuple):
    """A product that is ready."""

    url: str
    door: str
    """Where Stripe's webhooks go: to processes of their own."""
    seconds: float
    """How long it took to start."""


@contextmanager
def running(*, own_servers: bool = False) -> Iterator[Running]:
    """Run the product until the block ends.

    It uses the servers of this environment, or with `own_servers` starts its own.
    """
    environment = {**os.environ, "KRAK_SANDBOX": "1"}
    if own_servers:
        for name in ("DATABASE_URL", "REDIS_URL"):
            environment.pop(name, None)
    port, cards_port = free_port(), free_port()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="krak-bench-") as state:
        process = subprocess.Popen(
            [sys.executable, "-m", "krak.runtime.up", "--state", state, "--follow-parent"],
            env=environment | {"PORT": str(port), "KRAK_CARDS_PORT": str(cards_port)},
            stdout=subprocess.DEVNULL,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_until_ready(url, process)
            yield Running(url, f"http://127.0.0.1:{cards_port}", time.monotonic() - began)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(READY_SECONDS * 20):
        if process.poll() is not None:
            raise RuntimeError("the product ended while it was starting")
        try:
            Client(url).send("GET", "/healthz/ready")
        except (OSError, RuntimeError):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the product was not ready in time")
