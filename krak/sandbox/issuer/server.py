"""The HTTP side: a thread per connection, kept alive."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from krak.sandbox.issuer import answers, control
from krak.sandbox.issuer.answers import Answer, Request
from krak.sandbox.issuer.issuer import Configuration, Issuer
from krak.sandbox.issuer.resources import asking, money

MOST_BYTES: Final = 1024 * 1024


class Server(ThreadingHTTPServer):
    """An issuer that listens."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, configuration: Configuration, *, port: int = 0) -> None:
        self.issuer = Issuer(configuration)
        self.issuer.timers.append(money.arrive_in_time)
        asking.finish_interrupted(self.issuer)
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "Issuer/1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer."""
        self._respond()

    def do_POST(self) -> None:
        """Answer."""
        self._respond()

    def do_PUT(self) -> None:
        """Answer."""
        self._respond()

    def do_DELETE(self) -> None:
        """Answer."""
        self._respond()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called
        """Log nothing: every call would be a line."""

    def _respond(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self.close_connection = True
            self._send(Answer(413, {"error": {"message": "The body is too large."}}))
            return
        body = self.rfile.read(int(length)).decode(errors="replace")
        path = urlsplit(self.path).path
        if path.startswith("/_issuer/"):
            self._send(self._controlled(path, body))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = answers.answer(self.server.issuer, Request(self.command, self.path, headers, body))
        if answer.lost:
            self.close_connection = True
            return
        self._send(answer)

    def _controlled(self, path: str, body: str) -> Answer:
        try:
            told = json.loads(body or "{}")
        except ValueError:
            told = None
        if not isinstance(told, dict):
            return Answer(400, {"error": {"message": "The body is no JSON object."}})
        told |= parse_qsl(urlsplit(self.path).query)
        return control.answer(self.server.issuer, self.command, path, told)

    def _send(self, answer: Answer) -> None:
        text = json.dumps(answer.body, indent=2).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)
