"""`make faults`: play every row on a whole Krak, write docs/reliability.md."""

import argparse
import os
import platform
import secrets
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.faults import controls, report
from tests.faults.attacks import ATTACKS
from tests.faults.invariants import Judgement
from tests.faults.row import Row
from tests.faults.rows import ROWS, TWO_HOSTS
from tests.faults.stage import CRASHES, Outcome, Stage
from tests.faults.whole import Whole

TABLE = (*ROWS, TWO_HOSTS, *ATTACKS)
SOAK = 33
MOST_SAID = 200


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--rows", default="", help="numbers, by comma (0: two hosts)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument(
        "--times", type=int, default=1, help="how often each row is tried, but the soak"
    )
    parser.add_argument("--load", type=float, default=5.0, help="seconds of load around a fault")
    parser.add_argument(
        "--soak-minutes", type=float, default=15.0, help="of row 33; 0 leaves it out"
    )
    parser.add_argument(
        "--crashes", type=int, default=CRASHES, help="of row 13, each takes some 13 s"
    )
    parser.add_argument("--log", type=Path, help="keep what the processes said here")
    parser.add_argument(
        "--controls", action="store_true", help="take the protections out: these rows must fail"
    )
    arguments = parser.parse_args()
    wanted = {int(text) for text in arguments.rows.split(",") if text}
    if arguments.controls:
        return play_controls(wanted, seed=arguments.seed, load_seconds=arguments.load)
    rows = [row for row in TABLE if row.trial and (not wanted or row.number in wanted)]
    if not arguments.soak_minutes:
        rows = [row for row in rows if row.number != SOAK]
    print(f"seed {arguments.seed}", flush=True)
    results = play(
        rows,
        seed=arguments.seed,
        times=arguments.times,
        load_seconds=arguments.load,
        soak_minutes=arguments.soak_minutes,
        crashes=arguments.crashes,
        log=arguments.log,
    )
    if wanted:
        report.update(TABLE, results)
    else:
        machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
        report.write(TABLE, results, machine=machine)
    failed = [number for number, result in results.items() if not result.holds]
    print(f"failed: {failed}" if failed else f"{len(results)} rows held", flush=True)
    return 1 if failed else 0


def play(
    rows: Sequence[Row],
    *,
    seed: int,
    times: int,
    load_seconds: float,
    soak_minutes: float,
    crashes: int,
    log: Path | None,
) -> dict[int, report.Result]:
    """Play rows one after the other on one Krak; return what each measured."""
    whole = Whole(Path(tempfile.mkdtemp(prefix="krak-faults-")))
    results: dict[int, report.Result] = {}
    try:
        whole.start()
        for row in rows:
            if not whole.is_up():
                # The row before has ended it: the others are played all the same.
                whole.start()
            outcomes = [
                _play_one(
                    row,
                    Stage(
                        whole,
                        seed + number,
                        load_seconds,
                        soak_minutes=soak_minutes,
                        crashes=crashes,
                    ),
                )
                for number in range(1 if row.number == SOAK else times)
            ]
            results[row.number] = report.Result(outcomes, seed=seed)
    finally:
        whole.stop()
        if log:
            log.write_bytes(whole.log.read_bytes())
        whole.forget()
    return results


def play_controls(wanted: set[int], *, seed: int, load_seconds: float) -> int:
    """Play rows without their protection; the exit code is 1 if one holds all the same."""
    whole = Whole(
        Path(tempfile.mkdtemp(prefix="krak-controls-")),
        sabotage=controls.SABOTAGE,
        environment=controls.ENVIRONMENT,
    )
    held = 0
    try:
        whole.start()
        for control in controls.CONTROLS:
            if wanted and control.number not in wanted:
                continue
            said = "; ".join(control.play(Stage(whole, seed, load_seconds)))
            found = control.found in said
            held += not found
            said = ("" if found else "HELD, but ") + said.partition("\n")[0][:MOST_SAID]
            print(f"{control.number:>3} without {control.without}: {said}", flush=True)
            with whole.database() as database:
                # What a row has left undone must not be counted for the next.
                database.execute("UPDATE outbox_outboxmessage SET due_at = now(), dead_at = NULL")
            Stage(whole, seed).await_quiet()
    finally:
        whole.stop()
        whole.forget()
    return 1 if held else 0


def _play_one(row: Row, stage: Stage) -> Outcome:
    began = time.monotonic()
    try:
        outcome = row.play(stage)
    except Exception as problem:  # noqa: BLE001 - the other rows are played all the same
        traceback.print_exc()
        outcome = Outcome(Judgement(), recovery_seconds=0.0, problems=[repr(problem)])
    took = time.monotonic() - began
    state = "held" if outcome.holds else "FAILED"
    print(f"{row.number:>3} {state:<6} {row.fault} ({took:.0f} s, seed {stage.seed})")
    print(f"    recovered in {outcome.recovery_seconds:.1f} s, {outcome.figures}", flush=True)
    if not outcome.holds:
        print(f"    {outcome}", flush=True)
    return outcome


if __name__ == "__main__":
    sys.exit(main())
