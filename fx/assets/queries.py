"""Reads of the catalogue."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from fx.assets import catalogue
from fx.assets.models import Asset, Delisting, Multiplier
from fx.assets.rules import (
    DELISTING_REMINDER,
    PROPERTIES,
    AssetFacts,
    Kind,
    MultiplierRow,
    Status,
    multiplier_at,
)
from krak.core.compiled import compiled
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
    return {code: Status(status) for code, status in _statuses(set(codes))}


@compiled
def _statuses(codes: Collection[str]) -> QuerySet[Asset, tuple[str, str]]:
    return Asset.objects.filter(code__any=codes).values_list("code", "status")


def multipliers_at(at: datetime) -> dict[str, Decimal]:
    """Return the multiplier in force at `at` of every asset that ever had one; others have 1."""
    return {code: multiplier_at(rows, at) for code, rows in multiplier_rows().items()}


def multiplier_of(code: str, *, at: datetime) -> Decimal:
    """Return the multiplier of an asset that is in force at `at`; 1 if it never had one."""
    return multiplier_at(multiplier_rows(codes=[code]).get(code, []), at)


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


def locked_id(code: str) -> UUID:
    """Lock an asset for this transaction and return its id: what is ordered about it is in line.

    Raises:
        UnknownAsset: there is none of exactly this code.
    """
    row = Asset.objects.select_for_update(no_key=True).filter(code=code).values("id").first()
    if row is None:
        raise UnknownAsset(asset=code)
    return row["id"]


def delisting_of(code: str) -> Delisting | None:
    """Return the delisting of an asset that was not called off; None if there is none."""
    return Delisting.objects.filter(asset__code=code, called_off_at=None).first()


def delisting(delisting_id: UUID) -> Delisting:
    """Return a delisting with its asset."""
    return Delisting.objects.select_related("asset").get(id=delisting_id)


def delistings_due(*, now: datetime) -> QuerySet[Delisting]:
    """Return the delistings whose time has come, and that have no last price yet."""
    return Delisting.objects.filter(
        called_off_at=None, priced_at=None, converts_at__lte=now
    ).select_related("asset")


def delistings_to_remind_of(*, now: datetime) -> QuerySet[Delisting]:
    """Return the delistings that are near, and that holders were told of only when announced."""
    return Delisting.objects.filter(
        called_off_at=None,
        reminded_at=None,
        converts_at__gt=now,
        converts_at__lte=now + DELISTING_REMINDER,
    )


def delistings_priced() -> QuerySet[Delisting]:
    """Return the delistings at whose last price what is left becomes cash."""
    return Delisting.objects.exclude(priced_at=None).select_related("asset")


def kraken_names() -> dict[str, str]:
    """Return what Kraken's REST calls each asset that it trades against dollars, by our code.

    A share that the catalogue has no name for is called there as it is here, if it is traded.
    """
    return {
        code: altname or code
        for code, kind, altname in Asset.objects.values_list("code", "kind", "kraken_altname")
        if not PROPERTIES[Kind(kind)].is_cash and (altname or PROPERTIES[Kind(kind)].has_multiplier)
    }


def mints() -> dict[str, str]:
    """Return the code of each share that has a token on Solana, by the mint that makes it."""
    rows = Asset.objects.exclude(solana_mint=None).values_list("solana_mint", "code", "kind")
    return {str(mint): code for mint, code, kind in rows if PROPERTIES[Kind(kind)].trades_on_chain}
