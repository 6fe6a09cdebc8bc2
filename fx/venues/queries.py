"""Reads of what a board must know about venues, each one query."""

from collections import defaultdict
from datetime import datetime

from django.db.models import Q, QuerySet

from fx.venues.models import MAX_EXTRA_BPS, Halt, MarketHoliday, TradingSession, Widening
from fx.venues.rules import Calendar, Halted, Measures, Session, Sides
from krak.core.compiled import compiled


def calendar() -> Calendar:
    """Return when venues trade, as staff left it."""
    sessions: defaultdict[str, list[Session]] = defaultdict(list)
    for row in TradingSession.objects.all():
        sessions[row.hours].append(
            Session(
                opens_day=row.opens_day,
                opens_at=row.opens_at,
                closes_day=row.closes_day,
                closes_at=row.closes_at,
            )
        )
    return Calendar(
        # Hours of which staff left no session are known, and closed.
        sessions={hours: tuple(sessions[hours]) for hours in ("24/5", "24/7")},
        holidays=dict(MarketHoliday.objects.values_list("on", "name")),
    )


def measures(now: datetime) -> Measures:
    """Return the halts that are not over and the widenings in force, summed up by asset."""
    extra: defaultdict[str, int] = defaultdict(int)
    for code, bps in _widenings():
        extra[code] = min(extra[code] + bps, MAX_EXTRA_BPS)
    return Measures(
        halts=tuple(
            Halted(code=code, sides=Sides(sides), from_at=from_at, until_at=until_at)
            for code, sides, from_at, until_at in _halts(now)
        ),
        extra_bps=dict(extra),
    )


@compiled
def _halts(now: datetime) -> QuerySet[Halt, tuple[str, str, datetime, datetime | None]]:
    not_over = Halt.objects.filter(Q(until_at=None) | Q(until_at__gt=now))
    return not_over.values_list("asset__code", "sides", "from_at", "until_at")


@compiled
def _widenings() -> QuerySet[Widening, tuple[str, int]]:
    return Widening.objects.filter(until_at=None).values_list("asset__code", "bps")
