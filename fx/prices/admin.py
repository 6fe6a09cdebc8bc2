"""Staff see where prices come from, and how each source is doing."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from fx.prices import queries
from fx.prices.health import Report
from fx.prices.models import ProviderReport
from fx.prices.screens import seen, state_badge
from krak.core import clock
from krak.core.admin import ReadOnlyAdmin, Section


@admin.register(ProviderReport)
class ProviderReportAdmin(ReadOnlyAdmin):
    """What each provider says about itself now; its last word if the market process is gone."""

    list_display = (
        "provider", "state", "last_tick", "ticks", "rejected", "reconnects", "as_of",
    )  # fmt: skip
    fields = list_display
    ordering = ("provider",)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Show in the list what lies in Valkey."""
        page = super().get_changelist_instance(request)
        found = queries.provider_reports()
        for row in page.result_list:
            row.newest = found.get(row.provider)
        return page

    @admin.display(description="State")
    def state(self, row: ProviderReport) -> SafeString:
        """Show where it stands."""
        at, report = _newest(row)
        return state_badge(report, at=at, now=clock.now())

    @admin.display(description="Last tick")
    def last_tick(self, row: ProviderReport) -> str:
        """Show how long ago the last sound tick came."""
        return seen(_newest(row)[1].last_tick_at, clock.now())

    @admin.display(description="Ticks")
    def ticks(self, row: ProviderReport) -> int:
        """Show how many sound ticks came since the market process began."""
        return _newest(row)[1].ticks

    @admin.display(description="Rejected")
    def rejected(self, row: ProviderReport) -> int:
        """Show how much that came was no price."""
        return sum(_newest(row)[1].rejected.values())

    @admin.display(description="Reconnects")
    def reconnects(self, row: ProviderReport) -> int:
        """Show how often it was lost."""
        return _newest(row)[1].reconnects

    @admin.display(description="As of")
    def as_of(self, row: ProviderReport) -> datetime:
        """Show when it was doing so."""
        return _newest(row)[0]

    def sections(self, row: ProviderReport) -> Iterable[Section]:
        """Show what was wrong, counted and in detail."""
        _, report = _newest(row)
        yield Section(
            title="Rejected because of",
            head=("Reason", "Count"),
            rows=sorted(report.rejected.items(), key=lambda item: -item[1]),
        )
        yield Section(
            title="Newest problems",
            head=("When", "Reason", "What"),
            rows=[(line.at, line.reason, line.detail) for line in report.lines],
        )


def _newest(row: ProviderReport) -> tuple[datetime, Report]:
    found: tuple[datetime, Report] | None = getattr(row, "newest", None)
    if found is None:
        copy = (row.reported_at, Report.from_json(row.body))
        found = queries.provider_reports().get(row.provider, copy)
        row.newest = found  # type: ignore[attr-defined]
    return found
