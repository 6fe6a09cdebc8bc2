"""The history of changes is one chain: what is done to it behind the triggers shows."""

import io
import threading
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.db import transaction as django_transaction

from krak.cases.models import Case
from krak.cases.services import open_case
from krak.core import clock
from krak.core.audit import queries, services
from krak.core.audit.models import Link, RowChange
from krak.core.ids import uuid7
from krak.core.schedule.models import Run
from krak.core.transactions import transaction
from krak.customers.models import User
from krak.runtime import tasks
from tests.commits import as_at_a_commit


def _case() -> Case:
    with transaction():
        open_case(kind="odd", subject=str(uuid7()), customer_id=None, now=clock.now())
    return Case.objects.latest("id")


@pytest.fixture
def case(db: None) -> Case:
    """Return a case whose notes were changed three times."""
    case = _case()
    for notes in ("one", "two", "three"):
        Case.objects.filter(pk=case.pk).update(notes=notes)
    as_at_a_commit()
    return case


def _behind_the_triggers(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def _verify(*words: str) -> str:
    said = io.StringIO()
    call_command("verify_audit", *words, stdout=said)
    return said.getvalue()


def _second(case: Case) -> Link:
    return Link.objects.filter(change__row=str(case.pk)).order_by("sequence")[1]


def test_a_chain_that_nobody_touched_is_whole_and_says_its_head(case: Case) -> None:
    head = queries.head()
    assert head is not None
    assert _verify() == f"nothing broken, head {head.sequence} {bytes(head.hash).hex()}\n"


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE {} SET actor = gen_random_uuid()", "change was altered"),
        ("UPDATE {} SET at = at + interval '1 day'", "change was altered"),
        ('UPDATE {} SET changed = \'{{"notes": ["one", "no"]}}\'', "notes was altered"),
        ("UPDATE {} SET changed = '{{}}'", "notes was taken out"),
        ("UPDATE {} SET changed = changed || '{{\"kind\": [1, 2]}}'", "kind was altered"),
        ("UPDATE {} SET proofs = audit_proofs(changed)", "change was altered"),
        ("DELETE FROM {}", "change is gone"),
    ],
)
def test_what_was_done_to_a_change_is_named_at_its_place(
    case: Case, statement: str, what: str
) -> None:
    second = _second(case)
    _behind_the_triggers(f"{statement.format('audit_rowchange')} WHERE id = %s", second.change_id)

    with pytest.raises(CommandError, match=f"at {second.sequence}: .*{what}"):
        _verify()


def test_a_change_that_is_gone_with_its_link_leaves_a_gap(case: Case) -> None:
    second = _second(case)
    _behind_the_triggers("DELETE FROM audit_link WHERE sequence = %s", second.sequence)
    _behind_the_triggers("DELETE FROM audit_rowchange WHERE id = %s", second.change_id)

    with pytest.raises(CommandError, match=f"at {second.sequence + 1}: .*before it are gone"):
        _verify()


def test_a_change_that_was_put_in_is_not_in_the_chain(case: Case) -> None:
    _behind_the_triggers(
        'INSERT INTO audit_rowchange (at, "table", "row", operation, changed, proofs, reason,'
        " request_id, database_role) VALUES (now(), 'x', '1', 'UPDATE', '{}', '{}', '', '', '')"
    )

    with pytest.raises(CommandError, match="put in beside the chain"):
        _verify()


def test_a_whole_end_that_was_taken_out_is_known_by_a_head_of_before(case: Case) -> None:
    head = queries.head()
    assert head is not None
    noted = ("--head", str(head.sequence), bytes(head.hash).hex())
    Case.objects.filter(pk=case.pk).update(notes="four")
    as_at_a_commit()
    assert "nothing broken" in _verify(*noted)

    _behind_the_triggers("DELETE FROM audit_link WHERE sequence >= %s", head.sequence)
    _behind_the_triggers(
        "DELETE FROM audit_rowchange c"
        " WHERE NOT EXISTS (SELECT FROM audit_link l WHERE l.change_id = c.id)"
    )

    assert "nothing broken" in _verify()
    with pytest.raises(CommandError, match="no longer has"):
        _verify(*noted)


def test_what_is_erased_for_a_person_leaves_the_chain_whole_and_nothing_to_guess_by(
    case: Case,
) -> None:
    with transaction():
        services.erase_values(table="cases_case", rows=[case.pk], columns=["notes"])

    assert queries.breaks() == []
    for change in RowChange.objects.filter(row=str(case.pk)):
        assert change.changed == {"notes": ["erased", "erased"]}
        salt, digest = change.proofs["notes"]
        assert salt is None
        assert len(digest) == 64


def test_what_is_nobodys_is_not_erased_to_hide_it(db: None) -> None:
    user = User.objects.create_user("x@krak.example")
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    as_at_a_commit()
    with transaction():
        services.erase_values(table="customers_user", rows=[user.pk], columns=["is_superuser"])

    with pytest.raises(CommandError, match="is_superuser of customers_user was erased"):
        _verify()


def test_a_break_is_a_case_by_the_hour(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    second = _second(case)
    _behind_the_triggers("DELETE FROM audit_rowchange WHERE id = %s", second.change_id)

    tasks.prove_history()

    assert Case.objects.filter(
        kind="books_broken", subject=f"history of changes {second.change_id}"
    ).exists()
    assert f"at {second.sequence}" in caplog.text


def test_parts_of_the_chain_are_tied_to_each_other(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "LINKS_AT_ONCE", 1)
    assert queries.breaks() == []

    second = _second(case)
    _behind_the_triggers("DELETE FROM audit_link WHERE sequence = %s", second.sequence)

    found = [(each.place, each.what) for each in queries.breaks()]
    assert found == [
        (second.sequence + 1, "links before it are gone"),
        (None, "was put in beside the chain"),
    ]


def test_the_chain_is_proved_a_piece_a_tick(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "LINKS_AT_ONCE", 1)
    monkeypatch.setattr(tasks, "PIECE_SECONDS", 0.0)
    _behind_the_triggers("DELETE FROM audit_rowchange WHERE id = %s", _second(case).change_id)

    links = Link.objects.count()
    for _ in range(links):
        tasks.prove_history()
    run = Run.objects.get(job=tasks.PROOF_OF_HISTORY)
    assert (run.attempts, run.finished_at) == (links, None)
    tasks.prove_history()

    run.refresh_from_db()
    assert run.finished_at is not None
    assert Case.objects.filter(kind="books_broken").count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_link SET hash = ''",
        "DELETE FROM audit_link",
        "TRUNCATE audit_link",
        "INSERT INTO audit_link SELECT 0, hash, hash, gen_random_uuid() FROM audit_link",
        "UPDATE audit_rowchange SET proofs = audit_proofs(changed)",
    ],
)
def test_the_database_refuses_to_change_the_chain(case: Case, statement: str) -> None:
    with (
        pytest.raises(IntegrityError, match=r"history is kept|only a change makes"),
        django_transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.usefixtures("committed")
def test_changes_that_are_committed_at_once_make_one_chain() -> None:
    cases = [_case() for _ in range(4)]
    start = threading.Barrier(len(cases))

    def change(case: Case) -> None:
        start.wait()
        for number in range(25):
            Case.objects.filter(pk=case.pk).update(notes=str(number))
        connection.close()

    threads = [threading.Thread(target=change, args=(case,)) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    rows = [str(case.pk) for case in cases]
    assert Link.objects.filter(change__row__in=rows).count() == 100
    assert queries.breaks() == []
