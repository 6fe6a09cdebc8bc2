"""A TCP proxy that spoils answers: late ones, and some that are cut off after their headers."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

END_OF_HEADERS = b"\r\n\r\n"
READ_AT_ONCE = 65_536


@dataclass
class Proxy:
    """Stands before `port` of this machine on a port of its own; what it does can be changed."""

    port: int
    delay_seconds: float = 0.0
    """How long each piece of an answer is held back."""
    cut_every: int = 0
    """Each n-th answer ends after its headers; 0 for none."""
    cut: int = 0
    """How many were."""
    answers: int = 0
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def own_port(self) -> int:
        """Where it listens."""
        return int(self.listener.getsockname()[1])

    def serve(self) -> None:
        """Take connections until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
        self._pass_back(server, client)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := client.recv(READ_AT_ONCE):
                server.sendall(part)
        _hang_up(client, server)

    def _pass_back(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := server.recv(READ_AT_ONCE):
                if self.delay_seconds:
                    time.sleep(self.delay_seconds)
                if self.cut_every and part.startswith(b"HTTP/1.1 ") and self._cuts():
                    headers, end, _ = part.partition(END_OF_HEADERS)
                    client.sendall(headers + end)
                    break
                client.sendall(part)
        _hang_up(client, server)

    def _cuts(self) -> bool:
        with self._lock:
            self.answers += 1
            due = self.answers % self.cut_every == 0
            self.cut += due
            return due


@contextlib.contextmanager
def before(port: int) -> Iterator[Proxy]:
    """Run a proxy before `port` for as long as the block runs."""
    proxy = Proxy(port)
    threading.Thread(target=proxy.serve, daemon=True).start()
    try:
        yield proxy
    finally:
        # A thread in accept() is woken by the end of the socket, not by its closing.
        with contextlib.suppress(OSError):
            proxy.listener.shutdown(socket.SHUT_RDWR)
        proxy.listener.close()


def _hang_up(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
