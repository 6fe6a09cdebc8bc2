"""Kraken's WebSocket v2: the `ticker` channel, told of every change of the best bid and offer.

Source: https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/ticker
"""

import json
import time
from collections.abc import Iterator, Mapping
from itertools import batched
from typing import Any, Final

from django.conf import settings
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from fx.prices.providers.base import Provider, VendorProblem
from fx.prices.providers.reading import json_of, moment_in, number_of
from fx.prices.ticks import Fault, Tick

SOURCE: Final = "Kraken WebSocket"
BATCH: Final = 100
"""Symbols per subscription."""
OPEN_SECONDS: Final = 5.0
HEARTBEAT_SECONDS: Final = 5.0
"""Kraken says something every second, so one that is silent for this long is gone."""
TICK_SECONDS: Final = 30.0
"""A connection that only beats its heart has lost our subscriptions."""
MOST_BYTES: Final = 2 * 2**20
"""Of one message."""
_LOOK_SECONDS: Final = 0.2
"""How long it may take to see that it should stop."""

_STREAM_NAMES: Final = {"XBT": "BTC", "XDG": "DOGE"}
"""Where version 2 of the stream has another name than REST."""


def symbols_of(kraken_names: Mapping[str, str]) -> dict[str, str]:
    """Return the stream's symbol of every asset, with our code; both are case-sensitive."""
    return {f"{_STREAM_NAMES.get(name, name)}/USD": code for code, name in kraken_names.items()}


class KrakenStream(Provider):
    """One connection at a time; a lost one is opened again and subscribes to everything anew."""

    name = "kraken_ws"
    heartbeat_seconds = HEARTBEAT_SECONDS

    def ticks(self) -> Iterator[Tick]:
        """Connect, subscribe, and yield what comes until the connection is lost."""
        codes = symbols_of(self.listing().kraken_names)
        try:
            with connect(
                settings.KRAKEN_WS_URL,
                open_timeout=OPEN_SECONDS,
                close_timeout=_LOOK_SECONDS,
                max_size=MOST_BYTES,
            ) as connection:
                _subscribe(connection, codes)
                yield from self._listen(connection, codes)
        except (WebSocketException, OSError, EOFError) as problem:
            raise VendorProblem(f"{type(problem).__name__}: {problem}") from None

    def _listen(self, connection: ClientConnection, codes: Mapping[str, str]) -> Iterator[Tick]:
        heard = ticked = time.monotonic()
        while not self.stopping.is_set():
            try:
                frame = connection.recv(timeout=_LOOK_SECONDS)
            except TimeoutError:
                frame = None
            moment = time.monotonic()
            if frame is None:
                if moment - heard > self.heartbeat_seconds:
                    raise VendorProblem(f"silent for {self.heartbeat_seconds:.1f} s")
                continue
            heard = moment
            self.count()
            for tick in self._read(frame, codes):
                ticked = moment
                yield tick
            if moment - ticked > TICK_SECONDS:
                raise VendorProblem(f"no tick for {TICK_SECONDS:.0f} s")

    def _read(self, frame: str | bytes, codes: Mapping[str, str]) -> Iterator[Tick]:
        try:
            message = json_of(frame)
        except VendorProblem as problem:
            self.reject(Fault.UNREADABLE, str(problem))
            return
        if not isinstance(message, dict):
            self.reject(Fault.MALFORMED, repr(message)[:80])
        elif message.get("success") is False:
            said = str(message.get("error"))
            fault = Fault.NOT_TRADED if "not supported" in said else Fault.VENDOR_ERROR
            self.reject(fault, f"{message.get('symbol')}: {said}")
        elif message.get("channel") == "ticker":
            entries = message.get("data")
            if not isinstance(entries, list):
                self.reject(Fault.MALFORMED, "ticker without data")
                return
            for entry in entries:
                if tick := self._tick(entry, codes):
                    yield tick
            self.count(len(entries))

    def _tick(self, entry: Any, codes: Mapping[str, str]) -> Tick | None:
        if not isinstance(entry, dict) or not isinstance(entry.get("symbol"), str):
            self.reject(Fault.MALFORMED, repr(entry)[:80])
            return None
        symbol = entry["symbol"]
        code = codes.get(symbol)
        if code is None:
            self.reject(Fault.UNKNOWN_SYMBOL, symbol)
            return None
        bid, ask = number_of(entry.get("bid")), number_of(entry.get("ask"))
        as_of = moment_in(entry.get("timestamp"))
        if bid is None or ask is None or as_of is None:
            said = {name: entry.get(name) for name in ("bid", "ask", "timestamp")}
            self.reject(Fault.MALFORMED, f"{symbol}: {said}")
            return None
        return Tick(code=code, venue="kraken", bid=bid, ask=ask, as_of=as_of, source=SOURCE)


def _subscribe(connection: ClientConnection, codes: Mapping[str, str]) -> None:
    for number, symbols in enumerate(batched(codes, BATCH), start=1):
        connection.send(
            json.dumps(
                {
                    "method": "subscribe",
                    "params": {
                        "channel": "ticker",
                        "symbol": list(symbols),
                        # Else a quiet coin is heard of only when somebody trades it.
                        "event_trigger": "bbo",
                        "snapshot": True,
                    },
                    "req_id": number,
                }
            )
        )
