"""Rows 1 to 7: web, worker and clock die, stop, and run twice."""

import time

from tests.faults.invariants import broken
from tests.faults.stage import Outcome, Stage


def web_is_killed(stage: Stage) -> Outcome:
    """Row 1: the web server dies with requests in flight, once between commit and answer."""
    whole = stage.whole

    def fault() -> None:
        before = whole.pid("web")
        whole.arm("die-before-answer")
        sprung = whole.await_sprung("die-before-answer", seconds=10)
        whole.await_restart("web", after=before)
        whole.await_ready()
        if not sprung:
            raise RuntimeError("no request was caught between commit and answer")
        if not stage.small:
            before = whole.kill("web")
            whole.await_restart("web", after=before)

    outcome, driver = stage.under_load(fault)
    replayed = sum(1 for each in driver.commands if each.attempts > 1)
    outcome.figures["asked again"] = replayed
    outcome.require(that=replayed > 0, otherwise="nothing was in flight")
    return outcome


def worker_is_killed_before_commit(stage: Stage) -> Outcome:
    """Row 3: the worker dies with its effect written and not committed."""
    return _worker_dies(stage, "die-before-commit")


def worker_is_killed_after_commit(stage: Stage) -> Outcome:
    """Row 4: the worker dies with its effect committed and the task not acknowledged."""
    outcome = _worker_dies(stage, "die-after-commit")
    deadline = time.monotonic() + 60
    again = stage.whole.control / "delivered-again"
    while not again.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    outcome.require(that=again.exists(), otherwise="the task was never delivered again")
    (stage.whole.control / "died-after-commit").unlink(missing_ok=True)
    again.unlink(missing_ok=True)
    if not stage.await_quiet():
        outcome.problems.append("not quiet after the redelivery")
    with stage.whole.database() as database:
        outcome.judgement.wrong += broken(database)
    return outcome


def _worker_dies(stage: Stage, hook: str) -> Outcome:
    whole = stage.whole

    def fault() -> None:
        before = whole.pid("worker")
        whole.arm(hook)
        if not whole.await_sprung(hook):
            raise RuntimeError(f"nobody came by {hook}")
        whole.await_restart("worker", after=before)

    outcome, _driver = stage.under_load(fault)
    return outcome
