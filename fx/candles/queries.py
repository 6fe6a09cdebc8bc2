"""Reads of candles."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection

from fx.assets import catalogue
from fx.assets.queries import multiplier_rows
from fx.assets.rules import ONE
from fx.candles.rules import Scale, ShownCandle, Span, shown
from fx.prices.rules import BASE

LOOK_BACK: Final = timedelta(days=6)
"""How old a close may be and still be the last one known; as long as a reference rate is good."""

_CANDLES: Final = """
SELECT c.at, c.open, c.high, c.low, c.close, 1::numeric
  FROM candles_candle c
 WHERE c.span = %(span)s AND c.code = %(code)s AND c.at >= %(start)s AND c.at < %(end)s
 ORDER BY c.at LIMIT %(most)s
"""
_CROSSED: Final = """
SELECT c.at, c.open, c.high, c.low, c.close, m.close
  FROM candles_candle c JOIN candles_candle m ON m.at = c.at
 WHERE c.span = %(span)s AND c.code = %(code)s AND c.at >= %(start)s AND c.at < %(end)s
   AND m.span = %(span)s AND m.code = %(currency)s AND m.at >= %(start)s AND m.at < %(end)s
 ORDER BY c.at LIMIT %(most)s
"""
# The minute before the moment, all of it at once. Where it is missing, the newest candle that is
# over, one asset at a time; hours and days where minutes are gone.
_CLOSES: Final = """
WITH minute AS MATERIALIZED (
    SELECT code, close FROM candles_candle WHERE span = '1m' AND at = %(minute)s)
SELECT code, coalesce(
    minute.close,
    (SELECT close FROM candles_candle c
      WHERE c.span = '1m' AND c.code = asked.code AND c.at < %(minute)s AND c.at > %(oldest)s
      ORDER BY c.at DESC LIMIT 1),
    (SELECT close FROM candles_candle c
      WHERE c.span = '1h' AND c.code = asked.code AND c.at <= %(hour)s AND c.at > %(oldest)s
      ORDER BY c.at DESC LIMIT 1),
    (SELECT close FROM candles_candle c
      WHERE c.span = '1d' AND c.code = asked.code AND c.at <= %(day)s AND c.at > %(oldest)s
      ORDER BY c.at DESC LIMIT 1))
  FROM unnest(%(codes)s::varchar[]) AS asked(code) LEFT JOIN minute USING (code)
"""


def candles(
    code: str,
    *,
    span: Span,
    start: datetime,
    end: datetime,
    most: int,
    currency: str = BASE,
    adjusted: bool = True,
    now: datetime,
) -> list[ShownCandle]:
    """Return the first `most` candles of an asset that begin from `start` to before `end`.

    Per shown unit in `currency`: crossed with that currency's close of the same candle, so where
    the currency has none there is a gap, as there is where the asset has none. `adjusted` is
    explained in `fx.candles.rules`.
    """
    question: dict[str, str | int | datetime] = {
        "span": span,
        "code": code,
        "start": start,
        "end": end,
        "most": most,
        "currency": currency,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CANDLES if currency == BASE else _CROSSED, question)
        rows = cursor.fetchall()
    shares = [each for each in (code, currency) if catalogue.has_multiplier(each)]
    scale = Scale(
        rows=multiplier_rows(codes=shares) if shares else {},
        adjusted=adjusted,
        now=now,
    )
    return [
        shown(at, prices, unit=close / scale.of(currency, at) * scale.of(code, at))
        for at, *prices, close in rows
    ]


def closes_at(moment: datetime, *, codes: Iterable[str] | None = None) -> dict[str, Decimal]:
    """Return what assets were last worth when `moment` came: USD per base unit at the middle.

    Of `codes`, or of every asset known. The close of the last candle that was over: a minute's,
    an hour's once minutes are gone, a day's after a year; at most `LOOK_BACK` old. Assets without
    one are left out. One base unit of today is one of then, whatever was split between.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _CLOSES,
            {
                "codes": list(catalogue.known() if codes is None else codes),
                "minute": Span.MINUTE.begin(moment) - Span.MINUTE.length,
                "hour": moment - Span.HOUR.length,
                "day": moment - Span.DAY.length,
                "oldest": moment - LOOK_BACK,
            },
        )
        closes = {code: close for code, close in cursor.fetchall() if close is not None}
    closes[BASE] = ONE
    return closes


def daily_closes(code: str, *, first_on: date, last_on: date) -> dict[date, Decimal]:
    """Return what one base unit was worth in USD at the end of each day; days without are gaps."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (at AT TIME ZONE 'UTC')::date, close FROM candles_candle"
            " WHERE span = '1d' AND code = %s AND at >= %s::date AT TIME ZONE 'UTC'"
            " AND at <= %s::date AT TIME ZONE 'UTC'",
            [code, first_on, last_on],
        )
        return dict(cursor.fetchall())
