"""What a tree of many holdings costs: `python -m bench.reserves 100000`; no servers needed."""

import resource
import sys
import time
from itertools import batched
from typing import Final

from holdings.reserves import rules
from krak.core.ids import show, uuid7

HOLDINGS: Final = 100_000


def main(holdings: int) -> None:
    """Print seconds of CPU, memory and bytes for so many holdings of one asset."""
    before = _memory()
    began = time.process_time()
    leaves = []
    for number in range(holdings):
        name = show("cus", uuid7())
        nonce = rules.nonce_of(name, secret=bytes(32))
        leaves += rules.leaves_of(name, nonce=nonce, asset="USD", total=10**12 + number)
    leaves.sort(key=lambda leaf: leaf.key)
    chunks = list(batched(leaves, rules.CHUNK_LEAVES, strict=False))
    roots = [rules.root_of([leaf.node for leaf in chunk]) for chunk in chunks]
    rules.root_of(roots)
    hashed = time.process_time()
    stored = sum(len(rules.pack(chunk)) for chunk in chunks)
    asked = time.process_time()
    rules.path_of([leaf.node for leaf in chunks[0]], 0)
    rules.path_of(roots, 0)
    answered = time.process_time()
    print(
        f"{holdings} holdings: {hashed - began:.1f} s, {_memory() - before} MB while hashed,"
        f" {stored / 1e6:.0f} MB stored; a path {(answered - asked) * 1000:.1f} ms"
    )


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else HOLDINGS)
