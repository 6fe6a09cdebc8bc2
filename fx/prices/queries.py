"""Reads of what is known about prices: copies of boards, and how providers are doing."""

import contextlib
from datetime import datetime

from fx.prices import codec
from fx.prices.feed import Feed, Unavailable
from fx.prices.health import Report
from fx.prices.models import BoardCopy, ProviderReport
from fx.prices.rules import Board


def last_copy() -> Board | None:
    """Return the newest board that was copied, or None. Its prices may well be stale."""
    copy = BoardCopy.objects.order_by("-version").first()
    if copy is None:
        return None
    try:
        return codec.decode(copy.body)
    except codec.UnreadableBoard:
        return None


def provider_reports() -> dict[str, tuple[datetime, Report]]:
    """Return when each provider was seen last and how it was doing, from Valkey or else a copy."""
    feed = Feed()
    with contextlib.suppress(*Unavailable), contextlib.closing(feed):
        if found := feed.reports():
            at, reports = found
            return {report.provider: (at, report) for report in reports}
    return {
        row.provider: (row.reported_at, Report.from_json(row.body))
        for row in ProviderReport.objects.all()
    }
