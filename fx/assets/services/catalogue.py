"""List assets and change what may be done with them."""

from dataclasses import asdict
from datetime import datetime
from typing import Final

from fx.assets import catalogue
from fx.assets.models import Asset
from fx.assets.queries import UnknownAsset, all_facts
from fx.assets.rules import AssetFacts, CatalogueRow, Status, shipped
from krak.core.transactions import takes_part, transaction

_LOADED: Final = tuple(CatalogueRow.__dataclass_fields__)


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


@takes_part
def list_asset(row: CatalogueRow, *, now: datetime) -> Asset:
    """Add an asset that the shipped catalogue does not know; the same row again changes nothing.

    Other processes learn of it when they first meet its code.
    """
    asset, _ = Asset.objects.get_or_create(
        code=row.code, defaults=asdict(row) | {"chains": list(row.chains), "listed_at": now}
    )
    catalogue.install(
        [
            AssetFacts(
                code=row.code,
                name=row.name,
                kind=row.kind,
                decimals=row.decimals,
                hours=row.kraken_hours,
            )
        ]
    )
    return asset
