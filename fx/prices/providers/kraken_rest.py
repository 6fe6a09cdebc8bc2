"""Kraken's REST: one Ticker call for all pairs of a class, a second between any two calls.

Source: https://docs.kraken.com/api/docs/rest-api/get-ticker-information
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from fx.prices.providers import http
from fx.prices.providers.base import Catalogue, Provider, VendorProblem
from fx.prices.providers.reading import json_of, number_in
from fx.prices.ticks import Fault, Tick
from krak.core.clock import now as the_time

SOURCE: Final = "Kraken REST"
CALL_SECONDS: Final = 1.0
"""Kraken lets an address call about once a second."""
PAIRS_SECONDS: Final = 600.0
"""How long what AssetPairs said is good for."""
_RETRY_SECONDS: Final = 60.0
_TOKENIZED: Final = "tokenized_asset"
_CLASSES: Final = ("currency", _TOKENIZED)
_DOLLARS: Final = ("USD", "ZUSD")


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair against dollars: Kraken's ids of it, the one to ask by first, and our code."""

    code: str
    ids: tuple[str, ...]


def pairs_of(result: Mapping[str, Any], kraken_names: Mapping[str, str]) -> list[Pair]:
    """Return the dollar pairs of our assets among Kraken's AssetPairs.

    A share may be there twice under one altname; the one that trades under its own name is asked.
    """
    codes = {name: code for code, name in kraken_names.items()}
    found: dict[str, list[tuple[bool, bool, str, str]]] = {}
    for pair_id, facts in result.items():
        if not isinstance(facts, dict):
            continue
        altname = str(facts.get("altname", pair_id))
        base, _, quote = str(facts.get("wsname") or "").partition("/")
        if not quote and altname.endswith("USD"):
            base, quote = altname.removesuffix("USD"), "USD"
        code = codes.get(base)
        if code is not None and quote in _DOLLARS:
            rank = (facts.get("status") != "online", pair_id != altname, pair_id, altname)
            found.setdefault(code, []).append(rank)
    pairs = []
    for code, ranks in found.items():
        _, _, pair_id, altname = min(ranks)
        # Ticker may answer by either name.
        pairs.append(Pair(code, (pair_id, altname)))
    return pairs


class KrakenRest(Provider):
    """Asks for everything, again and again: what the stream is silent about is heard of here."""

    name = "kraken_rest"
    call_seconds = CALL_SECONDS

    def __init__(self, listing: Catalogue) -> None:
        super().__init__(listing)
        self._client = http.client()
        self._pairs: dict[str, list[Pair]] = {}
        self._pairs_until = 0.0
        self._next_call = 0.0

    def ticks(self) -> Iterator[Tick]:
        """Ask for every pair once."""
        if time.monotonic() >= self._pairs_until:
            self._ask_for_pairs()
        for asset_class in _CLASSES:
            pairs = self._pairs.get(asset_class, [])
            if pairs and not self.stopping.is_set():
                yield from self._ticker(asset_class, pairs)

    def _ask_for_pairs(self) -> None:
        listing = self.listing()
        for asset_class in _CLASSES:
            names = {
                code: name
                for code, name in listing.kraken_names.items()
                if listing.assets[code].properties.has_multiplier is (asset_class == _TOKENIZED)
            }
            result = self._call("AssetPairs", {"aclass_base": asset_class})
            self._pairs[asset_class] = pairs_of(result, names)
        self._pairs_until = time.monotonic() + PAIRS_SECONDS

    def _ticker(self, asset_class: str, pairs: list[Pair]) -> Iterator[Tick]:
        codes = {pair_id: pair.code for pair in pairs for pair_id in pair.ids}
        parameters = {"pair": ",".join(pair.ids[0] for pair in pairs), "asset_class": asset_class}
        self._wait()
        # Said after this moment, so it is at least that young.
        as_of = the_time()
        for pair_id, entry in self._call("Ticker", parameters).items():
            self.count()
            code = codes.get(pair_id)
            if code is None:
                self.reject(Fault.UNKNOWN_SYMBOL, pair_id)
                continue
            bid, ask = _first(entry, "b"), _first(entry, "a")
            if bid is None or ask is None:
                self.reject(Fault.MALFORMED, f"{pair_id}: {str(entry)[:80]}")
                continue
            yield Tick(code=code, venue="kraken", bid=bid, ask=ask, as_of=as_of, source=SOURCE)

    def _call(self, name: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """Return the good part of an answer; what Kraken complains of besides is reported.

        Raises:
            VendorProblem: there is no good part.
        """
        self._wait()
        self._next_call = time.monotonic() + self.call_seconds
        body = json_of(http.get(self._client, f"{settings.KRAKEN_REST_URL}/{name}", parameters))
        if not isinstance(body, dict) or not isinstance(body.get("error", []), list):
            raise VendorProblem(f"{name}: no answer of Kraken's")
        errors, result = body.get("error", []), body.get("result")
        if not isinstance(result, dict) or (errors and not result):
            raise VendorProblem(f"{name}: {', '.join(map(str, errors)) or 'no result'}")
        for error in errors:
            self.reject(Fault.VENDOR_ERROR, f"{name}: {error}")
            self._pairs_until = min(self._pairs_until, time.monotonic() + _RETRY_SECONDS)
        return result

    def _wait(self) -> None:
        self.stopping.wait(max(0.0, self._next_call - time.monotonic()))


def _first(entry: Any, name: str) -> Any:
    side = entry.get(name) if isinstance(entry, dict) else None
    return number_in(side[0]) if isinstance(side, list) and side else None
