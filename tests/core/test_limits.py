"""No statement of ours waits for ever."""

import pytest
from django.db import connection


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("deadlock_timeout", "200ms"),
        ("lock_timeout", "500ms"),
        ("statement_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ],
)
def test_every_connection_has_its_limits(limit: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {limit}")

        assert cursor.fetchone() == (value,)
