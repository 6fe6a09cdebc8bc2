"""The process of live events: Server-Sent Events at `/v1/live`, and whether it is well."""

import asyncio
import contextlib
import io
import json
import signal
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest

from krak.api.problems import MEDIA_TYPE, RETRYABLE, STATUS
from krak.core.errors import DomainError
from krak.identity import authentication
from krak.identity.queries import Pass
from krak.identity.services.proofs import Bearer
from krak.live import queries, rules
from krak.live.hub import Full, Hub, Stream
from krak.live.refusals import Away, MalformedEventId, NothingHere, SignedOut

type Scope = Mapping[str, Any]
type Receive = Callable[[], Awaitable[dict[str, Any]]]
type Send = Callable[[dict[str, Any]], Awaitable[None]]

RETRY_MS: Final = 2_000
SEND_SECONDS: Final = 10.0
"""A reader that takes nothing for so long is dropped."""
_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


class Live:
    """The ASGI application."""

    def __init__(self) -> None:
        self.hub = Hub()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the process."""
        if scope["type"] == "lifespan":
            await self._life(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _life(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.hub = Hub()
                self.hub.start()
                _on_signals(self.hub.close)
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.hub.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            match scope["method"], scope["path"]:
                case "GET", "/v1/live":
                    await self._stream(scope, receive, send)
                case "GET" | "HEAD", "/healthz/live":
                    await _say(send, 200, {"status": "live", "streams": self.hub.count})
                case "GET" | "HEAD", "/healthz/ready":
                    await self._ready(send)
                case _:
                    raise NothingHere
        except DomainError as refusal:
            await _refuse(send, refusal)

    async def _ready(self, send: Send) -> None:
        try:
            database = await self.hub.ask(queries.answers)
        except Exception:  # noqa: BLE001 - whatever it is, we are not ready
            database = False
        status = "ready" if database and not self.hub.stopping else "not ready"
        await _say(send, 200 if status == "ready" else 503, {"status": status})

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        stream, opening = await self._opened(scope)
        try:
            self.hub.open(stream)
        except Full:
            raise Away from None
        gone = asyncio.create_task(_hung_up(receive, stream))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await _write(send, opening)
            await self._follow(stream, send)
        except TimeoutError:
            stream.close("too slow")
        finally:
            self.hub.leave(stream)
            gone.cancel()
        if not gone.done() or stream.closing != "hung up":
            with contextlib.suppress(Exception):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _opened(self, scope: Scope) -> tuple[Stream, bytes]:
        """Return the stream that is asked for, and its first bytes."""
        asked = ASGIRequest(scope, io.BytesIO())
        try:
            bearer, bounds = await self.hub.ask(_let_in, asked)
        except Exception as error:
            raise Away from error
        if bearer is None or bounds is None:
            raise SignedOut
        text = asked.headers.get("Last-Event-ID", "")
        try:
            last_seen = rules.read_event_id(text) if text else None
        except rules.MalformedEventId:
            raise MalformedEventId from None
        begun = rules.start(last_seen=last_seen, oldest=bounds[0], newest=bounds[1])
        session = bearer.session.session_key if bearer.session is not None else None
        stream = Stream(bearer.user.customer.id, Pass(bearer.id, session), begun.after)
        return stream, rules.opening(begun, retry_ms=RETRY_MS)

    async def _follow(self, stream: Stream, send: Send) -> None:
        """Send what there is, wait to be woken, and again, until the stream ends."""
        while stream.is_open():
            stream.woken.clear()
            told = await self.hub.read_after(stream.customer_id, stream.after)
            if not stream.is_open():
                return
            if told:
                frames = (rules.frame(each.kind, each.data, number=each.sequence) for each in told)
                await _write(send, b"".join(frames))
                stream.after = told[-1].sequence
                continue
            while not stream.woken.is_set():
                try:
                    async with asyncio.timeout(settings.LIVE_HEARTBEAT_SECONDS):
                        await stream.woken.wait()
                except TimeoutError:
                    await _write(send, rules.HEARTBEAT)


def _on_signals(call: Callable[[], None]) -> None:
    """Call back when the process is asked to stop.

    The server waits for all requests to end before it tells us, and streams do not end by
    themselves. Its own handler hears the signal by the loop, and this one does besides.
    """
    loop = asyncio.get_running_loop()

    def heard(_number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(call)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, heard)


def _let_in(asked: ASGIRequest) -> tuple[Bearer | None, tuple[int, int] | None]:
    bearer = authentication.bearer_in(asked)
    return bearer, queries.bounds(bearer.user.customer.id) if bearer else None


async def _hung_up(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.close("hung up")


async def _write(send: Send, body: bytes) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _say(send: Send, status: int, body: Mapping[str, Any]) -> None:
    await _send_json(send, status, body, kind=b"application/json")


async def _refuse(send: Send, refusal: DomainError) -> None:
    status = STATUS[refusal.kind]
    body = {
        "type": "about:blank", "title": refusal.title, "status": status, "code": refusal.code,
        "retryable": status in RETRYABLE,
    }  # fmt: skip
    more = ((b"retry-after", b"2"),) if status in RETRYABLE else ()
    await _send_json(send, status, body, kind=MEDIA_TYPE.encode(), more=more)


async def _send_json(
    send: Send,
    status: int,
    body: Mapping[str, Any],
    *,
    kind: bytes,
    more: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    headers = ((b"content-type", kind), (b"cache-control", b"no-store"), *more)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
