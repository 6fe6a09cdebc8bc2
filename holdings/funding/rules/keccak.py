"""Keccak-256 as Ethereum uses it: the padding differs from SHA-3's, so `hashlib` has it not.

Source: the Keccak reference, version 3.0; rate 1088, capacity 512.
"""

from typing import Final

_MASK: Final = (1 << 64) - 1
_RATE: Final = 136
_ROUNDS: Final = 24


def _constants() -> tuple[int, ...]:
    found, register = [], 1
    for _round in range(_ROUNDS):
        constant = 0
        for exponent in range(7):
            if register & 1:
                constant ^= 1 << ((1 << exponent) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        found.append(constant)
    return tuple(found)


_CONSTANTS: Final = _constants()


def _rotated(lane: int, by: int) -> int:
    by %= 64
    return (lane << by | lane >> (64 - by)) & _MASK


def _permuted(lanes: list[list[int]]) -> list[list[int]]:
    for constant in _CONSTANTS:
        columns = [a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4] for a in lanes]
        mixed = [columns[x - 1] ^ _rotated(columns[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lane ^ mixed[x] for lane in lanes[x]] for x in range(5)]
        x, y, current = 1, 0, lanes[1][0]
        for step in range(_ROUNDS):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x][y] = lanes[x][y], _rotated(current, (step + 1) * (step + 2) // 2)
        lanes = [
            [
                lanes[x][y] ^ (~lanes[(x + 1) % 5][y] & lanes[(x + 2) % 5][y] & _MASK)
                for y in range(5)
            ]
            for x in range(5)
        ]
        lanes[0][0] ^= constant
    return lanes


def keccak_256(data: bytes) -> bytes:
    """Return the 32 bytes of the digest."""
    padded = bytearray(data) + b"\x01" + bytes(-(len(data) + 1) % _RATE)
    padded[-1] |= 0x80
    lanes = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), _RATE):
        for place in range(_RATE // 8):
            at = start + place * 8
            lanes[place % 5][place // 5] ^= int.from_bytes(padded[at : at + 8], "little")
        lanes = _permuted(lanes)
    return b"".join(lanes[x][0].to_bytes(8, "little") for x in range(4))
