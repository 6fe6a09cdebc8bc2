"""List assets and change what may be done with them."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Final

from fx.assets import catalogue
from fx.assets.models import Asset
from fx.assets.queries import UnknownAsset, all_facts
from fx.assets.rules import CatalogueRow, Status, shipped
from krak.core.errors import DomainError, Kind
from krak.core.transactions import takes_part, transaction

_LOADED: Final = tuple(CatalogueRow.__dataclass_fields__)
_IDENTITY: Final = ("kind", "decimals", "solana_mint", "evm_address")
"""What makes an asset the one it is, beside its code."""


class KnownOtherwise(DomainError):
    """What is to be listed has the code of something else."""

    code = "assets.known_otherwise"
    title = "This code is known here, with another kind, other decimals or another contract."
    kind = Kind.CONFLICT


@transaction
def load_catalogue(*, now: datetime) -> int:
    """Write the shipped catalogue into the database and return how many rows had to change.

    Again is harmless. What staff decide (`status`) and `listed_at` are left as they are, and so
    are assets that the file does not know.
    """
    rows = {row.code: asdict(row) | {"chains": list(row.chains)} for row in shipped()}
    stored = {row["code"]: row for row in Asset.objects.values(*_LOADED)}
    changed = [Asset(**row, listed_at=now) for code, row in rows.items() if stored.get(code) != row]
    Asset.objects.bulk_create(
        changed,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=[name for name in _LOADED if name != "code"],
    )
    catalogue.install(all_facts())
    return len(changed)


@takes_part
def change_status(*, code: str, status: Status) -> None:
    """Halt an asset, let it trade again, or take it through its delisting.

    The market process puts it on the price board within seconds. Again is harmless.

    Raises:
        UnknownAsset: there is none of exactly this code.
    """
    if not Asset.objects.filter(code=code).update(status=status.value):
        raise UnknownAsset(asset=code)


@transaction
def list_assets(rows: Iterable[CatalogueRow], *, now: datetime) -> int:
    """Add assets that are not known yet, all of them or none, and return how many.

    Raises:
        KnownOtherwise: one is known, and is something else.
    """
    return sum(list_asset(row, now=now) for row in rows)


@takes_part
def list_asset(row: CatalogueRow, *, now: datetime) -> bool:
    """Add an asset that the shipped catalogue does not know, and return whether it is new.

    The same row again changes nothing. Other processes learn of it when they first meet its code.

    Raises:
        KnownOtherwise: the code is another asset's.
    """
    asset, is_new = Asset.objects.get_or_create(
        code=row.code, defaults=asdict(row) | {"chains": list(row.chains), "listed_at": now}
    )
    if differing := [name for name in _IDENTITY if getattr(asset, name) != getattr(row, name)]:
        raise KnownOtherwise(asset=row.code, differing=differing)
    catalogue.install([row.facts])
    return is_new
