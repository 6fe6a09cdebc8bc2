"""Keep what is attested of the shares behind tokens."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from fx.assets import queries as assets
from holdings.reserves import attesters, queries
from holdings.reserves.models import Attestation
from krak.cases.services import open_case
from krak.core.errors import DomainError
from krak.core.ids import uuid7
from krak.core.transactions import takes_part, transaction
from krak.customers.models import User


class NothingAttested(DomainError):
    """An attestation of less than nothing, or of what is no token of a share."""

    code = "reserves.nothing_attested"
    title = "So many shares, or none, stand against so many tokens of a share."


def ask_attesters(*, now: datetime) -> int:
    """Ask who can be asked, and keep what they attest; return how many figures changed."""
    return sum(
        keep_attestations(attester.name, list(attester.attestations()), now=now)
        for attester in attesters.in_use()
    )


@transaction
def keep_attestations(attester: str, said: Iterable[attesters.Attested], *, now: datetime) -> int:
    """Keep what an attester says now; return how many figures changed.

    A product that it no longer mentions keeps the attestation that it had, which ages.

    Raises:
        NothingAttested: a figure is negative, or of what is no token of a share.
    """
    before = queries.newest_attestations(attester)
    return sum(_keep(attester, each, before.get(each.asset), by=None, now=now) for each in said)


@takes_part
def attest(*, attester: str, said: attesters.Attested, by: User, now: datetime) -> Attestation:
    """Keep what is attested of one product, as staff read it.

    Raises:
        UnknownAsset: there is none of exactly this code.
        NothingAttested: a figure is negative, or of what is no token of a share.
    """
    before = queries.newest_attestations(attester).get(said.asset)
    _keep(attester, said, before, by=by, now=now)
    return queries.newest_attestations(attester)[said.asset]


@takes_part
def _keep(
    attester: str,
    said: attesters.Attested,
    before: Attestation | None,
    *,
    by: User | None,
    now: datetime,
) -> bool:
    token = assets.facts(said.asset).properties.has_multiplier
    if not token or min(said.shares, said.tokens) < Decimal(0):
        raise NothingAttested(asset=said.asset, shares=str(said.shares), tokens=str(said.tokens))
    if before is not None and (before.shares, before.tokens) == (said.shares, said.tokens):
        Attestation.objects.filter(id=before.id).update(confirmed_at=now)
        return False
    kept = Attestation.objects.create(
        id=uuid7(),
        attester=attester,
        asset=said.asset,
        shares=said.shares,
        tokens=said.tokens,
        reference=said.reference,
        stated_by=by,
        stated_at=now,
        confirmed_at=now,
    )
    if not kept.is_backed:
        open_case(
            kind="BACKING_SHORT", subject=f"{kept.asset} {now:%Y-%m-%d %H:%M}", customer_id=None,
            now=now, attester=attester, shares=str(kept.shares), tokens=str(kept.tokens),
        )  # fmt: skip
    return True
