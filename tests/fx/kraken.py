"""Kraken on this machine: WebSocket v2 and REST in the shapes that Kraken speaks, and its moods.

Names are Kraken's REST names (`XBT`, `XDG`, `AAPLx`), prices strings, so that whatever a test
wants to be said is said digit for digit.
"""

import json
import random
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tests.fx.vendor import Vendor

STREAM_NAMES = {"XBT": "BTC", "XDG": "DOGE"}


def stamp(moment: datetime | None = None) -> str:
    return (moment or datetime.now(UTC)).isoformat().replace("+00:00", "Z")


def ticker(symbol: str, bid: str, ask: str, *, kind: str = "update", timestamp: str = "") -> str:
    """Return a ticker message; `bid` and `ask` go in as they are, `NaN` and `1e999` included."""
    return (
        f'{{"channel":"ticker","type":"{kind}","data":[{{"symbol":"{symbol}","bid":{bid},'
        f'"bid_qty":1.5,"ask":{ask},"ask_qty":0.25,"last":{bid},"volume":10.5,"vwap":{bid},'
        f'"low":{bid},"high":{ask},"change":0.1,"change_pct":0.01,'
        f'"timestamp":"{timestamp or stamp()}"}}]}}'
    )


class FakeKraken:
    """`prices` are what it trades: name → (bid, ask); `tokenized` are those that are shares."""

    def __init__(self, prices: dict[str, tuple[str, str]], tokenized: Iterable[str] = ()) -> None:
        self.prices = dict(prices)
        self.tokenized = set(tokenized)
        self.connections: dict[ServerConnection, set[str]] = {}
        self.subscriptions: list[dict[str, Any]] = []
        self.opened = 0
        self.heartbeat = threading.Event()
        self.heartbeat.set()
        self.errors: list[str] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.rest = Vendor()
        self.rest.answers["/AssetPairs"] = self._asset_pairs
        self.rest.answers["/Ticker"] = self._ticker
        self.rest_url = self.rest.url
        self._server = serve(self._talk, "127.0.0.1", 0, compression=None)
        self._threads = [
            threading.Thread(target=self._server.serve_forever),
            threading.Thread(target=self._beat),
        ]
        for thread in self._threads:
            thread.start()
        self.ws_url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/v2"

    def stop(self) -> None:
        self._stopping.set()
        self.drop()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self.rest.stop()

    # --- The stream -------------------------------------------------------------------------------
    def say(self, name: str, bid: str, ask: str, **rest: str) -> None:
        """Have a new price, and tell whoever subscribed to it, unless everything hangs."""
        self.prices[name] = (bid, ask)
        if self.rest.hanging.is_set():
            return
        self.send(ticker(self.symbol(name), bid, ask, **rest), symbol=self.symbol(name))

    def send(self, message: str | list[str], symbol: str | None = None) -> None:
        """Send a message as it is; a list goes out as one message in fragments."""
        with self._lock:
            listening = [c for c, symbols in self.connections.items() if symbol in symbols | {None}]
        for connection in listening:
            with suppress(ConnectionClosed, OSError):
                connection.send(message)

    def drop(self) -> None:
        """Cut all connections as a broken line does: without a word."""
        with self._lock:
            cut = list(self.connections)
        for connection in cut:
            with suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

    def symbol(self, name: str) -> str:
        return f"{STREAM_NAMES.get(name, name)}/USD"

    def wander(self, *, seconds: float) -> None:
        """Move every price a little and say so, for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._stopping.is_set():
            for name, (bid, _) in list(self.prices.items()):
                moved = float(bid) * random.uniform(0.9995, 1.0005)
                self.say(name, f"{moved:.6f}", f"{moved * 1.0005:.6f}")
            self._stopping.wait(0.5)

    def _talk(self, connection: ServerConnection) -> None:
        with self._lock:
            self.connections[connection] = set()
            self.opened += 1
        status = [{"api_version": "v2", "connection_id": 1, "system": "online", "version": "2.0"}]
        with suppress(ConnectionClosed, OSError):
            connection.send(json.dumps({"channel": "status", "type": "update", "data": status}))
            for message in connection:
                self._subscribe(connection, json.loads(message))
        with self._lock:
            self.connections.pop(connection, None)

    def _subscribe(self, connection: ServerConnection, asked: dict[str, Any]) -> None:
        self.subscriptions.append(asked)
        while self.rest.hanging.is_set():
            time.sleep(0.02)
        known = {self.symbol(name): name for name in self.prices}
        for symbol in asked["params"]["symbol"]:
            answer: dict[str, Any] = {"method": "subscribe", "req_id": asked["req_id"]}
            if symbol not in known:
                said = "Currency pair not supported " + symbol
                answer |= {"success": False, "error": said, "symbol": symbol}
                connection.send(json.dumps(answer))
                continue
            result = {"channel": "ticker", "event_trigger": "bbo", "snapshot": True}
            answer |= {"success": True, "result": result | {"symbol": symbol}}
            connection.send(json.dumps(answer))
            with self._lock:
                self.connections[connection].add(symbol)
            bid, ask = self.prices[known[symbol]]
            connection.send(ticker(symbol, bid, ask, kind="snapshot"))

    def _beat(self) -> None:
        while not self._stopping.wait(0.1):
            if self.heartbeat.is_set() and not self.rest.hanging.is_set():
                self.send('{"channel":"heartbeat"}')

    # --- REST -------------------------------------------------------------------------------------
    def pair_id(self, name: str) -> str:
        """Return Kraken's id: old coins have an X before them and their dollars a Z."""
        return f"X{name}ZUSD" if name in STREAM_NAMES else f"{name}USD"

    def _asset_pairs(self, parameters: dict[str, str]) -> Any:
        tokenized = parameters["aclass_base"] == "tokenized_asset"
        result = {}
        for name in self.prices:
            if (name in self.tokenized) is not tokenized:
                continue
            facts = {
                "altname": f"{name}USD", "wsname": f"{name}/USD", "base": name, "quote": "ZUSD",
                "pair_decimals": 2, "lot_decimals": 8, "status": "online",
            }  # fmt: skip
            result[self.pair_id(name)] = facts
            if tokenized:
                # The same pair once more, where nobody trades.
                result[f"{name[:-1]}SPVUSD"] = facts | {"status": "post_only"}
            else:
                result[f"{name}EUR"] = facts | {
                    "altname": f"{name}EUR", "wsname": f"{name}/EUR", "quote": "ZEUR",
                }  # fmt: skip
        return {"error": [], "result": result}

    def _ticker(self, parameters: dict[str, str]) -> Any:
        names = {self.pair_id(name): name for name in self.prices}
        result, errors = {}, list(self.errors)
        for pair in parameters["pair"].split(","):
            if pair not in names:
                errors.append("EQuery:Unknown asset pair")
                continue
            bid, ask = self.prices[names[pair]]
            day = [bid, bid]
            result[pair] = {
                "a": [ask, "1", "1.000"], "b": [bid, "1", "1.000"], "c": [bid, "0.1"], "v": day,
                "p": day, "t": [1, 2], "l": day, "h": day, "o": bid,
            }  # fmt: skip
        return {"error": errors, "result": result}
