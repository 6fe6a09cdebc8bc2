"""docs/performance.md, from bench/results.json: what was promised, and what was measured."""

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench import calls, capacity

GROWTH = Path(__file__).parent / "growth.json"
PATH = Path(__file__).parent.parent / "docs" / "performance.md"
HEAD = (Path(__file__).parent / "report.md").read_text()

type Results = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """A row of the table: what was promised, and where it is found; None where nothing was."""

    name: str
    read: Callable[[Results], Any]
    promise: str = ""
    keeps: Callable[[Any], bool] | None = None
    spread: Callable[[Results], Any] | None = None


FIGURES = (
    Figure(
        "decisions a second over HTTP, 8 clients",
        lambda r: r["decisions_over_http"]["per_second"],
    ),
    Figure("TPC-B a second beside them", lambda r: r["decisions_over_http"]["tpcb_per_second"]),
    Figure(
        "decisions to TPC-B",
        lambda r: r["decisions_over_http"]["ratio_to_tpcb"],
        "≥ 0.25",
        lambda found: found >= 0.25,  # noqa: PLR2004
        lambda r: r["decisions_over_http"]["ratio_spread"],
    ),
    Figure(
        "the two calls of a decision by pgbench, without HTTP and rules, to TPC-B",
        lambda r: r["taps_by_pgbench"]["ratio_to_tpcb"],
        spread=lambda r: r["taps_by_pgbench"]["ratio_spread"],
    ),
    Figure(
        "rows that a decision writes, where TPC-B writes four",
        lambda r: r["taps_by_pgbench"]["rows_written_each"],
    ),
    Figure(
        "a decision at full rate, p99 ms",
        lambda r: r["decisions_over_http"]["p99_ms"],
        "< 25",
        lambda found: found < 25,  # noqa: PLR2004
    ),
    Figure("TPC-B at full rate, p99 ms", lambda r: r["decisions_over_http"]["tpcb_p99_ms"]),
    Figure(
        "a decision at a tenth of the rate, p99 ms",
        lambda r: r["decisions_at_a_tenth"]["p99_ms"],
        "< 10",
        lambda found: found < 10,  # noqa: PLR2004
        lambda r: r["decisions_at_a_tenth"]["p99_spread_ms"],
    ),
    Figure(
        "TPC-B at that rate, p99 ms",
        lambda r: r["decisions_at_a_tenth"]["tpcb_p99_ms"],
        spread=lambda r: r["decisions_at_a_tenth"]["tpcb_p99_spread_ms"],
    ),
    Figure(
        "p99 of decisions beside statements to p99 alone",
        lambda r: r["decisions_beside_statements"]["ratio_of_p99"],
        "about 1",
        None,
        lambda r: r["decisions_beside_statements"]["ratio_spread"],
    ),
    Figure(
        "entries of two legs, one by one, to TPC-B",
        lambda r: r["ledger_postings"]["ratio_to_tpcb"],
    ),
    Figure(
        "postings in such entries to TPC-B",
        lambda r: round(2 * r["ledger_postings"]["ratio_to_tpcb"], 2),
        "≥ 1.2",
        lambda found: found >= 1.2,  # noqa: PLR2004
    ),
    Figure(
        "postings a second in batches of 50 entries",
        lambda r: 2 * r["ledger_postings"]["in_batches_of_50_per_second"],
        "≥ 10,000",
        lambda found: found >= 10_000,  # noqa: PLR2004
    ),
    Figure(
        "capture to reward at 100 a second, p99 ms",
        lambda r: r["cashback"]["p99_ms"],
        "< 1,000",
        lambda found: found < 1000,  # noqa: PLR2004
    ),
    Figure(
        "rewards of those captures that were paid, of all",
        lambda r: f"{r['cashback']['rewards']} of {r['cashback']['captures']}",
        "all, once",
    ),
    Figure(
        "a backlog of captures, worked off a second with their rewards and notices",
        lambda r: r["cashback_backlog"]["per_second"],
        "≥ 1,000",
        lambda found: found >= 1000,  # noqa: PLR2004
    ),
    Figure(
        "a portfolio of 900 assets, valued, ms",
        lambda r: r["portfolio"]["in_USD_ms"],
        "< 2",
        lambda found: found < 2,  # noqa: PLR2004
    ),
    Figure("seconds from the start until ready", lambda r: r["start_seconds"]),
)
COSTS = (
    ("a decision, and all that follows from it", "decisions_over_http"),
    ("a capture with its reward and notices", "cashback_backlog"),
)
BESIDE = {
    "django-hordak": (
        "The usual double-entry ledger for Django on the same Postgres, 8 clients, transfers of"
        " two legs (`python -m bench.hordak` says how). Krak refuses overdrafts, repeats and"
        " changes and chains its entries; `hordak` does none of it, `hordak_guarded` locks and"
        " sums the account first, as whoever may not be overdrawn has to. Promised: 5 ×."
    ),
    "pgledger": (
        "A ledger of functions in Postgres, on the same one, 8 clients, transfers of two legs"
        " (`python -m bench.pgledger` says how). In `pgledger` all of them go to one account of the"
        " house, whose row they wait for; in `pgledger_apart` each goes to an account of its own."
        " Krak's house has no row; Krak refuses repeats and changes and chains its entries."
        " Promised: 2 ×."
    ),
}
"""What is compared with, by name."""


