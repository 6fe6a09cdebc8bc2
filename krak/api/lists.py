"""Pages of a sorted list in memory, by cursors that stay put while the list changes."""

import base64
import binascii
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from krak.api.paging import MalformedCursor, page_size_of

Key = tuple[str, ...]
_MOST_CURSOR: Final = 400


@dataclass(frozen=True, slots=True)
class Page[T]:
    """Some rows of a list and the addresses of those after and before them."""

    results: Sequence[T]
    next: str | None
    previous: str | None


def page_of[T](rows: Sequence[T], request: Request, *, key: Callable[[T], Key]) -> Page[T]:
    """Return the page that was asked for of `rows`, which are sorted by `key`.

    A cursor is the key of the row beside the page, so it holds when that row is gone.

    Raises:
        ValidationError: `page_size` is not 1 to 200.
        MalformedCursor: the cursor is not one that we gave.
    """
    size = page_size_of(request.query_params)
    start, end = 0, size
    if (text := request.query_params.get("cursor")) is not None:
        direction, beside = _read(text)
        if direction == "after":
            start = bisect_right(rows, beside, key=key)
            end = start + size
        else:
            end = bisect_left(rows, beside, key=key)
            start = max(end - size, 0)
    results = rows[start:end]
    url = request.build_absolute_uri()

    def beside_page(direction: str, row: T) -> str:
        return replace_query_param(url, "cursor", f"{direction}_{_write(key(row))}")

    return Page(
        results=results,
        next=beside_page("after", results[-1]) if results and end < len(rows) else None,
        previous=beside_page("before", results[0]) if results and start > 0 else None,
    )


def _write(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode()


def _read(text: str) -> tuple[str, Key]:
    direction, _, rest = text.partition("_")
    try:
        key = json.loads(base64.b64decode(rest, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise MalformedCursor from None
    if (
        direction not in {"after", "before"}
        or len(text) > _MOST_CURSOR
        or not isinstance(key, list)
        or not all(isinstance(part, str) for part in key)
    ):
        raise MalformedCursor
    return direction, tuple(key)
