"""Rows that are inserted together arrive as they are."""

from datetime import timedelta

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from krak.core import clock
from krak.core.ids import uuid7
from krak.core.outbox.models import OutboxMessage
from krak.core.rows import insert_rows

PAYLOAD = {"text": 'n\u00e4h "\\ %s', "none": None, "list": [1, 2.5, {"a": True}]}


@pytest.mark.django_db
def test_rows_are_inserted_by_one_statement_and_the_database_gives_what_was_left_to_it() -> None:
    due_at = clock.now() + timedelta(microseconds=1)
    rows = [
        OutboxMessage(id=uuid7(), topic=f"test.{n}", payload=PAYLOAD | {"n": n}, due_at=due_at)
        for n in range(3)
    ]

    with CaptureQueriesContext(connection) as queries:
        insert_rows(rows)

    assert len(queries) == 1
    found = list(OutboxMessage.objects.filter(id__in=[row.id for row in rows]).order_by("id"))
    assert [(row.id, row.topic, row.payload, row.due_at) for row in found] == [
        (row.id, f"test.{n}", PAYLOAD | {"n": n}, due_at) for n, row in enumerate(rows)
    ]
    given = {(row.created_at is None, row.last_error, row.done_at) for row in found}
    assert given == {(False, "", None)}


@pytest.mark.django_db
def test_what_does_not_fit_is_refused_and_not_cut() -> None:
    with pytest.raises(DataError), transaction.atomic():
        insert_rows([OutboxMessage(id=uuid7(), topic="x" * 81, payload={})])
    with pytest.raises(TypeError, match="object"):
        insert_rows([OutboxMessage(id=uuid7(), topic="test", payload={"what": object()})])
    assert not OutboxMessage.objects.exists()


def test_nothing_is_asked_for_no_rows() -> None:
    insert_rows([])
