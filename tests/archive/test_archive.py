"""Rows that may be asked for later go to files first: nothing is lost, nothing happens twice."""

import gzip
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.db import transaction as django_transaction
from django.test import Client

from cards.clearing.models import CardTransaction
from fx.prices.models import BoardCopy
from holdings.ledger import queries as ledger
from krak.cases.models import Case
from krak.core import clock
from krak.core.archive import files as stored
from krak.core.archive import services
from krak.core.archive.lines import line_of
from krak.core.archive.models import Archive
from krak.core.archive.queries import overdue
from krak.core.archive.registry import archives, kinds
from krak.core.ids import uuid7
from krak.core.inbox import services as inbox
from krak.core.inbox.models import InboxEvent, PastEvent
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.core.outbox.registry import NotYet
from krak.core.schedule.models import Run
from krak.core.transactions import transaction
from krak.runtime import tasks
from tests.archive.rows import DAY, INBOX, LONG_AFTER, MORNING, event, files, made_at, move, names
from tests.cards.scenarios import Play, scenario
from tests.races import in_a_thread, other_session, wait_for_blocked

__all__ = ["other_session"]

NEXT_DAY = MORNING + timedelta(days=1)


@pytest.mark.django_db
def test_events_of_a_day_are_in_one_file_and_no_more_in_their_table(folder: Path) -> None:
    event("one"), event("two"), event("of the day after", at=NEXT_DAY)

    first, second = move()

    assert names() == set()
    assert (first.day, first.rows, second.day, second.rows) == (DAY, 2, NEXT_DAY.date(), 1)
    assert files(folder) == {first.name, second.name}
    assert first.name.startswith("inbox/2020/01/05-")
    with gzip.open(folder / first.name) as lines:
        assert {json.loads(line)["event_id"] for line in lines} == {"one", "two"}


@pytest.mark.django_db
def test_what_waits_and_what_is_young_stays(folder: Path) -> None:
    event("applied")
    event("not applied", processed_at=None)
    event("waits for its purchase", processed_at=None, waits_for="auth_1")
    event("applied late", processed_at=LONG_AFTER - timedelta(days=89))
    event("of a day that is not over", at=LONG_AFTER - timedelta(days=90, hours=9))

    made = move()

    assert [each.rows for each in made] == [1]
    assert names() == {
        "not applied", "waits for its purchase", "applied late", "of a day that is not over",
    }  # fmt: skip


@pytest.mark.django_db
def test_what_comes_back_is_what_left_to_the_microsecond() -> None:
    event("plain")
    event("odd", body='{"text": "Zoë\u2028\\u0000 \\"quoted\\"\\n"}', type="t.\u00e9")
    before = list(InboxEvent.objects.filter(provider="test").order_by("id").values())
    (archive,) = move()
    assert names() == set()

    assert services.restore(archive, until=LONG_AFTER + timedelta(days=1)) == 2

    assert list(InboxEvent.objects.filter(provider="test").order_by("id").values()) == before


@pytest.mark.django_db
def test_restored_rows_stay_their_time_and_go_again_without_another_file(folder: Path) -> None:
    event("asked for")
    (archive,) = move()
    services.restore(archive, until=LONG_AFTER + timedelta(days=30))
    archive.refresh_from_db()

    assert move(now=LONG_AFTER + timedelta(days=29)) == []
    assert names() == {"asked for"}
    assert services.restore(archive, until=LONG_AFTER + timedelta(days=60)) == 1
    assert move(now=LONG_AFTER + timedelta(days=59)) == []
    assert names() == {"asked for"}

    assert move(now=LONG_AFTER + timedelta(days=60)) == []
    assert names() == set()
    assert files(folder) == {archive.name}


@pytest.mark.django_db
def test_what_has_not_left_is_not_restored() -> None:
    event("there")
    archive = services.write(INBOX, DAY, now=LONG_AFTER)
    assert archive is not None

    with pytest.raises(services.StillThere):
        services.restore(archive, until=LONG_AFTER)


