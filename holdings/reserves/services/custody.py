"""Keep what custodians say they hold."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from fx.assets import queries as assets
from holdings.reserves import custodians, queries
from holdings.reserves.models import CustodyStatement
from krak.core.errors import DomainError
from krak.core.ids import uuid7
from krak.core.transactions import takes_part, transaction
from krak.customers.models import User


class NothingStated(DomainError):
    """A statement of less than nothing, or of an asset that nobody knows."""

    code = "reserves.nothing_stated"
    title = "A custodian holds something or nothing of an asset."


def ask_custodians(*, now: datetime) -> int:
    """Ask who can be asked, and keep what they say; return how many figures changed."""
    return sum(
        keep_statements(custodian.name, list(custodian.holdings()), now=now)
        for custodian in custodians.in_use()
    )


@transaction
def keep_statements(
    custodian: str, stated: Iterable[custodians.Stated], *, now: datetime, by: User | None = None
) -> int:
    """Keep all that a custodian says it holds now; return how many figures changed.

    What it said before and no longer mentions it holds no more.

    Raises:
        NothingStated: a figure is negative.
    """
    said = {each.asset: each for each in stated}
    before = queries.newest_statements(custodian)
    for code in before.keys() - said.keys():
        said[code] = custodians.Stated(code, Decimal(0))
    return sum(
        _keep(custodian, each, before.get(each.asset), by=by, now=now) for each in said.values()
    )


@takes_part
def state(
    *, custodian: str, asset: str, units: Decimal, reference: str, by: User, now: datetime
) -> CustodyStatement:
    """Keep what a custodian says of one asset, as staff read it.

    Raises:
        UnknownAsset: there is none of exactly this code.
        NothingStated: the figure is negative.
    """
    assets.facts(asset)
    before = queries.newest_statements(custodian).get(asset)
    _keep(custodian, custodians.Stated(asset, units, reference), before, by=by, now=now)
    return queries.newest_statements(custodian)[asset]


@takes_part
def _keep(
    custodian: str,
    stated: custodians.Stated,
    before: CustodyStatement | None,
    *,
    by: User | None,
    now: datetime,
) -> bool:
    if stated.units < 0:
        raise NothingStated(asset=stated.asset, units=str(stated.units))
    if before is not None and before.units == stated.units:
        CustodyStatement.objects.filter(id=before.id).update(confirmed_at=now)
        return False
    CustodyStatement.objects.create(
        id=uuid7(),
        custodian=custodian,
        asset=stated.asset,
        units=stated.units,
        reference=stated.reference,
        stated_by=by,
        stated_at=now,
        confirmed_at=now,
    )
    return True
