"""Reads of the catalogue."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db import connection

from fx.assets import catalogue
from fx.assets.models import Asset, Multiplier
from fx.assets.rules import AssetFacts, Kind, MultiplierRow, Status
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


def statuses(codes: Iterable[str]) -> dict[str, Status]:
    """Return what staff say may be done with these assets right now, ahead of any board."""
    rows = Asset.objects.filter(code__in=list(codes)).values_list("code", "status")
    return {code: Status(status) for code, status in rows}


def multipliers_at(at: datetime) -> dict[str, Decimal]:
    """Return the multiplier in force at `at` of every asset that ever had one; others have 1."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (multiplier.asset_id) asset.code, multiplier.multiplier"
            "  FROM assets_multiplier multiplier"
            "  JOIN assets_asset asset ON asset.id = multiplier.asset_id"
            " WHERE multiplier.activates_at <= %s"
            " ORDER BY multiplier.asset_id, multiplier.activates_at DESC,"
            "          multiplier.created_at DESC, multiplier.id DESC",
            [at],
        )
        return dict(cursor.fetchall())


def multiplier_rows() -> dict[str, list[MultiplierRow]]:
    """Return every multiplier ever scheduled, by asset."""
    rows: defaultdict[str, list[MultiplierRow]] = defaultdict(list)
    for code, row_id, multiplier, activates_at, created_at in Multiplier.objects.values_list(
        "asset__code", "id", "multiplier", "activates_at", "created_at"
    ):
        rows[code].append(
            MultiplierRow(
                id=row_id, multiplier=multiplier, activates_at=activates_at, created_at=created_at
            )
        )
    return dict(rows)
