"""CSV that a spreadsheet shows as it was written: text is never run as a formula.

A cell that a spreadsheet would run begins with an apostrophe; so does one that begins with an
apostrophe itself, so that `parse` gives back exactly what `write` was given. Plain numbers stay
numbers.

Source: OWASP, CSV injection.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it spreadsheets take UTF-8 for something older."""
_RUN: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def write(rows: Iterable[Sequence[str]], *, begins: bool = True) -> bytes:
    """Return rows as CSV (RFC 4180, UTF-8); what does not begin the file has no byte order mark."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_safe(cell) for cell in row] for row in rows)
    return ((BYTE_ORDER_MARK if begins else "") + text.getvalue()).encode()


def parse(content: bytes) -> list[list[str]]:
    """Return the rows that `write` was given."""
    text = content.decode().removeprefix(BYTE_ORDER_MARK)
    return [[_as_it_was(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_RUN) and not _NUMBER.fullmatch(cell) else cell


def _as_it_was(cell: str) -> str:
    return cell.removeprefix("'")
