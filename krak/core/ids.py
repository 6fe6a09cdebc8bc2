"""Identifiers: UUIDv7 inside, `card_01h455vb4pex5vsknk084sn02q` outside.

The outside form is a TypeID: a prefix that names the kind of object, and the UUID in
Crockford's base 32, so ids sort by creation time in both forms.

Source: RFC 9562 section 5.7 (UUIDv7), TypeID specification 0.3.
"""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
ID_LENGTH: Final = 26
"""Letters of an id after its prefix."""
_EPOCH: Final = datetime.fromtimestamp(0, UTC)

_lock = threading.Lock()
_last_tick = 0


def uuid7() -> UUID:
    """Return a new time-ordered UUID; later calls in one process always sort after earlier ones."""
    global _last_tick  # noqa: PLW0603 - the one clock of this process that must never repeat
    # 48 bits of milliseconds and 12 bits of the fraction, as RFC 9562 method 3 allows.
    nanoseconds = time.time_ns()
    tick = (nanoseconds // 1_000_000 << 12) | (nanoseconds % 1_000_000 * 4096 // 1_000_000)
    with _lock:
        tick = max(tick, _last_tick + 1)
        _last_tick = tick
    random_bits = int.from_bytes(os.urandom(8)) & 0x3FFF_FFFF_FFFF_FFFF
    value = (tick >> 12) << 80 | 0x7 << 76 | (tick & 0xFFF) << 64 | 0b10 << 62 | random_bits
    return UUID(int=value)


def first_at(moment: datetime) -> UUID:
    """Return the lowest UUID that `uuid7` could make at a moment: what is older sorts below."""
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)


def made_at(value: UUID) -> datetime:
    """Return when a UUID of `uuid7` was made, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=value.int >> 80)


class MalformedId(ValueError):
    """The text is no identifier of the expected kind."""


def show(prefix: str, value: UUID) -> str:
    """Write `value` the way clients see it, such as `card_01h455vb4pex5vsknk084sn02q`."""
    number = value.int
    letters = [""] * ID_LENGTH
    for position in range(ID_LENGTH - 1, -1, -1):
        letters[position] = _ALPHABET[number & 31]
        number >>= 5
    return f"{prefix}_{''.join(letters)}"


def read(prefix: str, text: str) -> UUID:
    """Return the UUID of an identifier that a client sent.

    Raises:
        MalformedId: another prefix, a wrong length or a letter that is not in the alphabet.
    """
    head, separator, tail = text.rpartition("_")
    if not separator or head != prefix or len(tail) != ID_LENGTH or tail[0] > "7":
        raise MalformedId(text)
    number = 0
    for letter in tail:
        if letter not in _VALUES:
            raise MalformedId(text)
        number = number << 5 | _VALUES[letter]
    return UUID(int=number)


def id_of(prefix: str, text: str, refusal: type[Exception]) -> UUID:
    """Return the UUID of an identifier that a client sent; one that cannot be read names nothing.

    Raises:
        What `refusal` is: `read` refuses the text.
    """
    try:
        return read(prefix, text)
    except MalformedId:
        raise refusal from None
