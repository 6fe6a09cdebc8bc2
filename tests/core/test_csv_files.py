"""CSV: what goes in comes out, and no spreadsheet runs it."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krak.core import csv_files

CELLS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12),
    st.sampled_from(
        ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\tx", "\rx", "'x", "''", "-1.5", "\ufeff"]
    ),
)  # fmt: skip
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=6)


@given(ROWS)
def test_what_is_written_is_read_back(rows: list[list[str]]) -> None:
    assert csv_files.parse(csv_files.write(rows)) == rows


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM", "\t=1", "\r=1", "＝1"]
)
def test_a_formula_becomes_text(text: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_files.write([[text]]).decode("utf-8-sig"), newline=""))
    assert row == [f"'{text}"]


@pytest.mark.parametrize("text", ["-1.5", "0", "120.00", "RAMEN TOKYO", "a=b", "₿"])
def test_numbers_and_words_stay_as_they_are(text: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_files.write([[text]]).decode("utf-8-sig"), newline=""))
    assert row == [text]
