#!/usr/bin/env python3
"""Verify that a holding was counted: python3 verify.py proof.json [root hash]

`proof.json` is the answer of GET /v1/reserves/proof, or `-` for the standard input. With
a root hash, which should be learned elsewhere, the proof must lead to that one. It needs nothing
but Python, and nothing of Krak's: read it before you believe it.
"""

import json
import sys
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

LAST_DECIMAL = 10


class NotProved(Exception):
    """Something does not add up."""


def whole(text: str) -> int:
    """Return base units as a whole number of their tenth decimal, not below nothing."""
    number = Decimal(text).scaleb(LAST_DECIMAL)
    if number != int(number) or not 0 <= number < 1 << 128:
        raise NotProved(f"{text} is no number of units")
    return int(number)


def leaf(proof: dict[str, Any], part: dict[str, Any]) -> tuple[bytes, int]:
    """Return one part of the holding as its leaf: the key has the customer in it."""
    name = f"{proof['customer']}|{proof['nonce']}|{proof['asset']}|{part['part']}"
    key = sha256(b"\x02" + name.encode()).digest()
    units = whole(part["units"])
    return sha256(b"\x00" + key + units.to_bytes(16)).digest(), units


def join(left: tuple[bytes, int], right: tuple[bytes, int]) -> tuple[bytes, int]:
    """Return the node above two, with the sum of both."""
    text = b"\x01" + left[0] + left[1].to_bytes(16) + right[0] + right[1].to_bytes(16)
    return sha256(text).digest(), left[1] + right[1]


def climb(node: tuple[bytes, int], path: list[dict[str, str]]) -> tuple[bytes, int]:
    """Return the root that a path leads to."""
    for step in path:
        sibling = (bytes.fromhex(step["hash"]), whole(step["sum"]))
        node = join(sibling, node) if step["sibling"] == "left" else join(node, sibling)
    return node


def verify(proof: dict[str, Any], root: str | None = None) -> int:
    """Return what was counted of the holding, in units of the tenth decimal.

    Raises:
        NotProved: a part is there twice, a path leads elsewhere, or the parts are not the whole.
    """
    if root is not None and root != proof["merkle_root"]["hash"]:
        raise NotProved("the root is another one")
    top = (bytes.fromhex(proof["merkle_root"]["hash"]), whole(proof["merkle_root"]["sum"]))
    if len({part["part"] for part in proof["parts"]}) != len(proof["parts"]):
        raise NotProved("a part is counted twice")
    counted = 0
    for part in proof["parts"]:
        if climb(leaf(proof, part), part["path"]) != top:
            raise NotProved(f"part {part['part']} does not lead to the root")
        counted += whole(part["units"])
    if counted != whole(proof["units"]):
        raise NotProved("the parts are not the whole")
    return counted


if __name__ == "__main__":
    told = json.loads(sys.stdin.read() if sys.argv[1] == "-" else Path(sys.argv[1]).read_text())
    try:
        verify(told, *sys.argv[2:3])
    except NotProved as problem:
        sys.exit(f"Not proved: {problem}.")
    print(  # noqa: T201 - a script
        f"{told['units']} {told['asset']} of {told['customer']} were counted among"
        f" {told['merkle_root']['sum']} owed as of {told['as_of']}."
    )
