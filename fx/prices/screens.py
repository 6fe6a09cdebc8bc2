"""How the health of providers looks to staff, on its own page and on the overview."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.utils.safestring import SafeString

from fx.prices.health import Report, State
from krak.core.admin import Section, badge

OLD_REPORT: Final = timedelta(seconds=15)
_TONES: Final = {
    State.STARTING: "odd", State.LIVE: "good", State.RETRYING: "bad", State.STOPPED: "bad",
}  # fmt: skip


def state_badge(report: Report, *, at: datetime, now: datetime) -> SafeString:
    """Show where a provider stands; an old report says that nobody reports any more."""
    if now - at > OLD_REPORT:
        return badge("no report", "bad")
    return badge(report.state, _TONES[report.state])


def seen(moment: datetime | None, now: datetime) -> str:
    """Say how long ago something happened."""
    return "never" if moment is None else f"{max(0, int((now - moment).total_seconds()))} s ago"


def providers_section(found: Mapping[str, tuple[datetime, Report]], *, now: datetime) -> Section:
    """Return the table of all providers for the overview."""
    return Section(
        title="Price providers",
        head=("Provider", "State", "Last tick", "Ticks", "Rejected", "Reconnects"),
        rows=[
            (name, state_badge(report, at=at, now=now), seen(report.last_tick_at, now),
             report.ticks, sum(report.rejected.values()), report.reconnects)
            for name, (at, report) in found.items()
        ],
    )  # fmt: skip
