"""Around the services: what the database itself refuses. And what staff see."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse

from holdings.transfers import queries
from holdings.transfers.models import (
    PaymentLink,
    Request,
    RequestParty,
    SplitBill,
    SplitShare,
    Transfer,
    TransferParty,
)
from krak.cases.models import Case
from krak.customers.models import User
from krak.runtime.tasks import prove_books
from tests.commits import as_at_a_commit
from tests.people import Known
from tests.transfers.conftest import not_ready, pay, tag
from tests.transfers.test_links import create
from tests.transfers.test_requests import answer, ask, split

pytestmark = [
    pytest.mark.django_db,
    # unfold 0.110 has yet to follow Django 6.1 here.
    pytest.mark.filterwarnings("ignore:Overriding get_action_choices"),
]


def refuses(saying: str, act: Any) -> None:
    with pytest.raises(DatabaseError, match=saying), transaction.atomic():
        _do_and_check(act)


def _do_and_check(act: Any) -> None:
    act()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture
def waiting(ada: Known, bob: Known) -> Any:
    not_ready(bob)
    pay(ada, bob, "25")
    return Transfer.objects.filter(customer=ada.customer)


@pytest.mark.parametrize(
    ("changed", "saying"),
    [
        ({"units": 26}, "a transfer keeps its terms"),
        ({"currency": "EUR"}, "a transfer keeps its terms"),
        ({"recipient": F("customer")}, "a transfer keeps its terms"),
        ({"customer": F("recipient")}, "a transfer keeps its terms"),
        ({"recipient": None}, "a transfer keeps its terms"),
        ({"expires_at": F("expires_at") + timedelta(days=1)}, "a transfer keeps its terms"),
        ({"state": "COMPLETED"}, "a_transfer_that_ended_says_when"),
        ({"ended_at": F("created_at")}, "a_transfer_that_ended_says_when"),
        ({"state": "LOST", "ended_at": F("created_at")}, "a_transfer_that_ended_says_when"),
    ],
)
def test_what_waits_keeps_its_terms(waiting: Any, changed: dict[str, Any], saying: str) -> None:
    refuses(saying, lambda: waiting.update(**changed))


def test_what_has_ended_does_not_come_back(ada: Known, bob: Known) -> None:
    pay(ada, bob, "25")
    paid = Transfer.objects.filter(customer=ada.customer)

    for state in ("PENDING", "CANCELED", "EXPIRED"):
        refuses("has ended stays", lambda state=state: paid.update(state=state))
    refuses("append-only|never", lambda: paid._raw_delete(paid.db))


def test_rows_that_make_no_sense_are_refused(ada: Known, bob: Known, waiting: Any) -> None:
    row = waiting.get()

    def another(**changed: Any) -> None:
        fields = {field.attname: getattr(row, field.attname) for field in row._meta.fields}
        del fields["id"]
        Transfer.objects.create(**fields | changed)

    for saying, changed in (
        ("a_transfer_moves_something", {"units": 0}),
        ("nobody_pays_themselves", {"recipient_id": row.customer_id}),
        ("what_is_paid_has_a_recipient", {"recipient_id": None}),
        ("a_transfer_waits_a_while", {"expires_at": row.created_at}),
    ):
        refuses(saying, lambda changed=changed: another(**changed))


def test_a_link_is_nobodys_until_it_is_claimed_and_then_stays_theirs(
    ada: Known, bob: Known
) -> None:
    create(ada)
    row = Transfer.objects.filter(customer=ada.customer)

    refuses("a transfer keeps its terms", lambda: row.update(recipient=bob.customer))
    refuses("append-only|never", lambda: PaymentLink.objects.update(digest=b"x" * 32))


def test_a_request_is_paid_with_what_was_asked_and_ends_once(ada: Known, bob: Known) -> None:
    ask(bob, ada, "25")
    rows = Request.objects.filter(customer=bob.customer)
    pay(ada, bob, "25")
    other = Transfer.objects.get(customer=ada.customer)

    end = {"ended_at": F("created_at")}
    refuses("a request keeps its terms", lambda: rows.update(units=1))
    refuses("exactly what was asked", lambda: rows.update(state="PAID", transfer=other, **end))
    refuses("a_request_is_paid_by_a_transfer", lambda: rows.update(transfer=other))
    refuses("a_request_that_ended_says_when", lambda: rows.update(state="DECLINED"))
    refuses("nobody_asks_themselves", lambda: _again(rows.get(), payer_id=bob.customer.id))
    refuses("a_request_asks_for_something", lambda: _again(rows.get(), units=0))
    answer(ada, {"id": rows.get().shown_id}, "decline")
    refuses("has ended stays", lambda: rows.update(state="OPEN", ended_at=None))


def _again(row: Any, **changed: Any) -> None:
    fields = {field.attname: getattr(row, field.attname) for field in row._meta.fields}
    del fields["id"]
    type(row).objects.create(**fields | changed)


def test_the_shares_of_a_bill_sum_to_it_whoever_writes_them(ada: Known, bob: Known) -> None:
    split(bob, "100", [{"tag": tag(ada)}])
    bill, share = SplitBill.objects.get(), SplitShare.objects.get()

    refuses("sum to it", lambda: _again(bill))
    extra = {"position": 1, "tag": "other", "request_id": None, "failure": "x"}
    refuses("sum to it", lambda: _again(share, **extra))
    refuses("nobody_shares_a_bill_twice", lambda: _again(share, **extra | {"tag": share.tag}))
    refuses(
        "a_share_is_asked_for_or_says_why_not", lambda: _again(share, **extra | {"failure": ""})
    )
    refuses("a_bill_is_shared_by_at_most_12_people", lambda: _again(bill, people=13))
    refuses("a_bill_has_something_to_ask_for", lambda: _again(bill, own_units=100))


@pytest.mark.parametrize(
    "table", [TransferParty, RequestParty, PaymentLink, SplitBill, SplitShare, Transfer, Request]
)
def test_nothing_is_deleted_or_truncated(ada: Known, bob: Known, table: Any) -> None:
    create(ada)
    split(bob, "100", [{"tag": tag(ada)}])
    name = table._meta.db_table

    for statement in (f"DELETE FROM {name}", f"TRUNCATE {name} CASCADE"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


# --- Staff ----------------------------------------------------------------------------------------


def page(table: Any, name: str, *ids: Any) -> str:
    return reverse(f"admin:{table._meta.app_label}_{table._meta.model_name}_{name}", args=ids)


@pytest.mark.parametrize("table", [Transfer, Request, PaymentLink, SplitBill])
def test_staff_find_and_read_and_edit_nothing(ada: Known, bob: Known, table: Any) -> None:
    create(ada)
    pay(ada, bob, "1", note="for the ferry")
    split(bob, "100", [{"tag": tag(ada)}, {"tag": "nobody_at_all"}])
    staff = Client()
    staff.force_login(User.objects.create_superuser("boss@krak.example", "sandbox-staff"))
    row = table.objects.first()

    found = staff.get(page(table, "changelist"), {"q": row.shown_id})
    assert found.status_code == 200
    assert page(table, "change", row.pk) in found.content.decode()
    assert staff.get(page(table, "changelist"), {"q": tag(ada)}).status_code == 200
    assert staff.get(page(table, "change", row.pk)).status_code == 200
    assert staff.get(page(table, "add")).status_code == 403
    assert staff.post(page(table, "change", row.pk), {}).status_code == 403
    assert staff.post(page(table, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ("UPDATE transfers_transfer SET note = '', sender_tag = ''", False),
        ("UPDATE transfers_transfer SET note = 'other'", True),
        ("UPDATE transfers_transfer SET note = '', units = units + 1", True),
        ("UPDATE transfers_request SET note = '', payer_tag = ''", False),
        ("UPDATE transfers_request SET payer_tag = 'other'", True),
        ("UPDATE transfers_splitbill SET note = ''", False),
        ("UPDATE transfers_splitbill SET note = 'other'", True),
        ("UPDATE transfers_splitbill SET note = '', people = 3", True),
        (
            "UPDATE transfers_splitshare SET tag = 'x' || right(replace(id::text, '-', ''), 19)",
            False,
        ),
        ("UPDATE transfers_splitshare SET tag = ''", True),
        ("DELETE FROM transfers_splitbill", True),
    ],
)
def test_what_ended_can_only_be_forgotten(
    ada: Known, bob: Known, change: str, *, refused: bool
) -> None:
    five = {"amount": "5", "currency": "USD"}
    bill = {"amount": five, "shares": [{"tag": tag(bob)}], "note": "Dinner"}
    assert ada.send("/v1/split-bills", bill).status_code == 201
    asked = bob.get("/v1/payment-requests").json()["results"][0]["id"]
    assert bob.send(f"/v1/payment-requests/{asked}/decline").status_code == 200
    assert pay(ada, bob, "5", note="Dinner").status_code == 201

    with connection.cursor() as cursor:
        if refused:
            with pytest.raises(DatabaseError):
                cursor.execute(change)
        else:
            cursor.execute(change)
            assert cursor.rowcount >= 1


def test_what_is_in_transit_is_what_waits_and_a_difference_is_a_case(
    ada: Known, bob: Known
) -> None:
    not_ready(bob)
    pay(ada, bob, "5")
    pay(ada, bob, "0.001", "BTC")
    create(ada, "7")
    assert queries.breaks() == []

    # Nobody can end a transfer without its entry but in the database itself.
    Transfer.objects.filter(currency="BTC").update(state="EXPIRED", ended_at=F("expires_at"))

    assert queries.breaks() == ["BTC"]
    as_at_a_commit()
    prove_books()
    case = Case.objects.get(kind="books_broken")
    assert (case.subject, case.customer) == ("in transit BTC", None)
