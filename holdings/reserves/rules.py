"""A Merkle tree whose nodes carry sums: who knows a leaf and its path knows that it was counted.

Sums are whole numbers of the ledger's tenth decimal. Each holding is cut in two parts by its
owner's nonce and the leaves lie in order of their keys, so that whom a leaf belongs to, and what
one holds in all, can be read from a path by its owner only.

    key  = SHA-256(02 | "<customer>|<nonce>|<asset>|<part>")
    leaf = SHA-256(00 | key | sum)
    node = SHA-256(01 | left hash | left sum | right hash | right sum), its sum is the sum of both

A node without a sibling goes up as it is. `clients/reserves/verify.py` says the same in a script
of its own.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Final, Literal

from krak.core.money import STORED_PLACES

SUM_BYTES: Final = 16
HASH_BYTES: Final = 32
PARTS: Final = (0, 1)
CHUNK_LEAVES: Final = 1024
"""A power of two, so that the nodes above stretches of so many leaves are a level of the tree."""


class NegativeSum(ValueError):
    """What is owed is never less than nothing: a negative leaf would hide others."""


@dataclass(frozen=True, slots=True)
class Node:
    """A hash and the sum of all leaves under it."""

    hash: bytes
    sum: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part of somebody's holding, under a key that says nothing to others."""

    key: bytes
    sum: int

    @property
    def node(self) -> Node:
        """The leaf as a node of the tree."""
        return Node(sha256(b"\x00" + self.key + _bytes(self.sum)).digest(), self.sum)


@dataclass(frozen=True, slots=True)
class Step:
    """The sibling on one level of a path, and on which side it is."""

    side: Literal["left", "right"]
    node: Node


def nonce_of(customer: str, *, secret: bytes) -> str:
    """Return what only its owner is told: 64 hex digits, another one in each proof."""
    return hmac.digest(secret, customer.encode(), "sha256").hex()


def leaves_of(customer: str, *, nonce: str, asset: str, total: int) -> list[Leaf]:
    """Return a holding as its leaves: two, or one where the cut leaves nothing on one side.

    Raises:
        NegativeSum: `total` is less than nothing.
    """
    if total < 0:
        raise NegativeSum(total)
    cut = int.from_bytes(sha256(f"cut|{nonce}|{asset}".encode()).digest()) % (total + 1)
    return [
        Leaf(key_of(customer, nonce=nonce, asset=asset, part=part), units)
        for part, units in zip(PARTS, (cut, total - cut), strict=True)
        if units
    ]


def key_of(customer: str, *, nonce: str, asset: str, part: int) -> bytes:
    """Return the key of one part of a holding."""
    return sha256(b"\x02" + f"{customer}|{nonce}|{asset}|{part}".encode()).digest()


def root_of(nodes: Sequence[Node]) -> Node:
    """Return the root above nodes of one level."""
    level = list(nodes)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path_of(nodes: Sequence[Node], index: int) -> list[Step]:
    """Return the siblings from a node of one level up to the root."""
    level, steps = list(nodes), []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            steps.append(Step("left" if sibling < index else "right", level[sibling]))
        level, index = _above(level), index // 2
    return steps


def climb(node: Node, steps: Iterable[Step]) -> Node:
    """Return the root that a path leads to."""
    for step in steps:
        node = _join(step.node, node) if step.side == "left" else _join(node, step.node)
    return node


def whole(units: Decimal) -> int:
    """Return base units as a whole number of the ledger's last decimal."""
    return int(units.scaleb(STORED_PLACES))


def units(number: int) -> Decimal:
    """Return the base units that a sum stands for."""
    return Decimal(number).scaleb(-STORED_PLACES)


def pack(leaves: Iterable[Leaf]) -> bytes:
    """Return leaves as bytes of one length each."""
    return b"".join(leaf.key + _bytes(leaf.sum) for leaf in leaves)


def unpack(packed: bytes) -> list[Leaf]:
    """Return the leaves that `pack` packed."""
    size = HASH_BYTES + SUM_BYTES
    pieces = (packed[at : at + size] for at in range(0, len(packed), size))
    return [Leaf(each[:HASH_BYTES], int.from_bytes(each[HASH_BYTES:])) for each in pieces]


def _above(level: Sequence[Node]) -> list[Node]:
    paired = [_join(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return [*paired, level[-1]] if len(level) % 2 else paired


def _join(left: Node, right: Node) -> Node:
    text = b"\x01" + left.hash + _bytes(left.sum) + right.hash + _bytes(right.sum)
    return Node(sha256(text).digest(), left.sum + right.sum)


def _bytes(number: int) -> bytes:
    return number.to_bytes(SUM_BYTES)
