"""Reading what vendors send: numbers as decimals, never as floats, and nothing taken on trust."""

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from fx.prices.providers.base import VendorProblem


def json_of(body: bytes | str) -> Any:
    """Return the JSON in `body` with decimals for floats, `NaN` and the infinities included.

    Raises:
        VendorProblem: there is none.
    """
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=Decimal)
    except (ValueError, RecursionError, InvalidOperation):
        raise VendorProblem(f"no JSON: {body[:60]!r}") from None


def number_of(value: Any) -> Decimal | None:
    """Return a JSON number as a decimal; None for whatever else it is."""
    if isinstance(value, Decimal):
        return value
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else None


def number_in(text: Any) -> Decimal | None:
    """Return the decimal that is written in a JSON string; None if none is."""
    if not isinstance(text, str) or "_" in text or not text.isascii():
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def moment_in(text: Any) -> datetime | None:
    """Return the moment that is written as RFC 3339; None if none is."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
