"""What so many customers need, from what one piece of work was measured to cost."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

CUSTOMERS: Final = 10_000_000
TAPS_A_DAY: Final = 1.5
"""Of a customer; each clears."""
READS_A_DAY: Final = 32
"""Of a customer, who opens the app four times for eight reads."""
PEAK: Final = 3
"""The busiest hour beside the mean one."""
BUSY: Final = 0.5
"""What of a core is planned for."""
DAY: Final = 86_400
READS: Final = (
    "portfolio", "balances", "prices", "activity", "authorizations", "one authorization",
    "notifications", "cards",
)  # fmt: skip
"""The calls of an app that is opened."""
DROPPED: Final = ("inbox_inboxevent", "outbox_outboxmessage", "notifications_notification")
"""The tables of a purchase that are emptied by age, or go to the archive."""


def lines(results: Mapping[str, Any]) -> Sequence[str]:
    """Return the section about it, as docs/scaling.md names the figures."""
    costs = _costs(results)
    taps = CUSTOMERS * TAPS_A_DAY * PEAK / DAY
    reads = CUSTOMERS * READS_A_DAY * PEAK / DAY
    per_tap = sum(costs[name] for name in "pwtck")
    disk = results["cashback_backlog"]["disk_bytes"]
    dropped = sum(disk.get(name, 0) for name in DROPPED)
    kept = sum(disk.values()) - dropped
    return (
        "## What customers cost",
        "",
        "Microseconds of CPU, by the names of [scaling](scaling.md), which says how they add up.",
        "",
        f"- *p*, a decision in Postgres: {costs['p']:,}",
        f"- *w*, in the web process: {costs['w']:,}",
        f"- *t*, what is told of it, in the others: {costs['t']:,}",
        f"- *c*, a clearing with its reward and notices in Postgres: {costs['c']:,}",
        f"- *k*, in worker and relay: {costs['k']:,}",
        f"- *r*, an API read in web and Postgres, the mean of eight: {costs['r']:,.0f}",
        f"- *d*, bytes of a purchase for good: {kept:,}; until dropped or archived: {dropped:,}",
        "",
        (
            f"{CUSTOMERS:,} customers at their peak make {taps:,.0f} taps and {reads:,.0f} reads a"
            f" second, which take {_cores(taps, per_tap):.0f} cores"
            f" ({_cores(taps, costs['p'] + costs['c']):.0f} of them Postgres') and"
            f" {_cores(reads, costs['r']):.0f} cores, each half busy, and write"
            f" {CUSTOMERS * TAPS_A_DAY * 365 * kept / 1e12:.0f} TB a year."
        ),
        "",
    )


def _costs(results: Mapping[str, Any]) -> dict[str, float]:
    decision = results["decisions_over_http"]["cpu_us"]
    clearing = results["cashback_backlog"]["cpu_us"]
    reads = [results["calls"][name]["cpu_us"] for name in READS]
    told = ("worker", "relay", "live", "postgres for worker", "postgres for relay")
    return {
        "p": decision["postgres for cards"] + decision.get("postgres' own", 0),
        "w": decision["cards"],
        "t": sum(decision.get(kind, 0) for kind in told),
        "c": sum(used for kind, used in clearing.items() if kind.startswith("postgres")),
        "k": clearing["worker"] + clearing.get("relay", 0),
        "r": sum(reads) / len(reads),
    }


def _cores(per_second: float, microseconds: float) -> float:
    return per_second * microseconds / 1e6 / BUSY