def write(results: Results) -> None:
    """Write the page."""
    cores, gigabytes = psutil.cpu_count(), round(psutil.virtual_memory().total / 2**30)
    lines = [
        HEAD.format(machine=f"{cores} cores, {gigabytes} GB, Python {platform.python_version()}"),
        f"Asked for: {', '.join(f'{name} {value}' for name, value in results['asked'].items())}.",
        "",
        "| What | Promised | Measured | Spread | |",
        "| --- | --- | --- | --- | --- |",
        *(_row(figure, results) for figure in FIGURES),
        "",
        *_beside("django-hordak", results.get("hordak")),
        *_beside("pgledger", results.get("pgledger")),
        "## CPU",
        "",
        "Microseconds for one piece, by kind of process; Postgres' by whom it works for.",
        "",
        *(f"- **{name}**: {_costs(results[key]['cpu_us'])}" for name, key in COSTS),
        "",
        *capacity.lines(results),
        "## Disk",
        "",
        "Bytes of a purchase from its tap to its reward, with their indexes, by table.",
        "",
        f"- {_costs(results['cashback_backlog']['disk_bytes'])}",
        "",
        "## The calls of a phone",
        "",
        *_markdown(calls.table(results["calls"])),
        *(_growth(json.loads(GROWTH.read_text())) if GROWTH.exists() else ()),
    ]
    PATH.write_text("\n".join(lines) + "\n")


def _row(figure: Figure, results: Results) -> str:
    found = figure.read(results)
    spread = figure.spread(results) if figure.spread else []
    kept = "" if figure.keeps is None else "kept" if figure.keeps(found) else "**not kept**"
    cells = (figure.name, figure.promise, found, " to ".join(str(end) for end in spread), kept)
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _costs(costs: Mapping[str, int]) -> str:
    parts = ", ".join(f"{kind} {used:,}" for kind, used in costs.items() if used)
    return f"{sum(costs.values()):,} in all: {parts}"


def _beside(ledger: str, found: Results | None) -> list[str]:
    if found is None:
        return []
    return [
        f"## Beside {ledger}",
        "",
        BESIDE[ledger],
        "",
        *_markdown(json.dumps(found, indent=2).splitlines()),
        "",
    ]


def _growth(grown: Results) -> list[str]:
    lines = [
        "",
        "## In a large ledger",
        "",
        (
            "`python -m bench.growth` fills the tables, measures entries beside TPC-B (promised: at"
            " most 1.2 × slower than in the small one), and asks Postgres for its plans there."
        ),
        "",
        "| Postings | Entries of five legs a second | to TPC-B | of two | to TPC-B | slower by |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    small = grown["sizes"][0]
    for size in grown["sizes"]:
        slower = max(small[name] / size[name] for name in ("ratio_to_tpcb", "ratio_of_five_legs"))
        cells = (
            f"{size['postings']:,} to {size['postings_after']:,}",
            f"{size['five_legs_per_second']:,}",
            str(size["ratio_of_five_legs"]),
            f"{size['two_legs_per_second']:,}",
            str(size["ratio_to_tpcb"]),
            f"{slower:.2f} ×",
        )
        lines.append(f"| {' | '.join(cells)} |")
    for title, plan in grown["plans"].items():
        lines += ["", f"{title[0].upper()}{title[1:]}:", "", *_markdown(plan.splitlines())]
    return lines


def _markdown(table: Sequence[str]) -> list[str]:
    return ["```", *table, "```"]


if __name__ == "__main__":
    write(json.loads((Path(__file__).parent / "results.json").read_text()))
