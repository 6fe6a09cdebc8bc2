"""Writes of the catalogue."""

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Final

from fx.assets import catalogue
from fx.assets.models import Asset, Multiplier
from fx.assets.queries import UnknownAsset, all_facts
from fx.assets.rules import PROPERTIES, AssetFacts, CatalogueRow, Kind, Status, shipped
from krak.core.errors import DomainError
from krak.core.errors import Kind as Refusal
from krak.core.money import is_exact
from krak.core.transactions import takes_part, transaction

_LOADED: Final = tuple(CatalogueRow.__dataclass_fields__)
_MULTIPLIER_PLACES: Final = 18
_MULTIPLIER_LIMIT: Final = Decimal(10**10)


class NoMultiplier(DomainError):
    """Assets of this kind are shown as they are held."""

    code = "assets.no_multiplier"
    title = "This kind of asset has no multiplier."
    kind = Refusal.REFUSED


class InvalidMultiplier(DomainError):
    """The multiplier is not positive, or finer or larger than can be kept."""

    code = "assets.invalid_multiplier"
    title = "A multiplier is positive, below 10^10, with at most 18 decimals."


class MultiplierInThePast(DomainError):
    """The activation has passed, so somebody may have traded on what was in force."""

    code = "assets.multiplier_in_the_past"
    title = "A multiplier can only be scheduled ahead."
    kind = Refusal.REFUSED


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
def schedule_multiplier(
    *, code: str, multiplier: Decimal, activates_at: datetime, now: datetime
) -> Multiplier:
    """Schedule what base units are multiplied with from `activates_at` on.

    The same moment again overrides what was scheduled for it; both rows are kept.

    Raises:
        UnknownAsset: there is none of exactly this code.
        NoMultiplier: its kind has none.
        InvalidMultiplier: it cannot be kept exactly.
        MultiplierInThePast: `activates_at` is not after `now`.
    """
    asset = Asset.objects.filter(code=code).first()
    if asset is None:
        raise UnknownAsset(asset=code)
    if not PROPERTIES[Kind(asset.kind)].has_multiplier:
        raise NoMultiplier(asset=code)
    if not (
        is_exact(multiplier, _MULTIPLIER_PLACES) and Decimal(0) < multiplier < _MULTIPLIER_LIMIT
    ):
        raise InvalidMultiplier(asset=code, multiplier=multiplier)
    if activates_at <= now:
        raise MultiplierInThePast(asset=code, activates_at=activates_at)
    return Multiplier.objects.create(
        asset=asset, multiplier=multiplier, activates_at=activates_at, created_at=now
    )


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
