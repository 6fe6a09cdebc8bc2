"""Files made by the worker: asked for once, in batches, and through a kill."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from django.db.utils import IntegrityError

from holdings.statements import exports as batches
from holdings.statements.rules import Month
from krak.core import clock, csv_files
from krak.core.ids import show, uuid7
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.exports import services
from krak.exports.models import Export, ExportFile, ExportPart
from krak.notifications.models import Notification
from tests.people import Known, new_customer
from tests.races import other_session, wait_for_blocked
from tests.statements.books import buy, move, sell

__all__ = ["other_session"]
pytestmark = pytest.mark.usefixtures("committed")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def known(pinned: Any) -> Known:
    pinned()
    return new_customer(cash="100")


def ask(known: Known, **asked: Any) -> dict[str, Any]:
    response = known.send("/v1/exports", asked)
    assert response.status_code == 202, response.content
    body: dict[str, Any] = response.json()
    return body


def made(known: Known, **asked: Any) -> tuple[dict[str, Any], bytes]:
    """Ask for an export, let the worker make it, and return what is said of it and the file."""
    asked_for = ask(known, **asked)
    outbox.drain(now=clock.now())
    body = known.get(f"/v1/exports/{asked_for['id']}").json()
    assert body["state"] == "ready", body
    return body, known.get(body["file"]["path"]).content


def table(content: bytes) -> list[dict[str, str]]:
    head, *rows = csv_files.parse(content)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_an_export_waits_is_made_and_is_fetched(known: Known) -> None:
    asked = ask(known, kind="activity")
    assert (asked["state"], asked["file"]) == ("waiting", None)
    assert asked["progress"] == {"rows_done": 0, "rows_total": None}
    refused = known.get(f"/v1/exports/{asked['id']}/file")
    assert (refused.status_code, refused.json()["code"]) == (409, "exports.not_ready")

    outbox.drain(now=clock.now())

    body = known.get(f"/v1/exports/{asked['id']}").json()
    assert (body["state"], body["progress"]) == ("ready", {"rows_done": 1, "rows_total": 1})
    response = known.get(body["file"]["path"])
    assert response.headers["Content-Disposition"] == 'attachment; filename="krak-activity.csv"'
    assert response.headers["Cache-Control"] == "private, no-store"
    assert len(response.content) == body["file"]["size"]
    (row,) = table(response.content)
    assert (row["kind"], row["amount"], row["currency"]) == ("deposit", "100", "USD")
    told = Notification.objects.get(customer=known.customer, kind="export.ready")
    assert told.facts == {"export": body["id"], "kind": "activity"}
    assert not ExportPart.objects.filter(export__customer=known.customer).exists()


def test_a_long_export_is_made_in_batches_without_gap_or_double(known: Known) -> None:
    now = clock.now()
    for number in range(batches.BATCH + 3):
        move(known.customer, "1", at=now + timedelta(milliseconds=number))

    body, content = made(known, kind="activity")

    rows = table(content)
    assert len(rows) == len({row["id"] for row in rows}) == batches.BATCH + 4
    assert body["progress"] == {"rows_done": len(rows), "rows_total": len(rows)}
    assert Export.objects.get(customer=known.customer).steps == 3


def test_a_tax_report_has_a_row_per_lot_of_its_year(known: Known) -> None:
    def day(year: int, month: int) -> datetime:
        return datetime(year, month, 1, tzinfo=UTC)

    buy(known.customer, "1", "ETH", cost="1000", at=day(2024, 2))
    buy(known.customer, "1", "ETH", cost="3000", at=day(2025, 1))
    sell(known.customer, "1.5", "ETH", proceeds="4500", at=day(2025, 3))
    sell(known.customer, "0.5", "ETH", proceeds="1000", at=day(2026, 1))

    _body, content = made(known, kind="tax_report", year=2025)

    rows = table(content)
    wanted = ("asset", "units", "days_held", "proceeds", "cost_basis", "gain")
    assert [{name: row[name] for name in wanted} for row in rows] == [
        {
            "asset": "ETH", "units": "1", "days_held": "394", "proceeds": "3000",
            "cost_basis": "1000", "gain": "2000",
        },
        {
            "asset": "ETH", "units": "0.5", "days_held": "59", "proceeds": "1500",
            "cost_basis": "1500", "gain": "0",
        },
    ]  # fmt: skip
    assert {row["currency"] for row in rows} == {"USD"}


def last_month() -> str:
    return str(Month.of(clock.now()).previous)


@pytest.mark.parametrize(
    ("asked_for", "begins"), [("pdf", b"%PDF-"), ("csv", b"\xef\xbb\xbfrow,month,currency")]
)
def test_a_statement_is_issued_when_it_is_asked_for(
    pinned: Any, asked_for: str, begins: bytes
) -> None:
    pinned()
    ada = new_customer()
    move(ada.customer, "5", at=clock.now() - timedelta(days=40))

    body, content = made(ada, kind="statement", month=last_month(), format=asked_for)

    assert content.startswith(begins)
    assert body["file"]["name"] == f"krak-statement-{last_month()}.{asked_for}"
    issued = ada.get("/v1/statements").json()["results"]
    assert issued[0]["month"] == last_month()
    told = Notification.objects.filter(customer=ada.customer, kind="statement.ready")
    assert told.count() == len(issued)


def test_a_statement_of_a_month_before_anything_fails_with_a_code(known: Known) -> None:
    refused = ask(known, kind="statement", month=last_month())
    outbox.drain(now=clock.now())

    body = known.get(f"/v1/exports/{refused['id']}").json()
    assert (body["state"], body["failure"], body["file"]) == (
        "failed", "statements.nothing_then", None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "weather"}, "kind"), ({"kind": "statement"}, "month"),
        ({"kind": "tax_report"}, "year"), ({"kind": "activity", "year": 2025}, "year"),
        ({"kind": "statement", "month": "2026-13"}, "month"),
        ({"kind": "statement", "month": "2026-10", "format": "doc"}, "format"),
        ({"kind": "activity", "to": "x"}, "to"), ({"kind": "tax_report", "year": 10**30}, "year"),
    ],
)  # fmt: skip
def test_what_no_export_takes_is_named(known: Known, asked: dict[str, Any], field: str) -> None:
    response = known.send("/v1/exports", asked)

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_a_repeat_of_the_request_is_one_export(known: Known) -> None:
    first = known.send("/v1/exports", {"kind": "activity"}, key="once")
    again = known.send("/v1/exports", {"kind": "activity"}, key="once")

    assert first.json() == again.json()
    assert Export.objects.filter(customer=known.customer).count() == 1


def test_so_many_at_once_and_no_more(known: Known) -> None:
    for _ in range(services.MOST_AT_ONCE):
        ask(known, kind="activity")

    refused = known.send("/v1/exports", {"kind": "activity"})

    assert (refused.status_code, refused.json()["code"]) == (409, "exports.too_many")
    outbox.drain(now=clock.now())


def test_others_exports_are_not_there(known: Known) -> None:
    body, _content = made(known, kind="activity")
    eve = new_customer()

    assert eve.get("/v1/exports").json()["results"] == []
    for path in (body["id"], f"{body['id']}/file", show("exp", uuid7()), "exp_x"):
        refused = eve.get(f"/v1/exports/{path}")
        assert (refused.status_code, refused.json()["code"]) == (404, "exports.not_found")


def test_a_file_goes_when_its_time_is_over(known: Known) -> None:
    body, _content = made(known, kind="activity")
    export = Export.objects.get(customer=known.customer)
    with transaction():
        services.purge(now=clock.now() + services.KEPT_FOR + timedelta(seconds=1))

    assert not ExportFile.objects.filter(export=export).exists()
    Export.objects.filter(id=export.id).update(expires_at=clock.now())
    gone = known.get(f"/v1/exports/{body['id']}/file")
    assert (gone.status_code, gone.json()["code"]) == (404, "exports.expired")
    assert known.get(f"/v1/exports/{body['id']}").json()["state"] == "expired"


def test_what_never_became_a_file_is_given_up(known: Known) -> None:
    asked = ask(known, kind="activity")
    with transaction():
        services.purge(now=clock.now() + timedelta(days=1, seconds=1))

    body = known.get(f"/v1/exports/{asked['id']}").json()
    assert (body["state"], body["failure"]) == ("failed", "exports.given_up")
    outbox.drain(now=clock.now())
    assert known.get(f"/v1/exports/{asked['id']}").json()["state"] == "failed"


def test_a_batch_that_is_delivered_twice_is_done_once(known: Known) -> None:
    asked = ask(known, kind="activity")
    export = Export.objects.get(customer=known.customer)
    now = clock.now()
    for number in (0, 0, 1, 1, 1, 2, 2):
        services.step(export_id=export.id, number=number, now=now)

    body = known.get(f"/v1/exports/{asked['id']}").json()
    assert (body["state"], body["progress"]["rows_done"]) == ("ready", 1)
    outbox.drain(now=now)
    assert Notification.objects.filter(customer=known.customer, kind="export.ready").count() == 1


def test_a_worker_killed_in_a_batch_loses_nothing_and_doubles_nothing(
    known: Known, other_session: psycopg.Connection[Any]
) -> None:
    now = clock.now()
    for number in range(batches.BATCH + 1):
        move(known.customer, "1", at=now + timedelta(milliseconds=number))
    asked = ask(known, kind="activity")
    export = Export.objects.get(customer=known.customer)
    services.step(export_id=export.id, number=0, now=now)
    services.step(export_id=export.id, number=1, now=now)
    message = OutboxMessage.objects.get(
        topic="exports.step", payload={"export": str(export.id), "number": 2}
    )
    # A worker has read its batch and waits to keep it: there it dies.
    other_session.execute("SELECT FROM exports_export WHERE id = %s FOR UPDATE", [export.id])
    worker = _deliver_elsewhere(message.id)
    wait_for_blocked(other_session)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    other_session.rollback()
    OutboxMessage.objects.filter(id=message.id).update(running_until=now, due_at=now)

    outbox.drain(now=clock.now())

    body = known.get(f"/v1/exports/{asked['id']}").json()
    rows = table(known.get(body["file"]["path"]).content)
    assert len(rows) == len({row["id"] for row in rows}) == batches.BATCH + 2


def _deliver_elsewhere(message: Any) -> subprocess.Popen[bytes]:
    url = urlsplit(os.environ["DATABASE_URL"])
    database = url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    program = (
        "import django; django.setup()\n"
        "from uuid import UUID\n"
        "from django.db import connection\n"
        "from krak.core import clock\n"
        "from krak.core.outbox import services\n"
        "connection.settings_dict['OPTIONS'].pop('options', None)\n"
        "print('here', flush=True)\n"
        f"services.deliver([UUID('{message}')], now=clock.now())\n"
    )
    environment = os.environ | {
        "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "krak.settings",
    }  # fmt: skip
    worker = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, stdout=subprocess.PIPE
    )
    # However long a busy machine takes to start it.
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"here\n"
    return worker


def test_the_database_refuses_a_finished_export_without_a_file(known: Known) -> None:
    with pytest.raises(IntegrityError, match="a_finished_export_has_a_file"):
        Export.objects.create(
            customer=known.customer, kind="activity", created_at=clock.now(),
            finished_at=clock.now(),
        )  # fmt: skip
    with pytest.raises(IntegrityError, match="no_more_rows_are_done_than_there_are"):
        Export.objects.create(
            customer=known.customer, kind="activity", created_at=clock.now(), rows_done=2,
            rows_total=1,
        )  # fmt: skip
