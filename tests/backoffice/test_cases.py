"""The queue of cases: each oddity once, with what it is about, an owner, a reason in the end."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cards.authorizations.models import Authorization
from cards.clearing.models import CardTransaction
from cards.disputes.models import Dispute
from krak.cases.models import Case, Status
from krak.core import clock
from krak.customers.models import User
from tests.cards.scenarios import Play, scenario

pytestmark = [
    pytest.mark.django_db,
    # unfold 0.110 has yet to follow Django 6.1 here.
    pytest.mark.filterwarnings("ignore:Overriding get_action_choices"),
]
QUEUE = "/admin/cases/case/"


@pytest.fixture
def boss() -> User:
    """Return a member of staff with every right."""
    return User.objects.create_superuser("boss@krak.example", "sandbox-staff")


@pytest.fixture
def staff(boss: User) -> Client:
    """Return their browser."""
    client = Client()
    client.force_login(boss)
    return client


@pytest.fixture
def play(client: Client, pinned: Any) -> Play:
    """Return a customer with 100 dollars."""
    return Play(scenario("A01"), client, pinned)


def _page(row: Any) -> str:
    return reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])


def _listed(staff: Client, query: str = "") -> list[Case]:
    return list(staff.get(f"{QUEUE}{query}").context["cl"].result_list)


def _transaction(play: Play, name: str) -> CardTransaction:
    return CardTransaction.objects.get(stripe_id=play.door.id(name))


class TestEachOddityOpensExactlyOneCase:
    def _case(self, kind: str) -> Case:
        case = Case.objects.get(kind=kind)
        assert (case.status, case.assigned_to, case.closing_reason) == (Status.OPEN, None, "")
        return case

    def _about(self, case: Case, row: Any) -> None:
        assert case.details["about"] == [row._meta.label_lower, str(row.pk)]
        assert case.details["currency"] == "USD"
        assert {"amount", "posted", "available"} <= case.details.keys()

    def test_a_force_capture(self, play: Play) -> None:
        for _ in range(2):
            play.capture(2500, authorization=None, transaction="t1")

        case = self._case("force_capture")
        self._about(case, _transaction(play, "t1"))
        assert (case.customer, case.subject) == (play.customer, play.door.id("t1"))
        assert (case.details["amount"], case.details["posted"]) == ("25", "75")
        assert case.details["merchant"] == "RAMEN TOKYO"
        assert Case.objects.count() == 1

    def test_a_capture_on_what_was_declined(self, play: Play) -> None:
        play.request(100, mcc="7995")
        play.capture(100, authorization="a1", transaction="t1", closes_authorization=False)

        self._about(self._case("capture_on_declined"), _transaction(play, "t1"))
        assert Case.objects.count() == 1

    @pytest.mark.parametrize(("status", "cases"), [("reversed", 1), ("expired", 0), ("closed", 0)])
    def test_a_capture_on_what_has_ended(self, play: Play, status: str, cases: int) -> None:
        play.request(100)
        play.authorization(100, status=status)
        play.capture(100, authorization="a1", transaction="t1", closes_authorization=False)

        assert Case.objects.count() == cases
        if cases:
            self._about(self._case("capture_on_reversed"), _transaction(play, "t1"))

    def test_an_unmatched_refund(self, play: Play) -> None:
        play.refund(100, authorization=None, transaction="r1", network_id="m9")

        self._about(self._case("unmatched_refund"), _transaction(play, "r1"))

    def test_an_unseen_authorization_alone_is_none(self, play: Play) -> None:
        play.capture(100, authorization="a1", transaction="t1", closes_authorization=False)

        assert not Case.objects.exists()

    def test_an_overdraft_by_a_capture(self, play: Play) -> None:
        play.request(10_000)
        play.capture(10_001, authorization="a1", transaction="t1", closes_authorization=False)

        case = self._case("overdrawn")
        self._about(case, _transaction(play, "t1"))
        assert case.details["available"] == "-0.01"

    def test_an_overdraft_by_an_adoption(self, play: Play) -> None:
        play.authorization(15_000, reason="network_fallback")

        case = self._case("overdrawn")
        self._about(case, Authorization.objects.get())
        assert case.details["reason"] == "network_fallback"

    def test_an_overdraft_by_a_refund_taken_back(self, play: Play) -> None:
        play.refund(1000, authorization="a1", transaction="r1")
        play.request(11_000, authorization="a2")
        for _ in range(2):
            play.refund_reversal("x1", "r1")

        self._about(self._case("overdrawn"), _transaction(play, "x1"))

    def test_an_overdraft_by_a_lost_dispute(self, play: Play) -> None:
        play.request(5000)
        play.capture(5000, authorization="a1", transaction="t1")
        play.dispute("d1", "submitted")
        play.request(10_000, authorization="a2")
        for _ in range(2):
            play.dispute("d1", "lost")

        self._about(self._case("overdrawn"), Dispute.objects.get())

    def test_a_dispute_lost_with_money_there_is_none(self, play: Play) -> None:
        play.request(5000)
        play.capture(5000, authorization="a1", transaction="t1")
        play.dispute("d1", "submitted")
        play.dispute("d1", "lost")

        assert not Case.objects.exists()


@pytest.fixture
def cases(play: Play, boss: User) -> list[Case]:
    """Return an old case of nobody's, a new one of the boss's and a closed one."""
    for name in ("t1", "t2", "t3"):
        play.capture(100, authorization=None, transaction=name)
    old, mine, closed = Case.objects.order_by("subject")
    now = clock.now()
    Case.objects.filter(id=old.id).update(opened_at=now - timedelta(hours=49))
    Case.objects.filter(id=mine.id).update(assigned_to=boss)
    Case.objects.filter(id=closed.id).update(
        status=Status.CLOSED, closed_at=now, closing_reason="seen"
    )
    return [old, mine, closed]


def test_the_queue_is_what_is_open_oldest_first_with_its_age(
    staff: Client, cases: list[Case]
) -> None:
    old, mine, closed = cases

    assert _listed(staff) == [old, mine]
    assert _listed(staff, "?status=closed") == [closed]
    assert {case.id for case in _listed(staff, "?status=all")} == {case.id for case in cases}
    assert "2 d 1 h" in staff.get(QUEUE).content.decode()


def test_the_queue_is_filtered_by_owner(staff: Client, cases: list[Case]) -> None:
    old, mine, _closed = cases

    assert _listed(staff, "?owner=mine") == [mine]
    assert _listed(staff, "?owner=nobody") == [old]
    assert _listed(staff, "?owner=others") == []
    other = Client()
    other.force_login(User.objects.create_superuser("other@krak.example", "sandbox-staff"))
    assert _listed(other, "?owner=others") == [mine]


def test_queue_and_page_link_to_the_customer_and_to_what_the_case_is_about(
    staff: Client, play: Play, cases: list[Case]
) -> None:
    for address in (QUEUE, _page(cases[0])):
        text = staff.get(address).content.decode()
        assert _page(play.customer) in text
        assert _page(_transaction(play, "t1")) in text
    assert "RAMEN TOKYO" in staff.get(_page(cases[0])).content.decode()


def test_more_cases_cost_no_more_queries(staff: Client, play: Play, cases: list[Case]) -> None:
    staff.get(QUEUE)
    with CaptureQueriesContext(connection) as before:
        staff.get(QUEUE)
    for name in ("t4", "t5", "t6"):
        play.capture(100, authorization=None, transaction=name)
    with CaptureQueriesContext(connection) as after:
        staff.get(QUEUE)

    assert len(after) == len(before)


def test_several_are_taken_and_given_back_at_once_and_closed_ones_stay(
    staff: Client, boss: User, cases: list[Case]
) -> None:
    chosen = [case.pk for case in cases]
    staff.post(f"{QUEUE}?status=all", {"action": "take", "_selected_action": chosen})

    assert [Case.objects.get(id=case.id).assigned_to for case in cases] == [boss, boss, None]
    # Only what changed leaves a trace.
    assert LogEntry.objects.filter(user=boss).count() == 1

    staff.post(f"{QUEUE}?status=all", {"action": "give_back", "_selected_action": chosen})
    assert not Case.objects.filter(status=Status.OPEN).exclude(assigned_to=None).exists()


def test_notes_are_kept_and_only_a_reason_closes(
    staff: Client, boss: User, cases: list[Case]
) -> None:
    case = cases[0]
    staff.post(_page(case), {"assigned_to": boss.pk, "notes": "called the shop"})
    case.refresh_from_db()
    assert (case.status, case.notes, case.assigned_to) == (Status.OPEN, "called the shop", boss)

    staff.post(_page(case), {"assigned_to": boss.pk, "notes": "called", "closing_reason": "  "})
    case.refresh_from_db()
    assert case.status == Status.OPEN

    staff.post(_page(case), {"notes": "refunded", "closing_reason": "The shop paid it back."})
    case.refresh_from_db()
    assert (case.status, case.closing_reason) == (Status.CLOSED, "The shop paid it back.")
    assert case.closed_at is not None

    staff.post(_page(case), {"notes": "changed my mind", "closing_reason": "Another."})
    case.refresh_from_db()
    assert (case.notes, case.closing_reason) == ("refunded", "The shop paid it back.")


def test_a_case_about_something_without_a_page_is_shown_all_the_same(staff: Client) -> None:
    Case.objects.create(kind="odd.thing", subject="evt_1", opened_at=clock.now(),
                        details={"about": ["gone.model", "1"], "detail": "<b>x</b>"})  # fmt: skip

    text = staff.get(QUEUE).content.decode()
    assert "odd: thing" in text
    page = staff.get(_page(Case.objects.get())).content.decode()
    assert "&lt;b&gt;x" in page
    assert "<b>x</b>" not in page
