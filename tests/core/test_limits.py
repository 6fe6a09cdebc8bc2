"""No statement of ours waits for ever."""

from datetime import timedelta

import pytest
from django.db import connection

from krak.core.transactions import let_statements_last, transaction
from tests.people import new_customer


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


@pytest.mark.django_db
def test_a_transaction_that_may_take_longer_may_so_where_its_rows_are() -> None:
    known = new_customer()

    with transaction(), connection.cursor() as cursor:
        let_statements_last(timedelta(seconds=20))
        cursor.execute(
            "SELECT current_setting('statement_timeout'),"
            " current_setting('idle_in_transaction_session_timeout')"
            " FROM customers_customer WHERE id = %s",
            [known.customer.id],
        )

        assert cursor.fetchone() == ("20s", "20s")
