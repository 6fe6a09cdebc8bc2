"""The role that web and worker have can do all that they do, and rewrite nothing."""

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db import transaction as django_transaction
from django.test import Client

from fx.candles import services as candles
from holdings.ledger import queries as ledger
from holdings.ledger.models import JournalEntry
from krak.cases.models import Case
from krak.core import clock
from tests import schema
from tests.cards.scenarios import Play, scenario
from tests.commits import as_at_a_commit

pytestmark = pytest.mark.django_db

HISTORY = (
    "ledger_journalentry", "ledger_posting", "lots_disposal", "authorizations_decision",
    "audit_link",
)  # fmt: skip


@pytest.fixture
def as_application() -> Iterator[None]:
    """Let the rest of the test be done by a role that owns nothing."""
    # All databases of a server share its roles, and with them the processes of a run of tests.
    role = f"{connection.settings_dict['NAME']}_application"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role}")
        call_command("application_role", role, stdout=io.StringIO())
        cursor.execute(f"SET LOCAL ROLE {role}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def _try(statement: str) -> None:
    with django_transaction.atomic():
        schema.change(statement)


@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET {} = NULL", "DELETE FROM {}", "TRUNCATE {} CASCADE",
        "ALTER TABLE {} DISABLE TRIGGER ALL", "DROP TABLE {} CASCADE",
    ],
)  # fmt: skip
def test_history_is_not_the_applications_to_change(
    as_application: None, table: str, statement: str
) -> None:
    column = "hash" if table == "audit_link" else "customer_id"
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"):
        _try(statement.format(table, column))


@pytest.mark.parametrize(
    "statement",
    ["SET session_replication_role = replica", "TRUNCATE audit_rowchange",
     "DELETE FROM audit_rowchange", "ALTER TABLE audit_rowchange DISABLE TRIGGER ALL",
     "ALTER TABLE ledger_ledgeraccount DROP CONSTRAINT nobody_is_overdrawn_but_by_a_forced_event"],
)  # fmt: skip
def test_what_guards_history_is_not_the_applications_to_switch_off(
    as_application: None, statement: str
) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"):
        _try(statement)


def test_control_its_owner_is_kept_by_triggers_alone() -> None:
    with pytest.raises(DatabaseError, match="append-only"):
        _try("DELETE FROM ledger_posting")
    _try("ALTER TABLE ledger_posting DISABLE TRIGGER postings_are_append_only")
    _try("DELETE FROM ledger_posting")


def test_the_application_does_all_it_does(pinned: Any, as_application: None) -> None:
    play = Play(scenario("A06"), Client(), pinned)
    play.run()
    play.capture(6000, authorization="a1", transaction="t1")
    Case.objects.update(notes="looked at")
    # So far ahead that there is something to make.
    assert candles.make_partitions(now=clock.now() + timedelta(days=800)) > 0
    as_at_a_commit()

    assert JournalEntry.objects.filter(customer=play.customer, kind="CAPTURE").exists()
    assert ledger.breaks(customer_id=play.customer.id) == []
