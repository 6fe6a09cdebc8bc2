"""Prove that all that is owed was counted."""

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import batched, groupby
from typing import Final
from uuid import UUID

from django.db import connection

from fx.assets import queries as assets
from holdings.ledger import queries as ledger
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
 SELECT currency, customer_id, posted FROM ledger_ledgeraccount
  WHERE posted > 0 ORDER BY currency DESC
"""
"""The last asset first: pages begin with the newest tree."""


@transaction
def prove(*, now: datetime) -> Proof:
    """Write down all that is owed at this moment, as one tree per asset.

    All accounts are read by one statement. What custodians hold less than is owed and on its way
    is a case. Only the newest proofs keep their leaves.
    """
    proof = Proof.objects.create(id=uuid7(), as_of=now, secret=secrets.token_bytes(32))
    held = queries.held()
    on_the_way = {each.currency: each.balance for each in ledger.house_balances(house="IN_TRANSIT")}
    multipliers = assets.multipliers_at(now)
    for asset, rows in groupby(_owed(), key=lambda row: row[0]):
        leaves = _leaves(asset, rows, secret=bytes(proof.secret))
        tree = _tree(
            proof,
            asset,
            leaves,
            multiplier=multipliers.get(asset, Decimal(1)),
            in_transit=on_the_way.get(asset, Decimal(0)),
            held=held.get(asset),
        )
        _require_covered(tree, now=now)
    _forget_old_leaves()
    return proof


def _owed() -> Iterator[tuple[str, UUID, Decimal]]:
    """Yield every account with something in it, by asset, as of one moment."""
    let_statements_last(_PROOF_LASTS)
    with connection.cursor() as cursor:
        cursor.execute(_OWED)
        while True:
            cursor.execute("FETCH %s FROM owed", [_FETCHED])
            rows = cursor.fetchall()
            yield from rows
            if len(rows) < _FETCHED:
                break
        cursor.execute("CLOSE owed")


def _leaves(asset: str, rows: Iterable[tuple[str, UUID, Decimal]], *, secret: bytes) -> list[Leaf]:
    found: list[Leaf] = []
    for _code, customer_id, posted in rows:
        name = show(Customer.PREFIX, customer_id)
        nonce = rules.nonce_of(name, secret=secret)
        found += rules.leaves_of(name, nonce=nonce, asset=asset, total=rules.whole(posted))
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
        customer_id=None, now=now, owed=str(tree.owed), in_transit=str(tree.in_transit),
        in_custody=str(tree.in_custody),
    )  # fmt: skip


@takes_part
def _forget_old_leaves() -> None:
    newest = Proof.objects.order_by("-id").values_list("id", flat=True)[:KEPT]
    Chunk.objects.exclude(tree__proof_id__in=list(newest)).delete()
