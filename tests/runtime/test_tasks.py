"""What the clock asks for."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from krak.core import clock
from krak.core.outbox.models import OutboxMessage
from krak.core.schedule.models import Run
from krak.runtime import tasks
from tests.cards.scenarios import Play, scenario

pytestmark = pytest.mark.django_db


def test_books_that_hold_say_nothing_and_one_that_does_not_is_an_alarm(
    client: Client, pinned: Any, caplog: pytest.LogCaptureFixture
) -> None:
    play = Play(scenario("A04"), client, pinned)
    play.run()
    caplog.set_level(logging.ERROR, "krak.runtime.tasks")
    tasks.prove_books()
    assert not caplog.records

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE ledger_ledgeraccount SET posted = posted + 1 WHERE customer_id = %s"
            " AND currency = 'USD'",
            [play.customer.id],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    tasks.prove_books()
    assert not caplog.records, "they were proved in this hour"
    Run.objects.all().delete()
    tasks.prove_books()

    assert [record.getMessage() for record in caplog.records] == [
        f"books: posted of {play.customer.id}: USD"
    ]


def test_done_messages_are_dropped_after_their_time_and_others_kept() -> None:
    long_ago = clock.now() - timedelta(days=8)
    old, fresh, pending = (
        OutboxMessage.objects.create(topic="test", payload={}, done_at=done_at)
        for done_at in (long_ago, clock.now(), None)
    )

    tasks.purge()

    left = set(OutboxMessage.objects.filter(topic="test").values_list("id", flat=True))
    assert left == {fresh.id, pending.id}
    assert old.id not in left
