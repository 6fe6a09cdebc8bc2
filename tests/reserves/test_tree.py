"""The tree of what is owed: every leaf leads to the root, and nothing else does."""

import importlib.util
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdings.reserves import rules
from holdings.reserves.rules import Leaf, Node
from krak.core.ids import show, uuid7

SCRIPT = Path(__file__).parent.parent.parent / "clients" / "reserves" / "verify.py"
SECRET = bytes(range(32))


def script() -> ModuleType:
    """Return what customers verify with, which knows nothing of Krak's own code."""
    spec = importlib.util.spec_from_file_location("verify", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verifier = script()
totals = st.lists(st.integers(1, 10**28), min_size=1, max_size=40)


def tree_of(amounts: list[int]) -> tuple[list[str], list[Leaf]]:
    people = [show("cus", uuid7()) for _ in amounts]
    leaves = [
        leaf
        for name, amount in zip(people, amounts, strict=True)
        for leaf in rules.leaves_of(
            name, nonce=rules.nonce_of(name, secret=SECRET), asset="BTC", total=amount
        )
    ]
    return people, sorted(leaves, key=lambda leaf: leaf.key)


def proof_of(name: str, amount: int, leaves: list[Leaf]) -> dict[str, Any]:
    nodes = [leaf.node for leaf in leaves]
    nonce = rules.nonce_of(name, secret=SECRET)
    root = rules.root_of(nodes)
    keys = [leaf.key for leaf in leaves]
    parts = []
    for part in rules.PARTS:
        key = rules.key_of(name, nonce=nonce, asset="BTC", part=part)
        if key in keys:
            index = keys.index(key)
            path = [
                {
                    "sibling": step.side,
                    "hash": step.node.hash.hex(),
                    "sum": str(rules.units(step.node.sum)),
                }
                for step in rules.path_of(nodes, index)
            ]
            parts.append({"part": part, "units": str(rules.units(leaves[index].sum)), "path": path})
    return {
        "customer": name,
        "nonce": nonce,
        "asset": "BTC",
        "units": str(rules.units(amount)),
        "parts": parts,
        "merkle_root": {"hash": root.hash.hex(), "sum": str(rules.units(root.sum))},
    }


@given(totals)
def test_everybody_is_counted_and_the_root_is_the_sum(amounts: list[int]) -> None:
    people, leaves = tree_of(amounts)

    assert rules.root_of([leaf.node for leaf in leaves]).sum == sum(amounts)
    for name, amount in zip(people, amounts, strict=True):
        assert verifier.verify(proof_of(name, amount, leaves)) == amount


@given(totals, st.integers(0, 40))
def test_chunks_are_a_level_of_the_same_tree(amounts: list[int], index: int) -> None:
    _people, leaves = tree_of(amounts)
    nodes = [leaf.node for leaf in leaves]
    index %= len(nodes)
    chunks = [nodes[at : at + 4] for at in range(0, len(nodes), 4)]
    roots = [rules.root_of(chunk) for chunk in chunks]

    assert rules.root_of(roots) == rules.root_of(nodes)
    path = [
        *rules.path_of(chunks[index // 4], index % 4),
        *rules.path_of(roots, index // 4),
    ]
    assert path == rules.path_of(nodes, index)
    assert rules.climb(nodes[index], path) == rules.root_of(nodes)


@given(totals)
def test_leaves_are_unpacked_as_they_were_packed(amounts: list[int]) -> None:
    _people, leaves = tree_of(amounts)

    assert rules.unpack(rules.pack(leaves)) == leaves


def _more(proof: dict[str, Any]) -> None:
    proof["parts"][0]["units"] = str(Decimal(proof["parts"][0]["units"]) + 1)


def _a_part_less(proof: dict[str, Any]) -> None:
    del proof["parts"][0]


def _a_part_twice(proof: dict[str, Any]) -> None:
    proof["parts"][1] = proof["parts"][0]


def _anothers(proof: dict[str, Any]) -> None:
    proof["customer"] = show("cus", uuid7())


def _a_negative_sibling(proof: dict[str, Any]) -> None:
    proof["parts"][0]["path"][0]["sum"] = "-1"


def _a_smaller_root(proof: dict[str, Any]) -> None:
    proof["merkle_root"]["sum"] = str(Decimal(proof["merkle_root"]["sum"]) - 1)


def _the_other_side(proof: dict[str, Any]) -> None:
    step = proof["parts"][0]["path"][0]
    step["sibling"] = "left" if step["sibling"] == "right" else "right"


@pytest.mark.parametrize(
    "lie",
    [_more, _a_part_less, _a_part_twice, _anothers, _a_negative_sibling, _a_smaller_root,
     _the_other_side],
)  # fmt: skip
def test_a_lie_is_found(lie: Callable[[dict[str, Any]], None]) -> None:
    people, leaves = tree_of([5 * 10**10, 7 * 10**10, 11 * 10**10])
    proof = proof_of(people[0], 5 * 10**10, leaves)
    assert len(proof["parts"]) == 2
    assert verifier.verify(proof) == 5 * 10**10

    lie(proof)

    with pytest.raises(verifier.NotProved):
        verifier.verify(proof)


def test_a_root_that_was_learned_elsewhere_must_be_the_same() -> None:
    people, leaves = tree_of([1])
    proof = proof_of(people[0], 1, leaves)

    assert verifier.verify(proof, proof["merkle_root"]["hash"]) == 1
    with pytest.raises(verifier.NotProved):
        verifier.verify(proof, "00" * 32)


def test_two_with_the_same_cannot_share_a_leaf() -> None:
    _people, leaves = tree_of([10**10, 10**10])

    assert len({leaf.key for leaf in leaves}) == len(leaves)


def test_nothing_is_owed_below_zero() -> None:
    with pytest.raises(rules.NegativeSum):
        rules.leaves_of("cus_x", nonce="00", asset="BTC", total=-1)


def test_a_node_alone_is_the_root() -> None:
    node = Node(b"\x00" * 32, 5)

    assert rules.root_of([node]) == node
    assert rules.path_of([node], 0) == []
