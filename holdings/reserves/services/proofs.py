"""Prove that all that is owed was counted."""

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import batched, groupby
from operator import attrgetter
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from fx.assets import queries as assets
from holdings.reserves import queries, rules
from holdings.reserves.models import Chunk, Proof, Tree
from holdings.reserves.queries import Held
from holdings.reserves.rules import Leaf
from krak.cases.services import open_case
from krak.core.ids import show, uuid7
from krak.core.transactions import let_statements_last, takes_part, transaction
from krak.customers.models import Customer

KEPT: Final = 3
"""Proofs whose paths can still be asked for; what they summed up stays."""
_FETCHED: Final = 5_000
_PROOF_LASTS: Final = timedelta(minutes=2)
"""All accounts are sorted by one statement; a million holdings are hashed within half a minute."""

_OWED: Final = """
DECLARE owed NO SCROLL CURSOR FOR
 SELECT currency, customer_id, sum(units), sum(waits)
   FROM (SELECT currency, customer_id, posted AS units, 0 AS waits
           FROM ledger_ledgeraccount WHERE posted > 0
          UNION ALL
         SELECT currency, customer_id, units, units
           FROM transfers_transfer WHERE state = 'PENDING') AS parts
  GROUP BY currency, customer_id ORDER BY currency DESC
"""
"""The last asset first: pages begin with the newest tree."""


class _Owed(NamedTuple):
    """What somebody is owed of an asset, and how much of it they sent and nobody took yet."""

    asset: str
    customer_id: UUID
    units: Decimal
    waits: Decimal


@transaction
def prove(*, now: datetime) -> Proof:
    """Write down all that is owed at this moment, as one tree per asset.

    All of it is read by one statement: what was sent and is not taken yet is owed to its sender.
    What custodians hold less than is owed is a case. Only the newest proofs keep their leaves.
    """
    proof = Proof.objects.create(id=uuid7(), as_of=now, secret=secrets.token_bytes(32))
    held = queries.held()
    multipliers = assets.multipliers_at(now)
    for asset, rows in groupby(_owed(), key=attrgetter("asset")):
        owed = list(rows)
        tree = _tree(
            proof,
            asset,
            _leaves(owed, secret=bytes(proof.secret)),
            multiplier=multipliers.get(asset, Decimal(1)),
            in_transit=sum((each.waits for each in owed), Decimal(0)),
            held=held.get(asset),
        )
        _require_covered(tree, now=now)
    _forget_old_leaves()
    return proof


def _owed() -> Iterator[_Owed]:
    """Yield what everybody is owed, by asset, as of one moment."""
    let_statements_last(_PROOF_LASTS)
    with connection.cursor() as cursor:
        cursor.execute(_OWED)
        while True:
            cursor.execute("FETCH %s FROM owed", [_FETCHED])
            rows = cursor.fetchall()
            yield from map(_Owed._make, rows)
            if len(rows) < _FETCHED:
                break
        cursor.execute("CLOSE owed")


def _leaves(owed: Iterable[_Owed], *, secret: bytes) -> list[Leaf]:
    found: list[Leaf] = []
    for each in owed:
        name = show(Customer.PREFIX, each.customer_id)
        nonce = rules.nonce_of(name, secret=secret)
        found += rules.leaves_of(name, nonce=nonce, asset=each.asset, total=rules.whole(each.units))
    found.sort(key=lambda leaf: leaf.key)
    return found


def _tree(
    proof: Proof,
    asset: str,
    leaves: list[Leaf],
    *,
    multiplier: Decimal,
    in_transit: Decimal,
    held: Held | None,
) -> Tree:
    chunks = list(batched(leaves, rules.CHUNK_LEAVES, strict=False))
    roots = [rules.root_of([leaf.node for leaf in chunk]) for chunk in chunks]
    root = rules.root_of(roots)
    tree = Tree.objects.create(
        id=uuid7(),
        proof=proof,
        asset=asset,
        multiplier=multiplier,
        leaves=len(leaves),
        root=root.hash,
        owed=rules.units(root.sum),
        in_transit=in_transit,
        in_custody=held.units if held else None,
        custody_at=held.at if held else None,
    )
    Chunk.objects.bulk_create(
        (
            Chunk(
                id=uuid7(),
                tree=tree,
                number=number,
                first_key=chunk[0].key,
                leaves=rules.pack(chunk),
                root=top.hash,
                sum=top.sum,
            )
            for number, (chunk, top) in enumerate(zip(chunks, roots, strict=True))
        ),
        batch_size=50,
    )
    return tree


@takes_part
def _require_covered(tree: Tree, *, now: datetime) -> None:
    if queries.covered(tree) is not False:
        return
    open_case(
        kind="RESERVES_SHORT", subject=f"{tree.asset} {tree.proof.as_of:%Y-%m-%d %H:%M}",
        customer_id=None, now=now, owed=str(tree.owed), in_custody=str(tree.in_custody),
    )  # fmt: skip


@takes_part
def _forget_old_leaves() -> None:
    newest = Proof.objects.order_by("-id").values_list("id", flat=True)[:KEPT]
    Chunk.objects.exclude(tree__proof_id__in=list(newest)).delete()
