"""A row of a table of faults or attacks: what is tried, what is promised, where the proof is."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.stage import Outcome, Stage


@dataclass(frozen=True)
class Row:
    """One fault. `trial` plays it; `tests` prove it, or its parts, on their own."""

    number: int
    fault: str
    promise: str
    how: str
    control: str
    """What is taken out to see the row fail, and where that is tried."""
    trial: Callable[[Stage], Outcome] | None = None
    every_commit: bool = False
    tests: tuple[str, ...] = ()
    instead: str = ""
    """Why it cannot be run here, and what was done instead."""

    def play(self, stage: Stage) -> Outcome:
        """Play the trial, then look over what it left behind."""
        if self.trial is None:
            raise LookupError(f"row {self.number} has no trial")
        outcome = self.trial(stage)
        stage.look_over(outcome)
        return outcome
