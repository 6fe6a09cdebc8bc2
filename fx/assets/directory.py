"""The directory: all that is public about every asset, in this process, and how it is searched.

It is read from the database by whoever asks first, and again when it is older than
`REFRESH_SECONDS`; a database that is away leaves it as it was. Prices are not in it: they are on
the board.
"""

import logging
import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from django.db import Error as DatabaseError

from fx.assets.models import Asset, Delisting
from fx.assets.queries import UnknownAsset, facts
from fx.assets.rules import AssetFacts, Kind, Status
from krak.core.ids import MalformedId, read

logger = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 30.0
CODE: Final = re.compile(r"[A-Za-z0-9._-]{1,16}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One asset as anybody may see it."""

    id: UUID
    facts: AssetFacts
    underlying: str
    chains: tuple[str, ...]
    solana_mint: str
    evm_address: str
    """What a share is known by on Solana, and on every EVM chain; "" where it is not."""
    listed_at: datetime
    delists_at: datetime | None
    """When what is left of it becomes cash, or became it."""


@dataclass(frozen=True, slots=True)
class _Copy:
    by_code: Mapping[str, Listed]
    by_id: Mapping[UUID, Listed]
    by_contract: Mapping[str, Listed]
    read_at: float


_lock = threading.Lock()
_copy: _Copy | None = None


def named(text: str) -> AssetFacts:
    """Return the facts of the asset that a client calls by its code.

    What cannot be a code is unknown without a query.

    Raises:
        UnknownAsset: there is none of exactly this code.
    """
    if not CODE.fullmatch(text):
        raise UnknownAsset(asset=text[:40])
    return facts(text)


def find(code_or_id: str) -> Listed:
    """Return one asset by its code or by the id that clients see.

    Raises:
        UnknownAsset: there is none.
    """
    found = _look_up(_current(), code_or_id)
    if found is None and (CODE.fullmatch(code_or_id) or code_or_id.startswith(Asset.PREFIX)):
        # Listed a moment ago, perhaps.
        found = _look_up(_current(at_most_seconds=0), code_or_id)
    if found is None:
        raise UnknownAsset(asset=code_or_id[:40])
    return found


def of_contract(contract: str) -> Listed | None:
    """Return the asset of a mint or a contract's address, None for what is none of ours.

    Hexadecimal in lower case. Scores of fakes carry the exact names: on a chain this alone counts.
    Source: xstocks.md, Chains.
    """
    found = _current().by_contract.get(contract)
    if found is None:
        # Listed a moment ago, perhaps; anybody can send a thousand of what never will be.
        found = _current(at_most_seconds=1).by_contract.get(contract)
    return found


def search(
    text: str = "", *, kinds: Iterable[Kind] = ()
) -> list[tuple[tuple[str, str, str], Listed]]:
    """Return the assets that fit with the keys they are sorted by: best first, then by code.

    Best is the exact code, then the same letters in another case or the whole name, the beginning
    of a code, of a share's ticker, of a word of the name, and last anything within the name. An
    empty `text` fits everything.
    """
    wanted, allowed = text.strip(), frozenset(kinds)
    rows = [
        ((str(rank), each.facts.code.casefold(), each.facts.code), each)
        for each in _current().by_code.values()
        if not allowed or each.facts.kind in allowed
        if (rank := _rank(each, wanted, wanted.casefold())) is not None
    ]
    rows.sort(key=lambda row: row[0])
    return rows


def forget() -> None:
    """Drop this process's copy; the next question reads it again."""
    global _copy  # noqa: PLW0603 - one copy per process
    _copy = None


def _rank(asset: Listed, text: str, folded: str) -> int | None:
    code, name = asset.facts.code, asset.facts.name.casefold()
    folded_code = code.casefold()
    ranks = (
        not text or code == text,
        folded in {folded_code, name},
        folded_code.startswith(folded),
        asset.underlying.casefold().startswith(folded),
        any(word.startswith(folded) for word in name.split()),
        folded in name,
    )
    return next((rank for rank, fits in enumerate(ranks) if fits), None)


def _look_up(copy: _Copy, code_or_id: str) -> Listed | None:
    try:
        return copy.by_id.get(read(Asset.PREFIX, code_or_id))
    except MalformedId:
        return copy.by_code.get(code_or_id)


def _current(*, at_most_seconds: float = REFRESH_SECONDS) -> _Copy:
    global _copy  # noqa: PLW0603 - one copy per process
    copy = _copy
    if copy is not None and time.monotonic() - copy.read_at <= at_most_seconds:
        return copy
    with _lock:
        if copy is not None and _copy is not copy and _copy is not None:
            return _copy
        try:
            _copy = _read()
        except DatabaseError as problem:
            if copy is None:
                raise
            logger.warning("The directory of assets stays as it was: %s", problem)
            _copy = replace(copy, read_at=time.monotonic())
        return _copy


def _read() -> _Copy:
    delisted = dict(
        Delisting.objects.filter(called_off_at=None).values_list("asset_id", "converts_at")
    )
    rows: Sequence[Listed] = [
        Listed(
            id=asset.id,
            facts=AssetFacts(
                code=asset.code,
                name=asset.name,
                kind=Kind(asset.kind),
                decimals=asset.decimals,
                hours=asset.kraken_hours,
                status=Status(asset.status),
            ),
            underlying=asset.underlying,
            chains=tuple(asset.chains),
            solana_mint=asset.solana_mint or "",
            evm_address=asset.evm_address or "",
            listed_at=asset.listed_at,
            delists_at=delisted.get(asset.pk),
        )
        for asset in Asset.objects.order_by("code")
    ]
    return _Copy(
        by_code=MappingProxyType({row.facts.code: row for row in rows}),
        by_id=MappingProxyType({row.id: row for row in rows}),
        by_contract=MappingProxyType(
            {
                contract: row
                for row in rows
                for contract in (row.solana_mint, row.evm_address)
                if contract
            }
        ),
        read_at=time.monotonic(),
    )
