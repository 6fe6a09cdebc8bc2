"""Kraken's private REST interface: orders, signed; and its pairs.

Source: https://docs.kraken.com/api/docs/guides/spot-rest-auth, …/rest-api/add-order,
…/get-open-orders, …/get-closed-orders, …/get-trades-info, …/guides/spot-errors.

A `cl_ord_id` is unique among *open* orders only, so it alone does not make a repeat harmless:
an order that was filled at once could be placed again under the same id. That is why an order is
sent at most once, with a deadline, and looked for afterwards.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

import httpx

from fx.assets import catalogue
from fx.assets import queries as assets
from holdings.hedging.gateway.base import Fill, Refused, Report, Ticket, Unsure
from holdings.hedging.gateway.nonces import next_nonce
from holdings.hedging.rules.exposure import Instrument
from krak.core.money import STORED_PLACES, nearest_to, plain

TIMEOUT_SECONDS: Final = 10.0
NONCE_TRIES: Final = 5
TRADES_AT_ONCE: Final = 20

# What certainly stopped an order, and passes: nobody has to look at it.
_PASSING: Final = (
    "EAPI:Rate limit exceeded",
    "EOrder:Rate limit exceeded",
    "EOrder:Domain rate limit exceeded",
    "EGeneral:Too many requests",
    "EService:Throttled",
    "EService:Market in",  # cancel_only, limit_only or post_only mode
)
# What certainly stopped an order, and will again until somebody does something.
_LASTING: Final = (
    "EOrder:",
    "EAPI:Invalid key",
    "EAPI:Invalid signature",
    "EAPI:Invalid nonce",
    "EAPI:Bad request",
    "EAPI:Feature disabled",
    "EAuth:",
    "EAccount:",
    "EFunding:",
    "EGeneral:Permission denied",
    "EGeneral:Invalid arguments",
    "EGeneral:Unknown method",
    "EGeneral:Temporary lockout",
    "EQuery:",
    "ETrade:",
)
# Everything else leaves it open: "EService:Unavailable", "EService:Busy", "EService:Timeout",
# "EService:Deadline elapsed" and "EGeneral:Internal error" may come after the engine took it.
_INVALID_NONCE: Final = "EAPI:Invalid nonce"
_UNKNOWN_ORDER: Final = "EOrder:Unknown order"


def signature(*, path: str, nonce: str, body: str, secret: str) -> str:
    """Return `API-Sign`: base64(HMAC-SHA512(path ‖ SHA256(nonce ‖ body), base64-decoded secret)).

    `path` as in the address ("/0/private/AddOrder"); `body` the form exactly as it is sent.
    """
    digest = hashlib.sha256((nonce + body).encode()).digest()
    mac = hmac.new(base64.b64decode(secret), path.encode() + digest, hashlib.sha512)
    return base64.b64encode(mac.digest()).decode()


class Kraken:
    """Kraken, spoken to with one key."""

    name: ClassVar[str] = "kraken"

    def __init__(
        self,
        *,
        key: str,
        secret: str,
        url: str,
        timeout: float = TIMEOUT_SECONDS,
        nonces: Callable[[str], int] = next_nonce,
    ) -> None:
        self._key = key
        self._secret = secret
        self._nonces = nonces
        self._http = httpx.Client(base_url=url, timeout=timeout, headers={"User-Agent": "krak"})

    def place(self, ticket: Ticket, *, now: datetime, validate: bool = False) -> str:
        """Send AddOrder: immediate or cancel, its fee in USD, refused after its `deadline`."""
        if ticket.deadline <= now:
            raise Refused("the deadline has passed", passing=True)
        form = {
            "pair": ticket.pair,
            "type": ticket.side.lower(),
            "ordertype": "market" if ticket.limit_price is None else "limit",
            "volume": plain(ticket.quantity),
            "cl_ord_id": ticket.client_id,
            "deadline": _rfc3339(ticket.deadline),
            "oflags": "fciq",
        }
        if ticket.limit_price is not None:
            form |= {"price": plain(ticket.limit_price), "timeinforce": "IOC"}
        if ticket.tokenized:
            form["asset_class"] = "tokenized_asset"
        if validate:
            form["validate"] = "true"
        result = self._private("AddOrder", form)
        if validate:
            return ""
        try:
            return str(result["txid"][0])
        except (KeyError, IndexError, TypeError):
            raise Unsure(f"AddOrder answered without an id: {result!r}"[:200]) from None

    def find(self, ticket: Ticket) -> Report | None:
        """Look among the open, then among the closed orders: it moves only that way."""
        asked = {"cl_ord_id": ticket.client_id, "trades": "true"}
        for call, name in (("OpenOrders", "open"), ("ClosedOrders", "closed")):
            orders = self._asked(call, asked).get(name) or {}
            found = self._reports(orders)
            if found:
                return _joined(found)
        return None

    def cancel(self, ticket: Ticket) -> None:
        """Send CancelOrder; an order that Kraken does not know as open is as good as cancelled."""
        try:
            self._private("CancelOrder", {"cl_ord_id": ticket.client_id})
        except Refused as answer:
            if not str(answer).startswith(_UNKNOWN_ORDER):
                raise Unsure(str(answer)) from None

    def instruments(self) -> Iterable[tuple[str, Instrument]]:
        """Read AssetPairs, of currencies and of tokenized assets; one entry per asset of ours.

        A share may be listed twice under one name: one that trades now comes first.
        """
        names = {called: code for code, called in assets.kraken_names().items()}
        # Money of a state is known by its Z: coins are called as money is, MNT and BOB.
        money = {f"Z{c}": c for c, a in catalogue.known().items() if a.properties.is_cash}
        found: dict[str, tuple[bool, Instrument]] = {}
        for tokenized in (False, True):
            params = {"aclass_base": "tokenized_asset"} if tokenized else {}
            pairs = self._public("AssetPairs", params)
            for pair, facts in sorted(pairs.items()):
                base, _, quote = str(facts.get("wsname", "")).partition("/")
                code = money.get(str(facts.get("base"))) or names.get(base)
                if code is None or quote != "USD":
                    continue
                online = facts.get("status") == "online"
                if code in found and (found[code][0] or not online):
                    continue
                try:
                    found[code] = online, _instrument(pair, facts, tokenized=tokenized)
                except (KeyError, ValueError, InvalidOperation):
                    continue
        for code, (_online, instrument) in found.items():
            yield code, instrument

    def _asked(self, call: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Ask for something; a refusal of a question says nothing about the order."""
        try:
            return self._private(call, form)
        except Refused as answer:
            raise Unsure(str(answer)) from None

    def _reports(self, orders: Mapping[str, Any]) -> list[Report]:
        trades = [trade for facts in orders.values() for trade in facts.get("trades") or ()]
        fills = self._fills(trades)
        try:
            return [
                Report(
                    order_id=order_id,
                    open=facts["status"] in {"pending", "open"},
                    filled=Decimal(facts["vol_exec"]),
                    fills=tuple(
                        fills[trade] for trade in facts.get("trades") or () if trade in fills
                    ),
                )
                for order_id, facts in orders.items()
            ]
        except (KeyError, TypeError, InvalidOperation):
            raise Unsure("an order of Kraken's cannot be read") from None

    def _fills(self, trades: list[str]) -> dict[str, Fill]:
        found: dict[str, Fill] = {}
        for start in range(0, len(trades), TRADES_AT_ONCE):
            some = ",".join(trades[start : start + TRADES_AT_ONCE])
            for trade, facts in self._asked("QueryTrades", {"txid": some}).items():
                try:
                    found[trade] = Fill(
                        id=trade,
                        quantity=_amount(facts["vol"]),
                        price=_amount(facts["price"]),
                        cost=_amount(facts["cost"]),
                        fee=_amount(facts["fee"]),
                        at=datetime.fromtimestamp(float(facts["time"]), UTC),
                    )
                except (KeyError, TypeError, ValueError, InvalidOperation):
                    raise Unsure("a trade of Kraken's cannot be read") from None
        return found

    def _private(self, call: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Send a signed call and return its result.

        A nonce that came too late (another process overtook us) is refused before anything is
        done, so that call alone is repeated, with a new one.
        """
        tries = 0
        while True:
            answer = self._answer(self._signed(f"/0/private/{call}", form))
            errors = [str(error) for error in answer["error"]]
            tries += 1
            if tries == NONCE_TRIES or not any(e.startswith(_INVALID_NONCE) for e in errors):
                break
        if errors:
            raise _as_exception(errors)
        return _result(answer)

    def _signed(self, path: str, form: Mapping[str, str]) -> httpx.Request:
        nonce = str(self._nonces(self._key))
        body = urlencode({"nonce": nonce, **form})
        return self._http.build_request(
            "POST",
            path,
            content=body,
            headers={
                "API-Key": self._key,
                "API-Sign": signature(path=path, nonce=nonce, body=body, secret=self._secret),
                "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            },
        )

    def _public(self, call: str, params: Mapping[str, str]) -> dict[str, Any]:
        # Errors and good entries may come together: what is good is used.
        return _result(
            self._answer(self._http.build_request("GET", f"/0/public/{call}", params=params))
        )

    def _answer(self, request: httpx.Request) -> dict[str, Any]:
        try:
            response = self._http.send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Refused(f"{type(error).__name__}: nothing was sent", passing=True) from None
        except httpx.HTTPError as error:
            raise Unsure(f"{type(error).__name__}: {error}"[:200]) from None
        try:
            answer = json.loads(response.content, parse_float=Decimal)
        except ValueError:
            raise Unsure(f"HTTP {response.status_code} without JSON") from None
        if not isinstance(answer, dict) or not isinstance(answer.get("error"), list):
            raise Unsure(f"HTTP {response.status_code}: not an answer of Kraken's")
        return answer


def _as_exception(errors: list[str]) -> Exception:
    text = "; ".join(errors)[:200]
    if all(error.startswith(_PASSING) for error in errors):
        return Refused(text, passing=True)
    if all(error.startswith((*_PASSING, *_LASTING)) for error in errors):
        return Refused(text)
    return Unsure(text)


def _result(answer: Mapping[str, Any]) -> dict[str, Any]:
    result = answer.get("result")
    if not isinstance(result, dict):
        raise Unsure("Kraken answered without a result")
    return result


def _joined(reports: list[Report]) -> Report:
    """Return several orders under one id as one: there should never be two, but both are ours."""
    first, *more = reports
    for report in more:
        first = Report(
            order_id=first.order_id,
            open=first.open or report.open,
            filled=first.filled + report.filled,
            fills=first.fills + report.fills,
        )
    return first


def _instrument(pair: str, facts: Mapping[str, Any], *, tokenized: bool) -> Instrument:
    tick = _amount(facts.get("tick_size") or Decimal(1).scaleb(-int(facts["pair_decimals"])))
    if tick <= 0:
        raise ValueError(pair)
    return Instrument(
        pair=pair,
        quantity_places=min(int(facts["lot_decimals"]), STORED_PLACES),
        tick=tick,
        minimum_quantity=_amount(facts.get("ordermin") or 0),
        minimum_cost=_amount(facts.get("costmin") or 0),
        tokenized=tokenized,
    )


def _amount(text: Any) -> Decimal:
    amount = Decimal(text)
    if not amount.is_finite():
        raise ValueError(text)
    return nearest_to(amount, STORED_PLACES)


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
