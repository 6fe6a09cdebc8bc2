"""The catalogue in this process: facts of every asset without a query.

It starts as the file that came with the code and grows with what is listed since. A status
is as old as the last `install`; what may be traded right now is on the price board.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import moneyed

from fx.assets.rules import AssetFacts, shipped
from krak.core.money import register_currency

_facts: dict[str, AssetFacts] = {}


def load_shipped() -> None:
    """Make the shipped catalogue the one of this process and of py-moneyed.

    py-moneyed's own list has codes that are no longer money (BGN, HRK, SLL) and wrong exponents;
    after this `krak.core.money.currency` knows exactly what the catalogue knows.
    """
    rows = shipped()
    for code in moneyed.CURRENCIES.keys() - {row.code for row in rows}:
        del moneyed.CURRENCIES[code]
    _facts.clear()
    install(row.facts for row in rows)


def install(facts: Iterable[AssetFacts]) -> None:
    """Add or replace assets in this process."""
    for each in facts:
        register_currency(code=each.code, name=each.name, places=each.decimals)
        _facts[each.code] = each


def known() -> Mapping[str, AssetFacts]:
    """Return every asset this process knows, by code."""
    return MappingProxyType(_facts)


def has_multiplier(code: str) -> bool:
    """Tell whether what is held of an asset and what is shown of it may differ."""
    asset = _facts.get(code)
    return asset is not None and asset.properties.has_multiplier
