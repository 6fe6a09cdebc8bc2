"""Writes of candles: keep minutes, roll them up, make room and clear it."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from fx.candles.rules import Candle, Span
from fx.prices.rules import BASE
from krak.core.transactions import transaction

logger = logging.getLogger(__name__)

LATE: Final = timedelta(hours=1)
"""Minutes that are older are no longer taken, so that a roll-up knows how far back to look."""
EARLY: Final = timedelta(minutes=2)
"""How far a market's clock may be ahead of ours."""
_LOOK_BACK: Final = 2 * LATE
_MINUTES_KEPT: Final = timedelta(days=7)

# As `Candle.merged` does it; a row that brings nothing new is not written.
_MERGE: Final = """
ON CONFLICT (code, at, span) DO UPDATE SET
    open = CASE WHEN (excluded.first_ms, excluded.open) < (old.first_ms, old.open)
                THEN excluded.open ELSE old.open END,
    close = CASE WHEN (excluded.last_ms, excluded.close) > (old.last_ms, old.close)
                 THEN excluded.close ELSE old.close END,
    high = greatest(old.high, excluded.high),
    low = least(old.low, excluded.low),
    first_ms = least(old.first_ms, excluded.first_ms),
    last_ms = greatest(old.last_ms, excluded.last_ms)
WHERE (excluded.first_ms, excluded.open) < (old.first_ms, old.open)
   OR (excluded.last_ms, excluded.close) > (old.last_ms, old.close)
   OR excluded.high > old.high OR excluded.low < old.low
"""
_KEEP: Final = (
    """
INSERT INTO candles_candle AS old (span, code, at, first_ms, last_ms, open, high, low, close)
SELECT '1m', *
  FROM unnest(%s::varchar[], %s::timestamptz[], %s::integer[], %s::integer[],
              %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[])
"""
    + _MERGE
)
# Candles of the finer span do not overlap, so their order is the order of what was seen in them.
_ROLL_UP: Final = (
    """
INSERT INTO candles_candle AS old (span, code, at, first_ms, last_ms, open, high, low, close)
SELECT %(span)s, code, %(at)s,
       min(extract(epoch FROM at - %(at)s) * 1000 + first_ms),
       max(extract(epoch FROM at - %(at)s) * 1000 + last_ms),
       (array_agg(open ORDER BY at))[1], max(high), min(low),
       (array_agg(close ORDER BY at DESC))[1]
  FROM candles_candle
 WHERE span = %(finer)s AND at >= %(at)s AND at < %(until)s
 GROUP BY code ORDER BY code
"""
    + _MERGE
)


@transaction
def keep(candles: Sequence[Candle], *, now: datetime) -> int:
    """Write minute candles in one statement and return how many were new or changed one.

    They are merged with what is there: late, again or from a second sampler is harmless. Minutes
    more than `LATE` ago or ahead of the clock are left out.
    """
    timely = [c for c in candles if now - LATE - Span.MINUTE.length <= c.at <= now + EARLY]
    if left_out := len(candles) - len(timely):
        logger.warning("%d candles were too late or too early to be kept.", left_out)
    if not timely:
        return 0
    # In one order, so that two samplers never wait for each other in a circle.
    timely.sort(key=lambda candle: (candle.at, candle.code))
    columns = zip(
        *((c.code, c.at, c.first_ms, c.last_ms, c.open, c.high, c.low, c.close) for c in timely),
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [list(column) for column in columns])
        return int(cursor.rowcount)


def roll_up(*, now: datetime) -> int:
    """Make hours of minutes and days of hours, and return how many candles changed.

    From two hours before the last hour there is, which is as far back as `keep` may have changed
    anything since, up to now; each hour and day in a transaction of its own. Again is harmless.
    """
    since = _last_hour() or now - _MINUTES_KEPT
    first = Span.HOUR.begin(since - _LOOK_BACK)
    changed = _roll(Span.HOUR, Span.MINUTE, first=first, now=now)
    return changed + _roll(Span.DAY, Span.HOUR, first=Span.DAY.begin(first), now=now)


@transaction
def make_partitions(*, now: datetime) -> int:
    """Make the tables for the candles of the coming days; returns how many were missing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT candles_make_partitions(%s)", [now])
        return int(cursor.fetchone()[0])


@transaction
def drop_partitions(*, now: datetime) -> int:
    """Drop minutes after 7 days and hours after a year, a table at a time; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT candles_drop_partitions(%s)", [now])
        return int(cursor.fetchone()[0])


def _roll(span: Span, finer: Span, *, first: datetime, now: datetime) -> int:
    changed, at = 0, first
    while at <= now:
        with transaction(), connection.cursor() as cursor:
            cursor.execute(
                _ROLL_UP,
                {"span": span, "finer": finer, "at": at, "until": at + span.length},
            )
            changed += cursor.rowcount
        at += span.length
    return changed


def _last_hour() -> datetime | None:
    # The base currency is on every board; asking for one code is asking the index.
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(at) FROM candles_candle WHERE span = '1h' AND code = %s", [BASE])
        last: datetime | None = cursor.fetchone()[0]
        return last
