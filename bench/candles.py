"""Candles: what a minute costs to write, a day to keep, and a chart to read."""

import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

_FILL: Final = """
INSERT INTO candles_candle (span, code, at, first_ms, last_ms, open, high, low, close)
SELECT '1m', code, at, 0, 59000, price, price * 1.0012345, price * 0.9987654, price * 1.0001234
  FROM generate_series(%s::timestamptz, %s::timestamptz, '1 minute') at,
       unnest(%s::varchar[]) WITH ORDINALITY AS asset(code, number),
       LATERAL (SELECT round(number * 1.2345678 + extract(minute FROM at) / 100, 9)) p(price)
 ORDER BY at, number
"""


def measure() -> dict[str, Any]:
    """Write a day of minutes of every asset, read it, drop it; milliseconds are medians."""
    from django.db import connection  # noqa: PLC0415 - Django must be set up

    from fx.assets import catalogue  # noqa: PLC0415
    from fx.candles import queries, services  # noqa: PLC0415
    from fx.candles.rules import Candle, Span  # noqa: PLC0415
    from krak.core import clock  # noqa: PLC0415

    now = clock.now()
    codes = list(catalogue.known())
    midnight = Span.DAY.begin(now)
    services.make_partitions(now=now)

    def minute(at: datetime) -> list[Candle]:
        prices = [Decimal(f"{number + 1}.1234567891") for number in range(len(codes))]
        return [
            Candle(code, at, 0, 59_000, price, price + 1, price, price)
            for code, price in zip(codes, prices, strict=True)
        ]

    try:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(
                _FILL, [midnight - timedelta(days=1), midnight - timedelta(minutes=1), codes]
            )
            cursor.execute(
                "SELECT count(*), pg_total_relation_size(to_regclass(%s)),"
                "       pg_indexes_size(to_regclass(%s))"
                "  FROM candles_candle WHERE span = '1m' AND at < %s",
                [*[f"candles_1m_{midnight - timedelta(days=1):%Y%m%d}"] * 2, midnight],
            )
            rows, size, index = cursor.fetchone()
            cursor.execute("ANALYZE candles_candle")
            cursor.execute("RESET statement_timeout")
        first = Span.MINUTE.begin(now) - timedelta(minutes=40)
        yesterday = midnight - timedelta(days=1)
        chart: dict[str, Any] = {
            "span": Span.MINUTE,
            "start": yesterday,
            "end": midnight,
            "most": 1441,
            "now": now,
        }
        return {
            "rows_a_day": rows,
            "mb_a_day": round(size / 1e6),
            "of_that_index_mb": round(index / 1e6),
            "minute_written_ms": _median(
                lambda n: services.keep(minute(first + timedelta(minutes=n)), now=now), 40
            ),
            "minute_again_ms": _median(
                lambda n: services.keep(minute(first + timedelta(minutes=n)), now=now), 20
            ),
            "days_chart_ms": _median(lambda n: queries.candles(codes[n * 20], **chart), 30),
            "days_chart_in_euros_ms": _median(
                lambda n: queries.candles(codes[n * 20], currency="EUR", **chart), 30
            ),
            "closes_of_all_ms": _median(
                lambda n: queries.closes_at(midnight - timedelta(minutes=n)), 30
            ),
            "closes_of_ten_ms": _median(
                lambda n: queries.closes_at(
                    midnight - timedelta(minutes=n), codes=codes[n : n + 10]
                ),
                30,
            ),
            "day_rolled_up_ms": _median(lambda _n: services.roll_up(now=midnight), 1),
            "rolled_up_again_ms": _median(lambda _n: services.roll_up(now=midnight), 5),
        }
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE candles_candle")


def _median(run: Callable[[int], object], times: int) -> float:
    taken = []
    for number in range(times):
        began = time.perf_counter()
        run(number)
        taken.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(taken), 2)
