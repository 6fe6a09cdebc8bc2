"""The rows of every commit in their short form: one whole Krak, one fault after the other.

Claims and tasks come back after eight seconds here instead of thirty, so that a lost one is waited
for in a test; `make faults` plays the same rows with the product's own times.
"""

from collections.abc import Iterator

import pytest

from tests.faults.row import Row
from tests.faults.rows import ROWS
from tests.faults.stage import Stage
from tests.faults.whole import Whole

SEED = 1
SHORT = {"claim_seconds": 8, "visibility_seconds": 8}

# One process runs all that start a whole Krak: one per worker of the suite is most of their time.
pytestmark = pytest.mark.xdist_group("krak")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    started = Whole(tmp_path_factory.mktemp("krak"), sabotage=SHORT)
    try:
        started.start()
        yield started
    finally:
        started.stop()
        started.forget()


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.every_commit and row.trial], ids=lambda row: str(row.number)
)
def test_a_fault_loses_doubles_and_breaks_nothing(whole: Whole, row: Row) -> None:
    outcome = row.play(Stage(whole, SEED, load_seconds=2.0, small=True))

    assert outcome.holds, f"seed {SEED}, row {row.number}: {outcome}"