@pytest.mark.django_db
def test_rows_that_could_not_go_with_their_day_get_a_file_of_their_own(folder: Path) -> None:
    event("applied")
    late = event("late", processed_at=None)
    (first,) = move()
    InboxEvent.objects.filter(id=late.id).update(processed_at=MORNING)

    (second,) = move()

    assert (second.day, second.rows) == (first.day, 1)
    assert names() == set()
    assert files(folder) == {first.name, second.name}


@pytest.mark.django_db
def test_a_long_day_is_several_files(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(services, "READ_AT_ONCE", 2)
    monkeypatch.setattr(services, "MOST_ROWS", 4)
    for number in range(9):
        event(f"{number}")

    made = move()

    assert [each.rows for each in made] == [4, 4, 1]
    assert names() == set()
    assert len(files(folder)) == 3


# What comes again ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_event_that_comes_again_when_it_lies_in_the_archive_is_known() -> None:
    event("evt_1", provider="stripe")
    move()
    OutboxMessage.objects.all().delete()

    again = inbox.receive(provider="stripe", event_id="evt_1", kind="t", body="{}")

    assert again is None
    assert not InboxEvent.objects.filter(event_id="evt_1").exists()
    assert not OutboxMessage.objects.exists()
    # The same name of another provider is another event.
    assert inbox.receive(provider="bank", event_id="evt_1", kind="t", body="{}") is not None
    PastEvent.objects.all().delete()
    assert inbox.receive(provider="stripe", event_id="evt_1", kind="t", body="{}") is not None


@pytest.mark.django_db
@pytest.mark.parametrize("remembered", [True, False])
def test_a_capture_that_comes_again_after_the_purge_moves_no_money(
    client: Client, pinned: Any, remembered: bool
) -> None:
    play = Play(scenario("A01"), client, pinned)
    play.request(1000)
    play.capture(1000, transaction="t1")
    told = InboxEvent.objects.get(
        type="issuing_transaction.created", body__contains=play.door.id("t1")
    )
    move(now=clock.now() + timedelta(days=100))
    assert not InboxEvent.objects.filter(processed_at__isnull=False).exists()
    entries = ledger.entry_count()
    if not remembered:
        PastEvent.objects.all().delete()

    assert play.door.send_body("events", json.loads(told.body)).status_code == 200
    play.drain()

    # Without the key the event is applied again, and finds its transaction there.
    assert InboxEvent.objects.filter(type="issuing_transaction.created").exists() is not remembered
    assert CardTransaction.objects.filter(customer=play.customer).count() == 1
    assert ledger.entry_count() == entries
    assert ledger.breaks() == []


@pytest.mark.django_db
def test_an_event_that_comes_first_after_the_purge_of_what_it_is_about_is_applied(
    client: Client, pinned: Any
) -> None:
    play = Play(scenario("A01"), client, pinned)
    play.request(1000)
    play.authorization(1000, kind="created")
    move(now=clock.now() + timedelta(days=100))

    play.capture(1000, transaction="t1")

    (captured,) = CardTransaction.objects.filter(customer=play.customer)
    assert captured.amount == 10
    assert ledger.balances(customer_id=play.customer.id)["USD"].held == 0


@pytest.mark.usefixtures("committed")
def test_an_event_that_comes_again_while_it_goes_waits_and_is_known(
    other_session: psycopg.Connection[Any],
) -> None:
    name = f"evt_{uuid7()}"
    row = event(name)
    going = "INSERT INTO inbox_pastevent VALUES (%s)"
    other_session.execute(going, [inbox._key_of("test", name)])
    other_session.execute("DELETE FROM inbox_inboxevent WHERE id = %s", [row.id])

    def again() -> Any:
        return in_a_thread(
            lambda: inbox.receive(provider="test", event_id=name, kind="t", body="{}")
        )

    with ThreadPoolExecutor() as pool:
        received = pool.submit(again)
        wait_for_blocked(other_session)
        other_session.commit()

    assert received.result() is None
    assert not InboxEvent.objects.filter(event_id=name).exists()


# The clock ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_clock_moves_what_is_old_once_an_hour_and_says_how_much(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    long_ago = clock.now() - timedelta(days=200)
    event("one", at=long_ago), event("two", at=long_ago)
    caplog.set_level("INFO", "krak.runtime.tasks")

    tasks.archive()

    (archive,) = Archive.objects.filter(kind="inbox", day=long_ago.date())
    said = f"archive: 2 rows of inbox of {long_ago:%Y-%m-%d} are in {archive.name}"
    assert said in [record.getMessage() for record in caplog.records]
    assert names() == set()
    event("three", at=long_ago)
    tasks.archive()
    assert names() == {"three"}, "it was done in this hour"


@pytest.mark.django_db
def test_a_damaged_file_is_a_case_and_other_days_go_on(folder: Path) -> None:
    long_ago = clock.now() - timedelta(days=200)
    event("damaged", at=long_ago)
    archive = services.write(INBOX, long_ago.date(), now=clock.now())
    assert archive is not None
    (folder / archive.name).unlink()
    event("whole", at=long_ago + timedelta(days=1))

    tasks.archive()
    Run.objects.all().delete()
    tasks.archive()

    assert names() == {"damaged"}
    case = Case.objects.get(kind="archive_damaged")
    assert case.subject == archive.name


@pytest.mark.django_db
def test_without_a_storage_nothing_goes_and_it_shows(settings: Any, client: Client) -> None:
    settings.STORAGES = {
        name: each for name, each in settings.STORAGES.items() if name != "archive"
    }
    event("one", at=clock.now() - timedelta(days=200))

    tasks.archive()

    assert names() == {"one"}
    assert overdue(INBOX, now=clock.now()) > timedelta(days=108)
    (shown,) = [
        line for line in client.get("/metrics").content.decode().splitlines()
        if line.startswith('krak_archive_overdue_seconds{kind="inbox"}')
    ]  # fmt: skip
    assert float(shown.split()[1]) > 108 * 86_400


@pytest.mark.django_db
def test_what_may_go_in_time_is_not_overdue() -> None:
    event("of a day that is not over", at=LONG_AFTER - timedelta(days=90, hours=9))

    assert overdue(INBOX, now=LONG_AFTER) == timedelta(0)


def test_every_kind_says_how_long_it_is_kept_and_is_named_once(settings: Any) -> None:
    assert {kind.name for kind in kinds()} == {"inbox", "boards"}
    assert {kind.name for kind in kinds()} <= set(settings.KEEP_DAYS)
    with pytest.raises(ValueError, match="named twice"):
        archives("inbox", model=BoardCopy, may_go=INBOX.may_go, let_go=INBOX.let_go)


# Boards -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_boards_of_past_days_are_archived_and_the_newest_of_all_stays(folder: Path) -> None:
    BoardCopy.objects.all().delete()
    for number, at in enumerate((MORNING, MORNING + timedelta(minutes=1), NEXT_DAY)):
        BoardCopy.objects.create(id=made_at(at), version=number + 1, built_at=at, body=f"{number}")
    before = list(BoardCopy.objects.order_by("version").values())

    made = move("boards")

    assert [(each.day, each.rows) for each in made] == [(DAY, 2)]
    assert list(BoardCopy.objects.values_list("version", flat=True)) == [3]
    services.restore(made[0], until=LONG_AFTER)
    assert list(BoardCopy.objects.order_by("version").values()) == before


# Being forgotten, and the end ---------------------------------------------------------------------


@pytest.mark.django_db
def test_what_names_somebody_goes_from_the_files_too(folder: Path) -> None:
    event("of Zoe", body='{"name": "Zoe Quill"}')
    event("of others", body='{"name": "Ada"}')
    (archive,) = move()
    event("of others only", at=NEXT_DAY)
    (other,) = move()

    with transaction():
        inbox.empty(["zoe quill"], since=MORNING)
    left = files(folder)

    assert len(left) == 2
    assert other.name in left
    assert archive.name not in left, "what it was rewritten from is gone"
    archive.refresh_from_db()
    assert archive.name in left
    with stored.opened(archive.name, sha256=bytes(archive.sha256 or b"")) as lines:
        bodies = {json.loads(line)["event_id"]: json.loads(line)["body"] for line in lines}
    assert bodies == {"of Zoe": '{"erased": true}', "of others": '{"name": "Ada"}'}
    assert services.restore(archive, until=LONG_AFTER) == 2
    assert not OutboxMessage.objects.filter(dead_at__isnull=False).exists()


@pytest.mark.django_db
def test_a_file_that_is_being_written_is_emptied_when_it_is_whole(folder: Path) -> None:
    event("of Zoe", body='{"name": "Zoe Quill"}')
    begun = services._begin(INBOX, DAY, now=LONG_AFTER)
    read = list(map(line_of, services._read(INBOX, DAY, now=LONG_AFTER)))
    with transaction():
        inbox.empty(["Zoe Quill"], since=MORNING)
    outbox.drain(now=clock.now())
    (waiting,) = OutboxMessage.objects.filter(topic="inbox.empty_archive", done_at=None)
    assert waiting.last_error.startswith("NotYet")

    archive = services._filled(begun, read, now=LONG_AFTER)
    outbox.deliver([waiting.id], now=clock.now())

    assert archive is not None
    archive.refresh_from_db()
    assert b"Quill" not in gzip.decompress((folder / archive.name).read_bytes())


@pytest.mark.django_db
def test_a_file_that_is_rewritten_twice_at_once_is_not_half_changed(folder: Path) -> None:
    event("one")
    (archive,) = move()

    def meanwhile(row: dict[str, Any]) -> dict[str, Any]:
        if "inner" not in row["body"]:
            services.rewrite(archive.id, lambda each: each | {"body": "inner"}, now=LONG_AFTER)
        return row | {"body": "outer"}

    with pytest.raises(NotYet):
        services.rewrite(archive.id, meanwhile, now=LONG_AFTER)

    archive.refresh_from_db()
    with stored.opened(archive.name, sha256=bytes(archive.sha256 or b"")) as lines:
        assert [json.loads(line)["body"] for line in lines] == ["inner"]


@pytest.mark.django_db
def test_archives_are_forgotten_when_the_law_has_let_go_of_them(folder: Path) -> None:
    event("one")
    (archive,) = move()
    end = MORNING + timedelta(days=2557)

    assert services.forget(now=end) == 0
    assert files(folder) == {archive.name}
    assert services.forget(now=end + timedelta(days=1)) == 1

    assert files(folder) == set()
    assert not Archive.objects.exists()
    assert services.rewrite(archive.id, dict, now=end) is False


# Staff --------------------------------------------------------------------------------------------


def said(*words: str) -> str:
    out = io.StringIO()
    call_command("archives", *words, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_lists_verifies_and_restores(folder: Path) -> None:
    event("one"), event("two", at=NEXT_DAY)
    first, second = move()

    assert [first.name in said(), second.name in said()] == [True, True]
    assert said("verify", "--kind", "inbox").count("is what was written") == 2
    assert "restored until" in said("restore", "--kind=inbox", "--day=2020-01-05", "--for-days=5")
    assert names() == {"one"}
    (folder / second.name).write_bytes(b"")
    with pytest.raises(CommandError, match="1 files are damaged"):
        said("verify")
    with pytest.raises(CommandError, match="no such archive"):
        said("verify", "--day", "2019-01-01")
    with pytest.raises(CommandError, match="Say --kind and --day"):
        said("restore")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        "written_at = NULL",
        "rows = NULL",
        "rows = 0",
        "sha256 = NULL",
        "restored_until = now()",
    ],
)
def test_the_database_refuses_what_would_lose_rows(change: str) -> None:
    event("one")
    move()

    with pytest.raises(IntegrityError), django_transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE archive_archive SET {change}")
