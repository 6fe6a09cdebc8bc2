"""docs/reliability.md, written from what a run measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.row import Row
from tests.faults.stage import Outcome

PATH = Path(__file__).parents[2] / "docs" / "reliability.md"

HEAD = """# What was broken on purpose

`make faults` writes this page. It starts Krak as `make up` does, with a Postgres and a Valkey of
its own, lets clients tap, capture, refund, dispute, deposit, trade, pay each other and withdraw
at random, does one thing at a time to the processes, waits until nothing is left to do, and
proves the standing invariants: I1 each entry sums to zero, I2 cached balances are the sum of
entries, I3 nobody is overdrawn, I4 each event and each key has one effect, I5 what was
acknowledged is there and what was refused is not, I6 every promise is done, I7 what customers
have is what the house owes, and the house's accounts are what withdrawals, transfers that wait,
cleared purchases and disputes say. *Lost* was acknowledged and is not there, *doubled* has two
effects, *wrong* breaks an invariant or a promise of its row. After each row all text of all
tables and all logs are searched for the secrets of the run and for card numbers, and Postgres is
asked for deadlocks: one of either is *wrong*, too. *Seconds* is the longest until a tap that
began after the fault was rewarded, and until the last work promised meanwhile was done. *Slowest
request* is of all that was asked, but in row 10 of taps: others wait until Postgres goes on.
"""
REPLAY = """
## Again

A run prints its seed. `make faults ARGS="--rows 8,17 --seed 5"` plays these rows again, and
writes what it finds over their lines here: each client asks the same things in the same order,
and the fault comes at the same moment; what the scheduler of the machine makes of it is its own.
`--soak-minutes 0` leaves the soak out, `--crashes 6` makes row 13 shorter, `--controls` plays
what must fail. Rows marked *each commit* are in `make test` too, in a short form
(`tests/faults/test_every_commit.py`). A control takes the protection out: a row whose control
does not fail proves nothing.
"""

COLUMNS = (
    "#",
    "Fault",
    "Promise",
    "Seed",
    "Tried",
    "Commands",
    "Lost",
    "Doubled",
    "Wrong",
    "Seconds",
    "Slowest request",
)


@dataclass
class Result:
    """How often a row was tried, and what came of it each time."""

    outcomes: Sequence[Outcome]
    seed: int

    @property
    def holds(self) -> bool:
        """Tell whether it held each time."""
        return all(each.holds for each in self.outcomes)


def update(rows: Sequence[Row], results: Mapping[int, Result]) -> None:
    """Write what was measured of some rows over what the page says of them."""
    lines = PATH.read_text().splitlines()
    for row in rows:
        if row.number in results:
            begins = f"| {_label(row)} | {row.fault} |"
            place = next(n for n, line in enumerate(lines) if line.startswith(begins))
            lines[place] = _measured(row, results[row.number])
    PATH.write_text("\n".join(lines) + "\n")


def write(rows: Sequence[Row], results: Mapping[int, Result], *, machine: str) -> None:
    """Write the page."""
    measured = [row for row in rows if row.number in results]
    lines = [HEAD, f"Seen last on {machine}.\n", "## Tried on a whole Krak\n"]
    lines += [
        f"| {' | '.join(COLUMNS)} |",
        f"| {' | '.join(['---'] * len(COLUMNS))} |",
        *(_measured(row, results[row.number]) for row in measured),
        "",
        "## How, and what it is worth\n",
        "| # | How | Control | Where |",
        "| --- | --- | --- | --- |",
        *(f"| {_label(row)} | {row.how} | {row.control} | {_where(row)} |" for row in rows),
    ]
    PATH.write_text("\n".join(lines) + "\n" + REPLAY)


def _measured(row: Row, result: Result) -> str:
    outcomes = result.outcomes
    judgements = [each.judgement for each in outcomes]
    cells = [
        _label(row),
        row.fault,
        row.promise,
        result.seed,
        len(outcomes),
        sum(each.asked for each in judgements),
        sum(len(each.lost) for each in judgements),
        sum(len(each.doubled) for each in judgements),
        sum(len(each.wrong) for each in judgements) + sum(len(o.problems) for o in outcomes),
        f"{max(each.recovery_seconds for each in outcomes):.1f}",
        f"{max(each.slowest_seconds for each in outcomes):.1f} s",
    ]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _label(row: Row) -> str:
    return str(row.number or "two hosts")


def _where(row: Row) -> str:
    where = []
    if row.trial:
        where.append("`make faults`" + (", each commit" if row.every_commit else ""))
    where += [f"`{test.rpartition('/')[2]}`" for test in row.tests]
    if row.instead:
        where.append(row.instead)
    return "; ".join(where)
