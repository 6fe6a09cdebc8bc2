"""This Krak, served over HTTP from a thread of the test process."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from django.core.servers.basehttp import ThreadedWSGIServer
from django.core.wsgi import get_wsgi_application
from django.test.testcases import QuietWSGIRequestHandler


class _Server(ThreadedWSGIServer):
    """Knows its connections, so that none outlives it with a connection to the database."""

    daemon_threads = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.open: list[socket.socket] = []

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.open.append(connection)
        return connection, address

    def hang_up(self) -> None:
        """Close every connection, and wait until nobody serves one any more."""
        for connection in self.open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


@contextmanager
def serving() -> Iterator[str]:
    """Serve on a free port; the value is the address."""
    server = _Server(("127.0.0.1", 0), QuietWSGIRequestHandler)
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        # The first request loads everything, and Stripe does not wait for that.
        httpx.get(f"{url}/healthz/ready", timeout=60)
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.hang_up()
