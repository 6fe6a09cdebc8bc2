"""Kraken's private endpoints on a local socket, as far as hedging speaks to them.

It checks each signature by its own arithmetic, refuses a nonce that does not grow and an order
after its deadline, fills at a price it is told, and misbehaves on request.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# Of Kraken's public documentation.
KEY = "an API key"
SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="


def sign(path: str, nonce: str, body: str) -> str:
    """Sign as the documentation says, step by step."""
    inner = hashlib.sha256()
    inner.update(nonce.encode())
    inner.update(body.encode())
    outer = hmac.HMAC(base64.b64decode(SECRET), digestmod="sha512")
    outer.update(path.encode())
    outer.update(inner.digest())
    return base64.b64encode(outer.digest()).decode()


@dataclass
class Order:
    """An order that the fake took."""

    txid: str
    form: dict[str, str]
    filled: Decimal = Decimal(0)
    status: str = "closed"
    trades: dict[str, dict[str, Any]] = field(default_factory=dict)


class FakeKraken:
    """What it took, what it was asked, and how it should misbehave."""

    def __init__(self) -> None:
        self.url = ""
        self.orders: list[Order] = []
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.pairs: dict[str, dict[str, Any]] = {}
        self.tokenized_pairs: dict[str, dict[str, Any]] = {}
        self.price = Decimal(50_000)
        self.fee_rate = Decimal("0.004")
        self.fill = Decimal(1)
        self.stays_open = False
        self.answers_twice = False
        self.hides_trades = False
        self.errors: dict[str, list[str]] = {}
        """By call: what to refuse with, before anything is done."""
        self.silent_after: set[str] = set()
        """Calls whose effect happens and whose answer never comes."""
        self.silent_before: set[str] = set()
        """Calls that arrive nowhere."""
        self.bad_gateway: set[str] = set()
        self.last_nonce = 0
        self._lock = threading.Lock()
        self._calls: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
            "AddOrder": self._add_order,
            "OpenOrders": self._open_orders,
            "ClosedOrders": self._closed_orders,
            "QueryTrades": self._query_trades,
            "CancelOrder": self._cancel_order,
        }

    def took(self, name: str) -> list[dict[str, str]]:
        """Return the forms of the calls of one name."""
        return [form for call, form in self.calls if call == name]

    def answer(self, call: str, headers: Any, body: str) -> dict[str, Any] | None:
        """Return the JSON of an answer, or None to hang up without one."""
        with self._lock:
            form = dict(parse_qsl(body))
            if call in self.silent_before:
                return None
            path = f"/0/private/{call}"
            if headers["API-Key"] != KEY:
                return _error("EAPI:Invalid key")
            if headers["API-Sign"] != sign(path, form["nonce"], body):
                return _error("EAPI:Invalid signature")
            if int(form["nonce"]) <= self.last_nonce:
                return _error("EAPI:Invalid nonce")
            self.last_nonce = int(form["nonce"])
            self.calls.append((call, form))
            if call in self.errors:
                return _error(*self.errors[call])
            answered = self._calls[call](form)
            return None if call in self.silent_after else answered

    def _add_order(self, form: dict[str, str]) -> dict[str, Any]:
        if datetime.fromisoformat(form["deadline"]) <= datetime.now(UTC):
            return _error("EService:Deadline elapsed")
        descr = {"order": f"{form['type']} {form['volume']} {form['pair']}"}
        if form.get("validate") == "true":
            return _result({"descr": descr})
        order = Order(f"O{len(self.orders):05}-FAKE", form)
        self.orders.append(order)
        self._trade(order, Decimal(form["volume"]) * self.fill)
        if self.stays_open and self.fill < 1:
            order.status = "open"
        elif self.fill < 1:
            order.status = "canceled"
        return _result({"descr": descr, "txid": [order.txid]})

    def _trade(self, order: Order, volume: Decimal) -> None:
        if not volume:
            return
        order.filled += volume
        cost = volume * self.price
        order.trades[f"T{len(self.orders):04}-{len(order.trades)}"] = {
            "ordertxid": order.txid, "pair": order.form["pair"], "time": time.time(),
            "type": order.form["type"], "ordertype": order.form["ordertype"],
            "price": str(self.price), "vol": str(volume), "cost": str(cost),
            "fee": str(cost * self.fee_rate), "misc": "",
        }  # fmt: skip

    def fill_the_rest(self) -> None:
        """Fill what is open of the newest order."""
        order = self.orders[-1]
        self._trade(order, Decimal(order.form["volume"]) - order.filled)
        order.status = "closed"

    def _open_orders(self, form: dict[str, str]) -> dict[str, Any]:
        wanted = {"open"} | ({"closed", "canceled"} if self.answers_twice else set())
        return _result({"open": self._listed(form, wanted)})

    def _closed_orders(self, form: dict[str, str]) -> dict[str, Any]:
        return _result({"closed": self._listed(form, {"closed", "canceled"}), "count": 1})

    def _listed(self, form: dict[str, str], statuses: set[str]) -> dict[str, Any]:
        return {
            order.txid: {
                "status": order.status, "cl_ord_id": order.form["cl_ord_id"],
                "vol": order.form["volume"], "vol_exec": str(order.filled),
                "trades": [] if self.hides_trades else
                list(order.trades) * (2 if self.answers_twice else 1),
            }
            for order in self.orders
            if order.form["cl_ord_id"] == form["cl_ord_id"] and order.status in statuses
        }  # fmt: skip

    def _query_trades(self, form: dict[str, str]) -> dict[str, Any]:
        wanted = form["txid"].split(",")
        return _result(
            {t: facts for order in self.orders for t, facts in order.trades.items() if t in wanted}
        )

    def _cancel_order(self, form: dict[str, str]) -> dict[str, Any]:
        for order in self.orders:
            if order.form["cl_ord_id"] == form["cl_ord_id"] and order.status == "open":
                order.status = "canceled"
                return _result({"count": 1})
        return _error("EOrder:Unknown order")


def _error(*errors: str) -> dict[str, Any]:
    return {"error": list(errors)}


def _result(result: dict[str, Any]) -> dict[str, Any]:
    return {"error": [], "result": result}


@contextmanager
def running() -> Iterator[FakeKraken]:
    """Serve on a loopback port within a block."""
    fake = FakeKraken()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            call = self.path.rpartition("/")[2]
            if call in fake.bad_gateway:
                self._send(502, b"<html>Bad gateway</html>")
                return
            answer = fake.answer(call, self.headers, body)
            if answer is None:
                self.close_connection = True
                return
            self._send(200, json.dumps(answer).encode())

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            tokenized = dict(parse_qsl(asked.query)).get("aclass_base") == "tokenized_asset"
            found = fake.tokenized_pairs if tokenized else fake.pairs
            self._send(200, json.dumps(_result(found)).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
