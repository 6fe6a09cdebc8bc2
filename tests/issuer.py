"""A fake Stripe Issuing in this process, and endpoints to point it at."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import stripe

from krak.sandbox.issuer.client import Control
from krak.sandbox.issuer.issuer import Configuration
from krak.sandbox.issuer.server import Server


@dataclass
class FakeIssuer:
    """A running issuer: its address, its control door, and a `stripe` client of its account."""

    url: str
    control: Control
    stripe: stripe.StripeClient
    server: Server = field(repr=False)

    @property
    def v1(self) -> Any:
        """Return the services of the client."""
        return self.stripe.v1


def client_of(url: str, key: str = "sk_test_sandbox", **options: Any) -> stripe.StripeClient:
    """Return the real client, pointed to a local address."""
    options.setdefault("max_network_retries", 0)
    return stripe.StripeClient(key, base_addresses={"api": url}, **options)


@contextmanager
def running_issuer(**configuration: Any) -> Iterator[FakeIssuer]:
    """Run an issuer on a free port; in memory unless `state` says otherwise."""
    server = Server(Configuration(**configuration))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    server.issuer.start()
    try:
        with Control(server.url) as control:
            yield FakeIssuer(server.url, control, client_of(server.url), server)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        server.issuer.stop()


@dataclass
class Recorder:
    """An endpoint that writes down what it is told and answers what a test wants.

    `decide` answers requests: it returns a body, or a status and a body. `refusals` are the
    statuses of the next answers at the ordinary door, before 200.
    """

    url: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    signatures: list[tuple[str, str, str]] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    decide: Callable[[dict[str, Any]], Any] = lambda _event: {"approved": True}
    headers: dict[str, str] = field(default_factory=lambda: {"Stripe-Version": stripe.api_version})

    def kinds(self) -> list[str]:
        """Return the types of the events that were told, in the order they came."""
        return [event["type"] for event in self.told]


def slowly(answer: dict[str, Any], *, seconds: float) -> Callable[[dict[str, Any]], Any]:
    """Return a decision that takes its time."""

    def decide(_event: dict[str, Any]) -> dict[str, Any]:
        time.sleep(seconds)
        return answer

    return decide


@contextmanager
def recording() -> Iterator[Recorder]:
    """Run an endpoint that records."""
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            event = json.loads(text)
            recorder.signatures.append((self.path, text, self.headers["Stripe-Signature"]))
            status: int = 200
            body: Any = {}
            if self.path.endswith("/authorizations"):
                recorder.asked.append(event)
                decided = recorder.decide(event)
                status, body = decided if isinstance(decided, tuple) else (200, decided)
            else:
                recorder.told.append(event)
                if recorder.refusals:
                    status = recorder.refusals.pop(0)
            answer = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            headers = {"Content-Type": "application/json", **recorder.headers}
            for name, value in (headers | {"Content-Length": str(len(answer))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    recorder.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
