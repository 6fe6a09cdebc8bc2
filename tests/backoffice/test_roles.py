"""What each ready-made role may do, and what it cannot: nobody gives themselves more."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.test import Client

from fx.assets import services as assets
from fx.assets.models import Asset
from fx.assets.rules import Change as MultiplierChange
from fx.assets.rules import How
from krak.approvals.models import Proposal
from krak.backoffice import roles
from krak.backoffice.roles import ROLES
from krak.cases.models import Case
from krak.cases.services import open_case
from krak.core import clock
from krak.core.audit.models import RowChange
from krak.core.transactions import transaction
from krak.customers.models import Customer, User
from tests.people import new_customer
from tests.staff import browser

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:Overriding get_action_choices"),
]


@pytest.fixture(autouse=True)
def written() -> None:
    roles.write_roles()


def member(*names: str) -> User:
    user = User.objects.create_user(f"{'-'.join(names)}@krak.example", is_staff=True)
    user.groups.set(Group.objects.filter(name__in=names))
    return user


@pytest.fixture
def customer(pinned: Any) -> Customer:
    pinned()
    return new_customer(cash="5").customer


def page_of(row: Any, action: str = "change") -> str:
    return f"/admin/{row._meta.label_lower.replace('.', '/')}/{row.pk}/{action}/"


# --- The roles themselves -------------------------------------------------------------------------
def test_writing_them_again_changes_nothing_and_repairs_what_was_added() -> None:
    before = RowChange.objects.count()
    roles.write_roles()
    assert RowChange.objects.count() == before

    Group.objects.get(name="support").permissions.add(
        Permission.objects.get(codename="change_user")
    )
    roles.write_roles()

    for name, rights in ROLES.items():
        kept = Group.objects.get(name=name).permissions.select_related("content_type")
        assert {f"{p.content_type.app_label}.{p.codename}" for p in kept} == set(rights)


ORDERS = {
    "venues.add_halt", "venues.add_widening", "hedging.add_risklimit",
    "reserves.add_custodystatement", "reserves.add_attestation",
}  # fmt: skip
"""Dated rows that one person writes alone: a market does not wait for a second, and what a
custodian or an attester said moves nothing."""


def test_no_role_gives_rights_and_none_is_both_maker_and_checker() -> None:
    for name, rights in ROLES.items():
        forbidden = [
            right for right in set(rights) - ORDERS
            if right.split(".")[1].startswith(("add_", "delete_"))
            or (right.startswith(("auth.", "customers.", "approvals.", "audit.", "ledger."))
                and "view_" not in right
                and right not in {"customers.freeze_customer", "customers.move_customer",
                                  "customers.decide_verification"})
        ]  # fmt: skip
        assert forbidden == [], name
        assert not (
            any("propose_" in right for right in rights)
            and any("approve_" in right for right in rights)
        )


def test_every_page_of_the_back_office_is_in_some_role() -> None:
    given = {right for rights in ROLES.values() for right in rights}

    for table in admin.site._registry:
        label = f"{table._meta.app_label}.view_{table._meta.model_name}"
        assert label in given, label


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_its_pages_and_no_others(role: str, customer: Customer) -> None:
    window = browser(member(role))

    for table in admin.site._registry:
        app, name = table._meta.app_label, table._meta.model_name
        allowed = f"{app}.view_{name}" in ROLES[role] or f"{app}.change_{name}" in ROLES[role]
        status = window.get(f"/admin/{app}/{name}/").status_code
        assert status == (200 if allowed else 403), table
        may_add = f"{app}.add_{name}" in ROLES[role]
        assert window.get(f"/admin/{app}/{name}/add/").status_code == (200 if may_add else 403)
    assert window.get(page_of(customer)).status_code == 200


# --- Escalation -----------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [*ROLES, "with change_user"])
def test_nobody_makes_themselves_a_superuser_or_edits_groups(role: str) -> None:
    user = member(role)
    if role == "with change_user":
        for codename in ("change_user", "change_group", "add_group", "change_permission"):
            user.user_permissions.add(Permission.objects.get(codename=codename))
    window = browser(user)
    rights = list(Group.objects.get(name="support").permissions.values_list("pk", flat=True))
    form = {"email": user.email, "is_staff": "on", "is_active": "on", "is_superuser": "on"}

    assert window.post(page_of(user), form).status_code == 403
    for path in ("/admin/auth/group/", "/admin/auth/group/1/change/", "/admin/auth/group/add/"):
        assert window.post(path, {"name": "mine"}).status_code == 404
    window.post("/admin/customers/user/", {"action": "delete_selected", "_selected_action": "1"})

    user.refresh_from_db()
    assert user.is_superuser is False
    after = Group.objects.get(name="support").permissions.values_list("pk", flat=True)
    assert list(after) == rights


# --- What is not theirs ---------------------------------------------------------------------------
@pytest.mark.parametrize("role", ROLES)
def test_only_compliance_freezes(role: str, customer: Customer) -> None:
    window = browser(member(role))
    form = {"reason": "asked by the police"}

    status = window.post(page_of(customer, "freeze"), form).status_code

    customer.refresh_from_db()
    assert (status, customer.frozen_at is not None) == (
        (302, True) if role == "compliance" else (403, False)
    )


@pytest.mark.parametrize("role", ROLES)
def test_only_operations_work_on_cases(role: str) -> None:
    with transaction():
        open_case(kind="odd", subject="s", customer_id=None, now=clock.now())
    case, window = Case.objects.get(), browser(member(role))

    form = {"notes": "mine", "assigned_to": "", "closing_reason": ""}
    window.post(page_of(case), form)
    window.post("/admin/cases/case/", {"action": "take", "_selected_action": [str(case.pk)]})

    case.refresh_from_db()
    theirs = role == "operations"
    assert (case.notes, case.assigned_to is not None) == ("mine" if theirs else "", theirs)


@pytest.mark.parametrize("role", ROLES)
def test_only_finance_proposes_and_only_approvers_approve(role: str) -> None:
    now = clock.now()
    assets.load_catalogue(now=now)
    shares = Asset.objects.get(code="AAPLx")
    other = assets.propose_multiplier(
        code="SPYx", change=MultiplierChange(how=How.SPLIT, new_shares=2, old_shares=1),
        activates_at=now + timedelta(days=1), reason="announced",
        by=User.objects.create_superuser("maker@krak.example"), now=now,
    )  # fmt: skip
    window = browser(member(role))

    form = {"how": "split", "new_shares": "2", "old_shares": "1", "reason": "announced",
            "activates_at": f"{now + timedelta(days=1):%Y-%m-%d %H:%M:%S}"}  # fmt: skip
    proposing = window.post(page_of(shares, "propose"), form).status_code
    decision = {"content_hash": other.content_hash, "note": "fine", "approve": "1"}
    approving = window.post(page_of(other, "decide"), decision).status_code

    assert proposing == (302 if role == "finance" else 403)
    assert approving == (302 if role == "approver" else 403)
    assert Proposal.objects.count() == (2 if role == "finance" else 1)
    other.refresh_from_db()
    assert other.state == ("APPROVED" if role == "approver" else "PROPOSED")


def test_with_both_roles_one_still_cannot_approve_ones_own() -> None:
    now, both = clock.now(), member("finance", "approver")
    assets.load_catalogue(now=now)
    proposal = assets.propose_multiplier(
        code="SPYx", change=MultiplierChange(how=How.SPLIT, new_shares=2, old_shares=1),
        activates_at=now + timedelta(days=1), reason="announced", by=both, now=now,
    )  # fmt: skip
    decision = {"content_hash": proposal.content_hash, "note": "fine", "approve": "1"}

    assert browser(both).post(page_of(proposal, "decide"), decision).status_code == 403


# --- Freezing -------------------------------------------------------------------------------------
def test_freezing_needs_a_reason_and_leaves_it_on_the_customers_page(customer: Customer) -> None:
    user = member("compliance")
    window = browser(user)

    refused = window.post(page_of(customer, "freeze"), {"reason": "  "})
    assert refused.status_code == 200
    assert Customer.objects.get(pk=customer.pk).frozen_at is None

    window.post(page_of(customer, "freeze"), {"reason": "asked by the police"})
    # Sent again, by a browser or somebody else: it is frozen, so there is nothing to freeze.
    assert window.post(page_of(customer, "freeze"), {"reason": "again"}).status_code == 403
    window.post(page_of(customer, "unfreeze"), {"reason": "cleared"})

    recorded = RowChange.objects.filter(table="customers_customer", row=str(customer.pk))
    assert [(each.actor, each.reason, list(each.changed)) for each in recorded.order_by("at")] == [
        (user.pk, "asked by the police", ["frozen_at"]),
        (user.pk, "cleared", ["frozen_at"]),
    ]
    page = window.get(page_of(customer)).content.decode()
    assert "asked by the police" in page
    assert user.email in page


# --- The command ----------------------------------------------------------------------------------
def test_roles_are_given_and_taken_with_a_reason_that_is_kept() -> None:
    user = User.objects.create_user("new@krak.example")

    call_command("roles", give=["support", user.email], reason="hired", stdout=io.StringIO())
    user.refresh_from_db()
    assert (user.is_staff, [g.name for g in user.groups.all()]) == (True, ["support"])
    call_command("roles", take=["support", user.email], reason="left", stdout=io.StringIO())
    user.refresh_from_db()
    assert (user.is_staff, list(user.groups.all())) == (False, [])

    recorded = RowChange.objects.filter(row=str(user.pk)).order_by("at")
    assert [(each.table, each.operation, each.reason) for each in recorded] == [
        ("customers_user", "UPDATE", "hired"),
        ("customers_user_groups", "INSERT", "hired"),
        ("customers_user_groups", "DELETE", "left"),
        ("customers_user", "UPDATE", "left"),
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"give": ["king", "x@krak.example"], "reason": "r"}, "no role king"),
        ({"give": ["support", "nobody@krak.example"], "reason": "r"}, "Nobody signs in"),
        ({"give": ["support", "x@krak.example"]}, "Say why"),
    ],
)
def test_the_command_refuses(options: dict[str, Any], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("roles", **options, stdout=io.StringIO())


def test_a_right_that_does_not_exist_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(roles.ROLES, "support", ("cases.fly",))

    with pytest.raises(roles.UnknownRight, match=r"cases\.fly"):
        roles.write_roles()


def test_customers_have_no_way_in(customer: Customer) -> None:
    window = Client()
    window.force_login(customer.user)

    assert window.post(page_of(customer, "freeze"), {"reason": "x"}).status_code == 302
    assert Customer.objects.get(pk=customer.pk).frozen_at is None
