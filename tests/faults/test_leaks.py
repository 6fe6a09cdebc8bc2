"""Card numbers and secrets that lie about are found, and nothing else is taken for one."""

from pathlib import Path

import pytest
from django.db import connection

from krak.core.outbox import services as outbox
from krak.core.transactions import transaction
from tests.faults.leaks import card_numbers, found_in, logs, tables


@pytest.mark.parametrize(
    "number", ["4242424242424242", "5555555555554444", "378282246310005", "6011111111111117"]
)
def test_a_card_number_is_found_and_not_repeated(number: str) -> None:
    assert card_numbers(f"pan={number};") == [f"…{number[-4:]}"]


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # Luhn's check fails
        "1764422330123",  # milliseconds since 1970
        "4242424242424242.0000000000",  # an amount
        "a4242424242424242",  # a part of an id
    ],
)
def test_other_numbers_are_not(text: str) -> None:
    assert card_numbers(text) == []


@pytest.mark.django_db
def test_what_lies_in_a_table_or_a_log_is_found(tmp_path: Path) -> None:
    with transaction():
        outbox.promise("faults.leak", {"pan": "4242424242424242", "token": "so-secret-a-word"})
    (tmp_path / "up.log").write_text("Authorization: so-secret-a-word")
    connection.ensure_connection()

    found = found_in(
        [*tables(connection.connection), *logs(tmp_path)], ["so-secret-a-word", "another-word"]
    )

    assert found == [
        "a card number (…4242) is in table outbox_outboxmessage",
        "a secret of the run is in table outbox_outboxmessage",
        "a secret of the run is in up.log",
    ]
