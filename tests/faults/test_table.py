"""Both tables together: every fault and attack once, each with a proof that there is."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.faults.attacks import ATTACKS
from tests.faults.controls import CONTROLS
from tests.faults.row import Row
from tests.faults.rows import ROWS, WEAKENED

ROOT = Path(__file__).parents[2]
ALL = (*ROWS, *ATTACKS)
EVERY_COMMIT = {
    *(1, 3, 4, 8, 17, 19, 23, 34, 36, 45, 51, 52, 53, 54, 56, 59, 60, 61, 62, 63),
    *(71, 72, 74, 75, 76, 79, 82, 85, 88),
}
"""What is tried on every commit, in minutes; the rest in `make faults` and the whole suite."""


@cache
def _names(path: Path) -> frozenset[str]:
    """Return the node ids of a file of tests, without its path."""
    return frozenset(_all_names(path))


def _all_names(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            for each in node.body:
                if isinstance(each, ast.FunctionDef):
                    yield f"{node.name}::{each.name}"


def test_every_number_is_there_once() -> None:
    assert [row.number for row in ALL] == list(range(1, 91))


def test_what_is_for_every_commit_is_marked_and_proved_there() -> None:
    assert {row.number for row in ALL if row.every_commit} == EVERY_COMMIT
    assert all(row.trial or row.tests for row in ALL if row.every_commit)


def test_what_is_weakened_for_a_control_is_played_so() -> None:
    assert {row.number for row in ROWS if row.control == WEAKENED} == {
        each.number for each in CONTROLS
    }


@pytest.mark.parametrize("row", ALL, ids=lambda row: str(row.number))
def test_a_row_is_tried_proved_or_says_why_not(row: Row) -> None:
    assert row.trial or row.tests or row.instead
    for test in row.tests:
        path, _, name = test.partition("::")
        assert name.startswith("test_") or "::test_" in name, test
        assert name in _names(ROOT / path), test


@pytest.mark.parametrize("row", ATTACKS, ids=lambda row: str(row.number))
def test_an_attack_says_what_is_promised_how_it_is_tried_and_its_control(row: Row) -> None:
    assert row.promise
    assert row.how
    assert row.control
    assert row.tests
