"""Who changed what, when and why: whatever way it was changed, and nobody rewrites it."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection
from django.db import transaction as django_transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from cards.issuing.models import SpendingProfile
from fx.assets import services as assets
from fx.assets.models import Asset
from krak.backoffice.middleware import Audit
from krak.cases.models import Case
from krak.cases.services import open_case
from krak.core import clock
from krak.core.audit.context import acting, because
from krak.core.audit.models import RowChange
from krak.core.ids import uuid7
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.customers.models import Customer, User
from tests.people import new_customer
from tests.staff import browser, staff

pages = pytest.mark.filterwarnings("ignore:Overriding get_action_choices")


def changes(row: Any) -> list[tuple[Any, ...]]:
    """Return what was recorded of a row, oldest first."""
    found = RowChange.objects.filter(row=str(row.pk)).order_by("at")
    return [(each.operation, each.changed, each.actor, each.reason) for each in found]


@pytest.fixture
def case(db: None) -> Case:
    with transaction():
        open_case(kind="odd", subject=str(uuid7()), customer_id=None, now=clock.now())
    return Case.objects.latest("id")


# --- Every way of changing ------------------------------------------------------------------------
def test_a_row_saved_updated_in_bulk_or_by_hand_is_recorded(case: Case) -> None:
    case.notes = "saved"
    case.save()
    Case.objects.filter(pk=case.pk).update(notes="bulk")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_case SET notes = 'by hand' WHERE id = %s", [case.pk])
    Case.objects.filter(pk=case.pk).delete()

    steps = changes(case)
    assert [changed for _operation, changed, *_ in steps[:3]] == [
        {"notes": ["", "saved"]},
        {"notes": ["saved", "bulk"]},
        {"notes": ["bulk", "by hand"]},
    ]
    assert (steps[3][0], steps[3][1]["notes"]) == ("DELETE", ["by hand", None])
    assert {(actor, reason) for *_, actor, reason in steps} == {(None, "")}


def test_what_changes_nothing_leaves_nothing(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(notes="")

    assert changes(case) == []


def test_every_table_that_staff_can_edit_is_recorded(db: None, pinned: Any) -> None:
    pinned()
    known = new_customer()
    assets.load_catalogue(now=clock.now())
    user, role = staff("cases.view_case"), Group.objects.create(name="new")
    user.groups.add(role)
    Customer.objects.filter(pk=known.customer.pk).update(country="DE")
    SpendingProfile.objects.filter(pk=known.customer.pk).update(excluded=["BTC"])
    Asset.objects.filter(code="BTC").update(status="HALTED")
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    role.delete()

    recorded = set(RowChange.objects.values_list("table", "operation"))
    assert recorded >= {
        ("customers_customer", "UPDATE"), ("issuing_spendingprofile", "UPDATE"),
        ("assets_asset", "UPDATE"), ("customers_user", "INSERT"), ("customers_user", "UPDATE"),
        ("customers_user_user_permissions", "INSERT"), ("customers_user_groups", "INSERT"),
        ("customers_user_groups", "DELETE"), ("auth_group", "INSERT"), ("auth_group", "DELETE"),
    }  # fmt: skip
    became = RowChange.objects.get(table="customers_user", operation="UPDATE", row=str(user.pk))
    assert became.changed == {"is_superuser": [False, True]}


def test_a_customer_who_signs_up_is_no_change_and_secrets_are_nobodys_business(db: None) -> None:
    user = User.objects.create_user("x@krak.example")
    assert changes(user) == []

    user.password = "a hash"
    user.last_login = timezone.now()
    user.save()
    assert changes(user) == []
    boss = staff(superuser=True)
    assert "password" not in changes(boss)[0][1]


# --- Who and why ----------------------------------------------------------------------------------
def test_a_change_is_signed_and_gives_its_reason_and_the_next_one_is_not(case: Case) -> None:
    who = uuid7()
    with acting(actor=who, request_id="req_1"):
        Case.objects.filter(pk=case.pk).update(notes="1")
        with because("it was wrong"):
            Case.objects.filter(pk=case.pk).update(notes="2")
        Case.objects.filter(pk=case.pk).update(notes="3")
    with because("alone"):
        Case.objects.filter(pk=case.pk).update(notes="4")
    Case.objects.filter(pk=case.pk).update(notes="5")

    assert [(actor, reason) for *_, actor, reason in changes(case)] == [
        (who, ""),
        (who, "it was wrong"),
        (who, ""),
        (None, "alone"),
        (None, ""),
    ]
    assert RowChange.objects.get(row=str(case.pk), reason="it was wrong").request_id == "req_1"


def _change_and_break(case: Case) -> None:
    with transaction():
        Case.objects.filter(pk=case.pk).update(notes="never")
        raise ZeroDivisionError


@pytest.mark.usefixtures("committed")
def test_it_is_said_for_a_transaction_and_never_longer() -> None:
    with transaction():
        open_case(kind="odd", subject=str(uuid7()), customer_id=None, now=clock.now())
    case, who = Case.objects.latest("id"), uuid7()

    with acting(actor=who):
        # A statement alone, and a transaction whose very first statement writes.
        Case.objects.filter(pk=case.pk).update(notes="alone")
        with transaction():
            Case.objects.filter(pk=case.pk).update(notes="together")
        with pytest.raises(ZeroDivisionError):
            _change_and_break(case)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('krak.audit', true)")
            assert not cursor.fetchone()[0]
    Case.objects.filter(pk=case.pk).update(notes="after")

    assert [(changed["notes"][1], actor) for _, changed, actor, _ in changes(case)] == [
        ("alone", who),
        ("together", who),
        ("after", None),
    ]


@pages
def test_staff_sign_what_they_do_in_the_back_office_and_see_it(case: Case) -> None:
    user = staff("cases.view_case", "cases.change_case")
    window = browser(user)
    page = f"/admin/cases/case/{case.pk}/change/"

    window.post(page, {"notes": "looked at it", "assigned_to": "", "closing_reason": ""})
    window.post("/admin/cases/case/", {"action": "take", "_selected_action": [str(case.pk)]})

    assert [(changed, actor) for _, changed, actor, _ in changes(case)] == [
        ({"notes": ["", "looked at it"]}, user.pk),
        ({"assigned_to_id": [None, str(user.pk)]}, user.pk),
    ]
    text = window.get(page).content.decode()
    assert "History" in text
    assert user.email in text
    assert "looked at it" in text
    recorded = RowChange.objects.filter(row=str(case.pk)).first()
    assert recorded is not None
    assert recorded.request_id.startswith("req_")


@pages
def test_dead_messages_are_sent_again_with_a_reason_and_that_is_recorded(db: None) -> None:
    dead, alive = (
        OutboxMessage.objects.create(
            id=uuid7(), topic="cashback.settle", payload={}, due_at=clock.now(), attempts=number,
            dead_at=clock.now() if number else None,
        )
        for number in (8, 0)
    )  # fmt: skip
    boss = staff(superuser=True)
    window, page = browser(boss), "/admin/outbox/outboxmessage/"
    chosen = {"action": "resend", "_selected_action": [str(dead.pk), str(alive.pk)]}

    asked = window.post(page, chosen).content.decode()
    assert "Send again: 1" in asked
    assert str(alive.pk) not in asked
    window.post(page, chosen | {"reason": " "})
    dead.refresh_from_db()
    assert dead.dead_at is not None
    assert changes(dead) == []

    window.post(page, {**chosen, "_selected_action": [str(dead.pk)], "reason": "the bug is mended"})

    dead.refresh_from_db()
    assert (dead.dead_at, dead.attempts) == (None, 0)
    ((operation, changed, actor, reason),) = changes(dead)
    assert (operation, actor, reason) == ("UPDATE", boss.pk, "the bug is mended")
    assert changed["attempts"] == [8, 0]
    OutboxMessage.objects.filter(pk=dead.pk).update(done_at=clock.now())
    assert len(changes(dead)) == 1
    assert changes(alive) == []


# --- The hot path ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("method", "path", "wrapped"),
    [
        ("post", "/webhooks/stripe/authorizations", 0),
        ("post", "/webhooks/stripe/events", 0),
        ("post", "/v1/purchases/preview", 0),
        ("get", "/admin/", 0),
        ("post", "/admin/cases/case/", 1),
    ],
)
def test_only_forms_of_the_back_office_are_wrapped(
    db: None, method: str, path: str, wrapped: int
) -> None:
    seen: list[int] = []

    def view(_request: Any) -> HttpResponse:
        seen.append(len(connection.execute_wrappers))
        return HttpResponse()

    request = getattr(RequestFactory(), method)(path)
    request.META["krak.request_id"] = "req_1"
    if wrapped:
        request.user = User.objects.create_user("x@krak.example")
    before = len(connection.execute_wrappers)
    Audit(view)(request)

    # Without a user on the request: whoever asked for one would have failed.
    assert seen == [before + wrapped]
    assert len(connection.execute_wrappers) == before


# --- Nobody rewrites it ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_rowchange SET actor = NULL",
        "DELETE FROM audit_rowchange",
        "TRUNCATE audit_rowchange CASCADE",
        "TRUNCATE cases_case",
        "TRUNCATE customers_customer CASCADE",
        "TRUNCATE customers_user CASCADE",
        "TRUNCATE customers_user_groups",
        "TRUNCATE customers_user_user_permissions",
        "TRUNCATE auth_group CASCADE",
        "TRUNCATE auth_group_permissions",
        "TRUNCATE assets_asset CASCADE",
        "TRUNCATE assets_multiplier",
        "TRUNCATE issuing_policy CASCADE",
        "TRUNCATE issuing_spendingprofile",
        "TRUNCATE treasury_floatrule",
        "TRUNCATE venues_halt",
        "TRUNCATE venues_widening",
        "TRUNCATE venues_marketholiday",
        "TRUNCATE venues_tradingsession",
        "TRUNCATE hedging_risklimit",
        "TRUNCATE primary_party CASCADE",
        "TRUNCATE primary_request",
    ],
)
def test_history_is_neither_changed_nor_escaped(case: Case, statement: str) -> None:
    Case.objects.filter(pk=case.pk).update(notes="x")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with (
        pytest.raises(IntegrityError, match=r"history is kept|append-only|is history"),
        django_transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_who_may_not_read_changes_does_not(db: None) -> None:
    assert Client().get("/admin/audit/rowchange/").status_code == 302
    assert browser(staff()).get("/admin/audit/rowchange/").status_code == 403


def test_nothing_that_a_decision_or_a_capture_writes_is_recorded(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger t JOIN pg_proc p"
            " ON p.oid = t.tgfoid WHERE p.proname = 'audit_record'"
        )
        recorded = {table for (table,) in cursor.fetchall()}

    assert recorded == {
        "assets_asset", "assets_delisting", "assets_multiplier", "auth_group",
        "auth_group_permissions", "cases_case",
        "customers_customer", "customers_user", "customers_user_groups",
        "customers_user_user_permissions", "eligibility_eligibilityrule", "hedging_risklimit",
        # Of messages only what had been given up and is sent again.
        "issuing_policy", "issuing_spendingprofile", "outbox_outboxmessage", "primary_party",
        "primary_request", "quotes_feeschedule", "quotes_quotepolicy", "treasury_floatrule",
        "venues_halt", "venues_marketholiday", "venues_tradingsession", "venues_widening",
    }  # fmt: skip
