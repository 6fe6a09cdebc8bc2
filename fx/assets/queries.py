"""Reads of the catalogue."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from fx.assets import catalogue
from fx.assets.models import Asset, Multiplier
from fx.assets.rules import AssetFacts, Kind, MultiplierRow, Status, multiplier_at
from krak.core.errors import DomainError
from krak.core.errors import Kind as Refusal


class UnknownAsset(DomainError):
    """No asset has exactly this code."""

    code = "assets.unknown"
    title = "No such asset; codes are case-sensitive."
    kind = Refusal.NOT_FOUND


def facts(code: str) -> AssetFacts:
    """Return what is known about an asset; only one that was listed since costs a query.

    Raises:
        UnknownAsset: there is none of exactly this code.
    """
    known = catalogue.known().get(code)
    if known is None:
        catalogue.install(all_facts(codes=[code]))
        known = catalogue.known().get(code)
    if known is None:
        raise UnknownAsset(asset=code)
    return known


def all_facts(*, codes: list[str] | None = None) -> list[AssetFacts]:
    """Return the facts of all assets, or of these, as the database has them now."""
    rows = Asset.objects.order_by("code")
    if codes is not None:
        rows = rows.filter(code__in=codes)
    return [
        AssetFacts(
            code=code,
            name=name,
            kind=Kind(kind),
            decimals=decimals,
            hours=hours,
            status=Status(status),
        )
        for code, name, kind, decimals, hours, status in rows.values_list(
            "code", "name", "kind", "decimals", "kraken_hours", "status"
        )
    ]


def multipliers_at(at: datetime) -> dict[str, Decimal]:
    """Return the multiplier in force at `at` of every asset that ever had one; others have 1."""
    return {code: multiplier_at(rows, at) for code, rows in multiplier_rows().items()}


def multiplier_rows(*, codes: list[str] | None = None) -> dict[str, list[MultiplierRow]]:
    """Return every multiplier ever scheduled, by asset, or those of these assets."""
    stored = Multiplier.objects.values_list(
        "asset__code", "id", "multiplier", "activates_at", "created_at", "cancels"
    )
    if codes is not None:
        stored = stored.filter(asset__code__in=codes)
    rows: defaultdict[str, list[MultiplierRow]] = defaultdict(list)
    for code, row_id, multiplier, activates_at, created_at, cancels in stored:
        rows[code].append(
            MultiplierRow(
                id=row_id,
                multiplier=multiplier,
                activates_at=activates_at,
                created_at=created_at,
                cancels=cancels,
            )
        )
    return dict(rows)
