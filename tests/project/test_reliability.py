"""The table of faults names tests that exist, and says of each row where its proof is."""

import ast
from pathlib import Path

import pytest

from tests.faults.row import Row
from tests.faults.rows import ROWS

ROOT = Path(__file__).parents[2]


def _names(path: Path) -> set[str]:
    """Return the node ids of a file of tests, without its path."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}::{each.name}"
                for each in node.body
                if isinstance(each, ast.FunctionDef)
            }
    return found


def test_every_row_is_there_once() -> None:
    assert [row.number for row in ROWS] == list(range(1, 34))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.number))
def test_a_row_is_tried_proved_or_says_why_not(row: Row) -> None:
    assert row.trial or row.tests or row.instead
    assert row.trial or not row.every_commit
    for test in row.tests:
        path, _, name = test.partition("::")
        assert name in _names(ROOT / path), test
