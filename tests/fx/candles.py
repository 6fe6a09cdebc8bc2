"""Candles for tests."""

from datetime import datetime
from decimal import Decimal

from django.db import connection

from fx.candles.rules import Candle, Span


def candle(  # noqa: PLR0917 - open, high, low, close, as everybody says them
    code, at, open_, high=None, low=None, close=None, *, first_ms=0, last_ms=59_000
):
    """Return a candle; left out, the other prices are the open's."""
    close = open_ if close is None else close
    return Candle(
        code=code,
        at=at,
        first_ms=first_ms,
        last_ms=last_ms,
        open=Decimal(open_),
        high=max(Decimal(open_), Decimal(close), Decimal(high or open_)),
        low=min(Decimal(open_), Decimal(close), Decimal(low or open_)),
        close=Decimal(close),
    )


def put(span: Span, code: str, at: datetime, close: str) -> None:
    """Write a candle of one price around the services, however long ago."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT candles_make_partitions(%s)", [at])
        cursor.execute(
            "INSERT INTO candles_candle VALUES (%s, %s, %s, 0, 0, %s, %s, %s, %s)",
            [span, code, at, *[close] * 4],
        )


def stored(span: Span) -> dict[tuple[str, datetime], tuple[object, ...]]:
    """Return all candles of a span: (open, high, low, close, first, last) by code and moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, at, open, high, low, close, first_ms, last_ms FROM candles_candle"
            " WHERE span = %s ORDER BY at, code",
            [span],
        )
        return {(row[0], row[1]): tuple(row[2:]) for row in cursor.fetchall()}


def clear() -> None:
    """Drop all candles, for tests that commit."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM candles_candle")
