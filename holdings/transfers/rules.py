"""What a note may say, and how a bill is split. Pure."""

import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from krak.core.money import allocate

LONGEST_NOTE: Final = 140
MOST_PEOPLE: Final = 12
"""On one bill, whoever made it included."""
_JOINER: Final = "\u200d"
"""Joins the parts of an emoji; it is the only invisible character that a note needs."""


def readable_note(text: str) -> str | None:
    """Return the one form in which a note is kept, or None when it is not plain text.

    Control characters, line breaks, invisible characters and those that turn the direction of
    writing are refused: a note is shown on somebody else's screen, on a statement and in a log.
    """
    folded = unicodedata.normalize("NFC", text).strip()
    if len(folded) > LONGEST_NOTE:
        return None
    for letter in folded:
        kind = unicodedata.category(letter)
        if letter != _JOINER and (kind[0] == "C" or kind in {"Zl", "Zp"}):
            return None
    return folded


def equal_shares(total: Decimal, *, people: int, places: int) -> list[Decimal]:
    """Return what each of `people` pays of `total`, to the last unit; the first pay what is left.

    Raises:
        ValueError: there is nobody, or `total` has more than `places` decimals.
    """
    return allocate(total, [Decimal(1)] * people, places=places)


def adds_up(total: Decimal, shares: Sequence[Decimal]) -> bool:
    """Tell whether the shares of a bill are all of it, and nobody's is nothing."""
    return sum(shares) == total and all(share > 0 for share in shares)
