"""Ids sort by the moment they were made, and read back as they were shown."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krak.core import ids
from krak.core.ids import MalformedId, first_at, read, show, uuid7

uuids = st.integers(0, 2**128 - 1).map(lambda n: UUID(int=n))
prefixes = st.from_regex(r"[a-z]([a-z_]{0,10}[a-z])?", fullmatch=True)


def test_later_ids_are_greater() -> None:
    made = [uuid7() for _ in range(20_000)]

    assert all(before < after for before, after in itertools.pairwise(made))
    assert all(show("x", before) < show("x", after) for before, after in itertools.pairwise(made))


def test_later_ids_are_greater_across_threads() -> None:
    def make(_n: int) -> list[UUID]:
        return [uuid7() for _ in range(500)]

    before = uuid7()
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(make, range(32)))
    after = uuid7()

    for batch in batches:
        assert batch == sorted(batch)
    everything = [made for batch in batches for made in batch]
    # Not only different: no two were even made at the same tick.
    assert len({made.int >> 64 for made in everything}) == len(everything) == 16_000
    assert before < min(everything)
    assert max(everything) < after


def test_an_id_is_a_version_7_uuid_of_this_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_last_tick", 0)
    began = time.time_ns() // 1_000_000
    made = uuid7()
    ended = time.time_ns() // 1_000_000

    assert (made.version, made.variant) == (7, RFC_4122)
    assert began <= made.int >> 80 <= ended


def test_a_clock_that_is_set_back_does_not_reorder_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    first = uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)

    second, third = uuid7(), uuid7()

    assert first < second < third


def test_a_clock_that_stands_still_gives_different_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: moment)

    made = [uuid7() for _ in range(10_000)]

    assert made == sorted(set(made))


@given(prefixes, uuids)
def test_what_is_shown_is_read_back(prefix: str, value: UUID) -> None:
    text = show(prefix, value)

    assert read(prefix, text) == value
    assert text.startswith(f"{prefix}_")
    assert len(text) == len(prefix) + 27


@given(uuids, uuids)
def test_shown_ids_sort_as_uuids_do(one: UUID, other: UUID) -> None:
    assert (one < other) == (show("card", one) < show("card", other))


@given(st.text(max_size=40))
def test_whatever_is_read_is_an_id_or_refused(text: str) -> None:
    for asked in (text, f"card_{text}"):
        try:
            value = read("card", asked)
        except MalformedId:
            continue
        assert show("card", value) == asked


def test_known_ids() -> None:
    # The examples of the TypeID specification.
    known = {
        "00000000000000000000000000": UUID(int=0),
        "00000000000000000000000001": UUID(int=1),
        "7zzzzzzzzzzzzzzzzzzzzzzzzz": UUID(int=2**128 - 1),
        "01h455vb4pex5vsknk084sn02q": UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
    }
    for text, value in known.items():
        assert show("prefix", value) == f"prefix_{text}"
        assert read("prefix", f"prefix_{text}") == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "_",
        "card",
        "card_",
        "01h455vb4pex5vsknk084sn02q",
        "_01h455vb4pex5vsknk084sn02q",
        "cus_01h455vb4pex5vsknk084sn02q",
        "Card_01h455vb4pex5vsknk084sn02q",
        "card__01h455vb4pex5vsknk084sn02q",
        "card-01h455vb4pex5vsknk084sn02q",
        "card_01h455vb4pex5vsknk084sn02",
        "card_01h455vb4pex5vsknk084sn02qq",
        "card_01H455VB4PEX5VSKNK084SN02Q",
        "card_01h455vb4pex5vsknk084sn02i",
        "card_01h455vb4pex5vsknk084sn02l",
        "card_01h455vb4pex5vsknk084sn02o",
        "card_01h455vb4pex5vsknk084sn02u",
        "card_8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "card_01h455vb4pex5vsknk084sn02²",
        "card_01h455vb4pex5vsknk084sn02\n",
        " card_01h455vb4pex5vsknk084sn02q",
        "01890a5d-ac96-774b-bcce-b302099a8057",
    ],
)
def test_a_malformed_id_is_refused(text: str) -> None:
    with pytest.raises(MalformedId):
        read("card", text)


def test_the_first_id_of_a_moment_sorts_between_those_made_before_and_after() -> None:
    before = uuid7()
    time.sleep(0.003)
    first = first_at(datetime.now(UTC))
    time.sleep(0.003)

    assert before < first < uuid7()
    assert (first.version, first.variant) == (7, RFC_4122)
