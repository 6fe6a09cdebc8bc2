"""Rows as JSON that people can read."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from krak.core.money import plain


def plain_json(value: Any) -> Any:
    """Return what JSON has no word for as text.

    Raises:
        TypeError: nobody thought of it.
    """
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    raise TypeError(f"{type(value)} is not written as JSON")
