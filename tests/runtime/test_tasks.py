"""What the clock asks for."""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from holdings.ledger import queries as ledger
from holdings.ledger.models import Book
from holdings.ledger.queries import proofs
from holdings.lots.models import Lot
from krak.cases.models import Case
from krak.core import clock, retention
from krak.core.ids import first_at
from krak.core.outbox.models import OutboxMessage
from krak.core.schedule.models import Run
from krak.notifications.models import Notification
from krak.runtime import tasks
from tests.cards.scenarios import Play, scenario
from tests.commits import as_at_a_commit
from tests.people import new_customer

pytestmark = pytest.mark.django_db


def test_books_that_hold_say_nothing_and_one_that_does_not_is_an_alarm(
    client: Client, pinned: Any, caplog: pytest.LogCaptureFixture
) -> None:
    play = Play(scenario("A04"), client, pinned)
    play.run()
    as_at_a_commit()
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


def test_books_are_proved_a_piece_a_tick_until_all_are(
    pinned: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pinned()
    known = [new_customer(cash="1") for _ in range(3)]
    as_at_a_commit()
    monkeypatch.setattr(tasks, "PIECE_SECONDS", 0.0)
    monkeypatch.setattr(proofs, "BOOKS_AT_ONCE", 1)
    last = max(each.customer.id for each in known)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ledger_book SET entries = 9 WHERE customer_id = %s", [last])
        cursor.execute("SET LOCAL session_replication_role = origin")
    caplog.set_level(logging.ERROR, "krak.runtime.tasks")

    bookmarks = []
    while not Run.objects.exclude(finished_at=None).exists():
        tasks.prove_books()
        bookmarks.append(Run.objects.get(job=tasks.PROOF_OF_BOOKS).bookmark)

    ids = Book.objects.order_by("pk").values_list("pk", flat=True)
    assert bookmarks == [*map(str, ids), str(last)]
    assert [line for line in caplog.messages if "chain head" in line] == [
        f"books: chain head of {last}: 9"
    ]
    case = Case.objects.get(kind="books_broken")
    assert (case.subject, case.customer_id) == ("chain head 9", last)


def test_lots_that_are_not_what_is_posted_are_a_case(pinned: Any) -> None:
    pinned({"BTC": "50000"})
    known = new_customer(cash="1", holdings={"BTC": "0.5"})
    as_at_a_commit()
    tasks.prove_books()
    assert not Case.objects.filter(kind="books_broken").exists()

    Lot.objects.filter(customer=known.customer).update(remaining="0.4")
    Run.objects.all().delete()
    tasks.prove_books()

    case = Case.objects.get(kind="books_broken")
    assert (case.subject, case.customer_id) == ("lots BTC", known.customer.id)


def test_a_part_of_the_books_is_as_long_as_one_statement_may_take(
    pinned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned()
    made = sorted(new_customer(cash="1").customer.id for _ in range(3))
    books = list(Book.objects.order_by("pk").values_list("pk", "entries"))
    monkeypatch.setattr(proofs, "ENTRIES_AT_ONCE", sum(entries for _, entries in books[:-1]))

    found, last = ledger.breaks_after(None)
    assert (found, last) == ([], made[-2])
    assert ledger.breaks_after(last) == ([], None)


def _made_at(moment: datetime) -> UUID:
    return UUID(int=first_at(moment).int | uuid4().int & 0xFFFF_FFFF)


def test_done_messages_are_dropped_after_their_time_and_others_kept() -> None:
    now = clock.now()
    long_ago = now - timedelta(days=8)
    _old, late, fresh, pending = (
        OutboxMessage.objects.create(id=_made_at(made), topic="test", payload={}, done_at=done_at)
        for made, done_at in (
            (long_ago, long_ago), (long_ago, now), (now, now), (long_ago, None),
        )
    )  # fmt: skip

    tasks.purge()

    left = set(OutboxMessage.objects.filter(topic="test").values_list("id", flat=True))
    assert left == {late.id, fresh.id, pending.id}


def test_notices_of_long_ago_are_dropped(client: Client, pinned: Any) -> None:
    play = Play(scenario("A04"), client, pinned)
    now = clock.now()
    Notification.objects.all().delete()
    old, young = (
        Notification.objects.create(
            id=_made_at(made), customer_id=play.customer.id, kind="k", facts={}, created_at=made
        )
        for made in (now - timedelta(days=731), now - timedelta(days=729))
    )

    tasks.purge()

    left = set(Notification.objects.values_list("id", flat=True))
    assert old.id not in left
    assert young.id in left


def test_more_than_a_batch_is_dropped_in_batches(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "krak.runtime.tasks")
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    monkeypatch.setattr(tasks, "AT_ONCE", 2)
    long_ago = clock.now() - timedelta(days=8)
    OutboxMessage.objects.bulk_create(
        OutboxMessage(id=_made_at(long_ago), topic="test", payload={}, done_at=long_ago)
        for _ in range(5)
    )

    with CaptureQueriesContext(connection) as asked:
        tasks.purge()

    deletes = [q for q in asked if q["sql"].startswith('DELETE FROM "outbox_outboxmessage"')]
    assert len(deletes) == 3
    assert not OutboxMessage.objects.filter(topic="test").exists()
    said = [record.getMessage() for record in caplog.records]
    assert "purge: 5 rows of krak.core.outbox.services" in said


def test_old_messages_are_found_by_the_primary_key() -> None:
    since = clock.now() - timedelta(days=7)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    plan = (
        OutboxMessage.objects.filter(done_at__lt=since, id__lt=first_at(since))
        .order_by("id")[:10]
        .explain()
    )

    assert "Index Scan using outbox_outboxmessage_pkey" in plan
    assert "Sort" not in plan
