"""Clients that ask without pause, in one thread: what they cost is little and the same for all.

A thread per client would spend more of the two cores on this side than the product does on its own.
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

END_OF_HEAD = b"\r\n\r\n"


@dataclass
class Client:
    """One keep-alive connection, with at most one request on its way."""

    address: tuple[str, int]
    source: str = ""
    began: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.socket = socket.create_connection(
            self.address, source_address=(self.source, 0) if self.source else None
        )
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> None:
        """Send a whole request."""
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def answer(self) -> tuple[int, bytes] | None:
        """Take what has arrived; return status and body once all of it has."""
        arrived = self.socket.recv(65536)
        if not arrived:
            raise ConnectionError("the server hung up")
        self.received += arrived
        head, found, body = bytes(self.received).partition(END_OF_HEAD)
        if not found:
            return None
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        if len(body) < length:
            return None
        self.received.clear()
        return int(head.split(b" ", 2)[1]), body


def post(url: str, path: str, body: str, headers: dict[str, str]) -> bytes:
    """Return a whole request, ready to be sent."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {urlsplit(url).netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(body.encode())}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", body]).encode()


def ask_without_pause(
    url: str,
    requests: Iterator[bytes],
    *,
    clients: int,
    seconds: float,
    check: Callable[[int, bytes], None],
    per_second: float | None = None,
    sources: Sequence[str] = ("",),
) -> tuple[list[float], float]:
    """Return the milliseconds of each answer within `seconds`, and the seconds it really took.

    With `per_second` the clients together start that many requests a second, evenly, and a
    request that has to wait for a free client counts from when it should have started. Clients
    come from the addresses of `sources`, in turn.
    """
    parts = urlsplit(url)
    selector = selectors.DefaultSelector()
    address = (parts.hostname or "", parts.port or 80)
    idle = deque(Client(address, source=sources[n % len(sources)]) for n in range(clients))
    for client in idle:
        selector.register(client.socket, selectors.EVENT_READ, client)
    began = time.perf_counter()
    times: list[float] = []
    due, step = began, 1 / per_second if per_second else 0.0
    asking, is_over = 0, False
    while True:
        now = time.perf_counter()
        is_over = is_over or now - began >= seconds
        while idle and not is_over and (not step or due <= now):
            request = next(requests, None)
            if request is None:
                is_over = True
                break
            # In turn: a connection that rests for half a minute is closed by the server.
            client = idle.popleft()
            client.ask(request)
            if step:
                client.began, due = due, due + step
            asking += 1
        if is_over and not asking:
            break
        for key, _ in selector.select(max(0.0, due - now) if step and idle else None):
            answer = key.data.answer()
            if answer is not None:
                times.append((time.perf_counter() - key.data.began) * 1000)
                check(*answer)
                idle.append(key.data)
                asking -= 1
    took = time.perf_counter() - began
    selector.close()
    for client in idle:
        client.socket.close()
    return times, took
