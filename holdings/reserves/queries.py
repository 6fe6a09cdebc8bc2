"""Reads of proofs, and the path that shows a customer that they were counted."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from holdings.reserves import rules
from holdings.reserves.models import Attestation, Chunk, CustodyStatement, Proof, Tree
from holdings.reserves.rules import Node, Step
from krak.core.errors import DomainError, Kind
from krak.core.ids import show
from krak.customers.models import Customer

_HELD: Final = """
SELECT asset, sum(units), min(confirmed_at)
  FROM (SELECT DISTINCT ON (custodian, asset) asset, units, confirmed_at
          FROM reserves_custodystatement
         ORDER BY custodian, asset, stated_at DESC, id DESC) AS newest
 GROUP BY asset
"""


class NoProofYet(DomainError):
    """Nothing was proved so far."""

    code = "reserves.none_yet"
    title = "There is no proof of reserves yet."
    kind = Kind.NOT_FOUND


class NotCounted(DomainError):
    """The customer had nothing of the asset at that moment."""

    code = "reserves.not_counted"
    title = "You had nothing of this asset when reserves were proved last."
    kind = Kind.NOT_FOUND


@dataclass(frozen=True, slots=True)
class Held:
    """What all custodians hold of an asset, and when the oldest of their statements was made."""

    units: Decimal
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOfMine:
    """One leaf of a customer's holding with the way up from it."""

    part: int
    units: Decimal
    path: list[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """All that a customer needs to see that what they had was counted."""

    tree: Tree
    customer: str
    nonce: str
    units: Decimal
    parts: list[PartOfMine]


def newest() -> Proof:
    """Return the newest proof.

    Raises:
        NoProofYet: there is none.
    """
    found = Proof.objects.order_by("-id").first()
    if found is None:
        raise NoProofYet
    return found


def trees_of(proof: Proof) -> QuerySet[Tree]:
    """Return what a proof says, by asset."""
    return Tree.objects.filter(proof=proof).select_related("proof")


def covered(tree: Tree) -> bool | None:
    """Tell whether custodians hold what is owed; None when none says."""
    if tree.in_custody is None:
        return None
    return bool(tree.in_custody >= tree.owed)


def mine(*, customer: Customer, asset: str) -> Mine:
    """Return the proof that a customer's holding of an asset was counted.

    Raises:
        NoProofYet: nothing was proved so far.
        NotCounted: they had nothing of it.
    """
    tree = trees_of(newest()).filter(asset=asset).first()
    if tree is None:
        raise NotCounted
    name = show(Customer.PREFIX, customer.id)
    nonce = rules.nonce_of(name, secret=bytes(tree.proof.secret))
    roots = [
        Node(bytes(root), int(total))
        for root, total in tree.chunks.order_by("number").values_list("root", "sum")
    ]
    found = [
        _part(tree, part, rules.key_of(name, nonce=nonce, asset=asset, part=part), roots)
        for part in rules.PARTS
    ]
    parts = [part for part in found if part is not None]
    if not parts:
        raise NotCounted
    return Mine(
        tree=tree,
        customer=name,
        nonce=nonce,
        units=sum((part.units for part in parts), Decimal(0)),
        parts=parts,
    )


def held() -> dict[str, Held]:
    """Return what custodians said last, by asset."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD)
        return {asset: Held(units, at) for asset, units, at in cursor.fetchall()}


def newest_statements(custodian: str) -> dict[str, CustodyStatement]:
    """Return what a custodian said last, by asset."""
    rows = CustodyStatement.objects.filter(custodian=custodian)
    newest_first = rows.order_by("asset", "-stated_at", "-id").distinct("asset")
    return {row.asset: row for row in newest_first}


def newest_attestations(attester: str) -> dict[str, Attestation]:
    """Return what an attester said last, by asset."""
    rows = Attestation.objects.filter(attester=attester)
    return {row.asset: row for row in rows.order_by("asset", "-stated_at", "-id").distinct("asset")}


def backing() -> dict[str, Attestation]:
    """Return what was attested last, by whomever, of each product."""
    newest_first = Attestation.objects.order_by("asset", "-confirmed_at", "-id").distinct("asset")
    return {row.asset: row for row in newest_first}


def _part(tree: Tree, part: int, key: bytes, roots: list[Node]) -> PartOfMine | None:
    chunk: Chunk | None = tree.chunks.filter(first_key__lte=key).order_by("-number").first()
    if chunk is None:
        return None
    leaves = rules.unpack(bytes(chunk.leaves))
    index = next((at for at, leaf in enumerate(leaves) if leaf.key == key), None)
    if index is None:
        return None
    nodes = [leaf.node for leaf in leaves]
    return PartOfMine(
        part=part,
        units=rules.units(leaves[index].sum),
        path=[*rules.path_of(nodes, index), *rules.path_of(roots, chunk.number)],
    )
