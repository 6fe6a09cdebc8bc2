"""The negative control: each row of the matrix sees its fault in a view that has all of them."""

import re
from collections.abc import Callable

import pytest

from tests.api import rows
from tests.api.schema import Operation
from tests.api.test_matrix import hidden_operations
from tests.api.world import EXAMPLES, World

pytestmark = pytest.mark.urls("tests.api.leaky_urls")

LEAK = Operation("post", "/v1/leaks/{id}")


@pytest.fixture
def leak(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setitem(EXAMPLES, "/v1/leaks/{id}", lambda world: world.known.card.shown_id)
    return world


@pytest.mark.parametrize(
    "row",
    [
        rows.needs_a_token,
        rows.takes_no_unknown_field,
        lambda operation, world: rows.takes_no_odd_amount(operation, world, ("amount",)),
        rows.takes_no_odd_body,
        rows.takes_no_other_verb,
    ],
    ids=["token", "unknown field", "odd amount", "odd body", "verb"],
)
def test_a_row_sees_its_fault(row: Callable[[Operation, World], None], leak: World) -> None:
    with pytest.raises(AssertionError):
        row(LEAK, leak)


@pytest.mark.parametrize(
    "row", [rows.is_hidden_from_others, rows.tells_nothing_secret], ids=["others", "secrets"]
)
def test_a_row_about_two_sees_its_fault(
    row: Callable[[Operation, World, World], None], leak: World, stranger: World
) -> None:
    with pytest.raises(AssertionError):
        row(LEAK, leak, stranger)


def test_an_operation_without_an_example_object_is_seen() -> None:
    with pytest.raises(AssertionError, match="what there is at /v1/leaks"):
        rows.has_an_example_object(LEAK)


def test_a_door_that_is_not_in_the_schema_is_seen() -> None:
    assert "put /v1/leaks/{}" in hidden_operations()


def test_a_field_that_takes_an_address_is_seen() -> None:
    with pytest.raises(AssertionError, match="callback_url"):
        rows.takes_no_address(LEAK)


def test_amounts_are_found_in_the_schema() -> None:
    assert rows.amounts_of(LEAK) == [("amount",)]
    assert ("holdings", 0, "quantity") in rows.amounts_of(
        Operation("post", "/v1/sandbox/customers")
    )


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ('{"id": "01a2104e-b370-7566-9c31-81e701649b35"}', rows.RAW_ID),
        ('{"number": "4242424242424242"}', rows.DIGITS),
        ('{"key": "sk_live_51H"}', rows.SECRETS),
    ],
)
def test_secrets_are_recognised(text: str, pattern: re.Pattern[str]) -> None:
    assert pattern.search(text)
    assert rows._is_card_number("4242424242424242")
