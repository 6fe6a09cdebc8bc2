"""Assets: what kinds there are and what sets them apart; multipliers are in a room of their own.

The engine asks a kind for its properties and never for its name, so that a new kind (bonds,
indexes) is a new row of `PROPERTIES` and no new branch.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from fx.assets.rules.multipliers import (
    LEAD_TIME,
    MULTIPLIER_LIMIT,
    MULTIPLIER_PLACES,
    ONE,
    Activation,
    Change,
    How,
    MultiplierRow,
    Standing,
    activations,
    after_dividend,
    after_split,
    changes,
    effective,
    from_now_on,
    multiplier_at,
    multiplier_before,
    scheduled_for,
    standings,
)

__all__ = [
    "LEAD_TIME",
    "MULTIPLIER_LIMIT",
    "MULTIPLIER_PLACES",
    "ONE",
    "Activation",
    "Change",
    "How",
    "MultiplierRow",
    "Standing",
    "activations",
    "after_dividend",
    "after_split",
    "changes",
    "effective",
    "from_now_on",
    "multiplier_at",
    "multiplier_before",
    "scheduled_for",
    "standings",
]

ASSET_PREFIX: Final = "ast"
"""What the ids of assets begin with."""
CATALOGUE: Final = Path(__file__).parent.parent / "data" / "assets.csv"


class Kind(StrEnum):
    """What an asset is."""

    FIAT = "FIAT"
    STABLECOIN = "STABLECOIN"
    CRYPTO = "CRYPTO"
    COMMODITY_TOKEN = "COMMODITY_TOKEN"  # noqa: S105 - nobody's secret
    TOKENIZED_EQUITY = "TOKENIZED_EQUITY"
    TOKENIZED_ETF = "TOKENIZED_ETF"


class AssetClass(StrEnum):
    """What the rules about who may hold something go by."""

    CASH = "CASH"
    CRYPTO = "CRYPTO"
    SECURITY = "SECURITY"


class Status(StrEnum):
    """What may be done with an asset."""

    ACTIVE = "ACTIVE"
    HALTED = "HALTED"
    DELISTING = "DELISTING"
    DELISTED = "DELISTED"

    @property
    def tradable(self) -> bool:
        """Tell whether it may still be sold; while it is being delisted it may."""
        return self in {Status.ACTIVE, Status.DELISTING}

    @property
    def buyable(self) -> bool:
        """Tell whether more of it may be bought."""
        return self is Status.ACTIVE


class DelistingStep(StrEnum):
    """What two people agree on about a delisting."""

    ANNOUNCE = "ANNOUNCE"
    CALL_OFF = "CALL_OFF"


DELISTING_NOTICE: Final = timedelta(days=14)
"""How long holders can sell what is being delisted before what is left becomes cash, at least."""
DELISTING_REMINDER: Final = timedelta(days=3)
"""How long before that moment whoever holds it then is told once more, or for the first time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindProperties:
    """What the engine may ask about a kind.

    Spreads and swings are basis points of the price. Haircuts are in the card policy's dated rows.
    """

    max_price_age: timedelta
    """An older price is stale: it neither covers nor sells."""
    spend_rank: int
    """Lower is spent earlier; the card's own currency comes before all of them."""
    ranked_by_value: bool
    """Within its rank the most valuable holding goes first."""
    is_cash: bool = False
    """Money of a state: it needs no venue, only a reference rate."""
    asset_class: AssetClass = AssetClass.CRYPTO
    """Whose rules of eligibility hold for it."""
    has_multiplier: bool = False
    """What is shown is base units times a multiplier that corporate actions move."""
    spread_bps: int
    wide_spread_bps: int
    """While its main venue is closed, or its reference rate is of the last working day."""
    swing_bps: int
    """How far the simulated market lets it wander from its seed."""
    jump_bps: int
    """A price that moves farther at once is believed only when another source confirms it."""
    trades_on_chain: bool = False
    """While its exchange is closed it can be sold on chain, with the wide spread."""


_COIN: Final = KindProperties(
    max_price_age=timedelta(seconds=30),
    spend_rank=3,
    ranked_by_value=True,
    spread_bps=10,
    wide_spread_bps=60,
    swing_bps=150,
    jump_bps=2000,
)
_TOKENIZED: Final = KindProperties(
    max_price_age=timedelta(seconds=60),
    spend_rank=4,
    ranked_by_value=True,
    asset_class=AssetClass.SECURITY,
    has_multiplier=True,
    spread_bps=15,
    wide_spread_bps=60,
    swing_bps=80,
    jump_bps=1500,
    trades_on_chain=True,
)
PROPERTIES: Final[dict[Kind, KindProperties]] = {
    Kind.FIAT: KindProperties(
        # The last working day's reference rate is good until the next one's is out: five days at
        # Easter and, when Christmas is next to a weekend, then; and a few hours for it to come.
        max_price_age=timedelta(days=6),
        spend_rank=1,
        ranked_by_value=False,
        is_cash=True,
        asset_class=AssetClass.CASH,
        spread_bps=5,
        wide_spread_bps=15,
        swing_bps=30,
        jump_bps=500,
    ),
    Kind.STABLECOIN: KindProperties(
        max_price_age=timedelta(seconds=30),
        spend_rank=2,
        ranked_by_value=False,
        spread_bps=2,
        wide_spread_bps=10,
        swing_bps=3,
        jump_bps=500,
    ),
    Kind.CRYPTO: _COIN,
    Kind.COMMODITY_TOKEN: _COIN,
    Kind.TOKENIZED_EQUITY: _TOKENIZED,
    Kind.TOKENIZED_ETF: _TOKENIZED,
}
"""Source of spend ranks: cards.md section 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFacts:
    """What everybody may know about an asset without asking the database."""

    code: str
    name: str
    kind: Kind
    decimals: int
    hours: str = ""
    """`24/7`, `24/5` in New York's week, or empty: no venue, a reference rate."""
    status: Status = Status.ACTIVE

    @property
    def properties(self) -> KindProperties:
        """What its kind says about it."""
        return PROPERTIES[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueRow:
    """One row of the catalogue that is shipped with the code."""

    code: str
    name: str
    kind: Kind
    decimals: int
    kraken_altname: str
    underlying: str
    kraken_hours: str
    chains: tuple[str, ...]
    solana_mint: str | None
    evm_address: str | None
    note: str

    @property
    def facts(self) -> AssetFacts:
        """Return what an engine may branch on, of an asset as it is listed."""
        return AssetFacts(
            code=self.code,
            name=self.name,
            kind=self.kind,
            decimals=self.decimals,
            hours=self.kraken_hours,
        )


def read_catalogue(path: Path = CATALOGUE) -> Iterator[CatalogueRow]:
    """Read a catalogue file; a row that makes no sense is a bug of the file and raises."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            kind = Kind(row["kind"].upper())
            chains = row["chains"].strip()
            yield CatalogueRow(
                code=row["code"],
                name=row["name"],
                kind=kind,
                decimals=int(row["decimals"]),
                kraken_altname=row["kraken_altname"],
                underlying=row["underlying"],
                kraken_hours=row["kraken_hours"],
                # A share lists all its chains, one word each; a coin names one, with its standard.
                chains=tuple(chains.split())
                if PROPERTIES[kind].has_multiplier
                else (chains,)
                if chains
                else (),
                solana_mint=row["solana_mint"] or None,
                evm_address=row["evm_address"].lower() or None,
                note=row["note"],
            )


@cache
def shipped() -> tuple[CatalogueRow, ...]:
    """Return the catalogue that came with the code, read once."""
    return tuple(read_catalogue())
