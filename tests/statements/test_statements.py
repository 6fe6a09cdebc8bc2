"""Statements: exact, in order, once, and never changed afterwards."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.utils import IntegrityError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from holdings.ledger import queries as ledger_reads
from holdings.lots import queries as lots
from holdings.lots.models import Disposal, Lot
from holdings.statements import documents, queries, services
from holdings.statements.models import Statement
from holdings.statements.rules import Month
from holdings.statements.services import MonthNotOver, NothingThen, digest
from krak.core import clock, csv_files
from krak.core.ids import uuid7
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.customers.models import Customer
from tests.people import new_customer
from tests.statements.books import buy, move, sell, send_out, take_back

pytestmark = pytest.mark.usefixtures("committed")

SEPTEMBER, OCTOBER, NOVEMBER = Month(2026, 9), Month(2026, 10), Month(2026, 11)
LATER = datetime(2027, 1, 2, tzinfo=UTC)


def at(month: int, day: int, hour: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def somebody() -> Customer:
    with transaction():
        return customers.register(
            email=f"{uuid7()}@example.org", name="Ada Lovelace", country="US", home_currency="USD"
        )


def totals(statement: Statement) -> dict[str, tuple[str, str, str, str]]:
    return {
        row["currency"]: (row["opening"], row["in"], row["out"], row["closing"])
        for row in statement.facts["currencies"]
    }


def test_a_month_says_what_was_there_what_moved_and_what_is_left() -> None:
    ada = somebody()
    move(ada, "100", at=at(9, 30))
    buy(ada, "0.5", "BTC", cost="20000", at=at(10, 1, 0))
    move(ada, "-30.25", at=at(10, 5), kind="CAPTURE", house="CARD_SETTLEMENT", party="RAMEN TOKYO")
    sell(ada, "0.1", "BTC", proceeds="5000", at=at(10, 20))
    move(ada, "50", at=at(10, 31), kind="CASHBACK", house="CASHBACK_EXPENSE")
    move(ada, "-2", at=at(10, 31, 23), kind="FEE", house="FEES")
    move(ada, "7", at=at(11, 1, 0))

    statement = services.issue(OCTOBER, customer_id=ada.id, now=LATER)

    assert totals(statement) == {
        "BTC": ("0", "0.5", "-0.1", "0.4"),
        "USD": ("100", "5050", "-32.25", "5117.75"),
    }
    facts = statement.facts
    assert (facts["fees"], facts["cashback"]) == ({"USD": "2"}, {"USD": "50"})
    assert facts["gains"] == {"USD": "1000"}
    (gone,) = facts["disposals"]
    assert (gone["units"], gone["cost_basis"], gone["proceeds"]) == ("0.1", "4000", "5000")
    assert [row["changes"] for row in facts["movements"]] == [
        {"BTC": "0.5"}, {"USD": "-30.25"}, {"BTC": "-0.1", "USD": "5000"}, {"USD": "50"},
        {"USD": "-2"},
    ]  # fmt: skip
    assert facts["movements"][1]["party"] == "RAMEN TOKYO"
    assert (statement.first_sequence, statement.last_sequence) == (2, 6)
    assert bytes(statement.digest) == digest(facts)


def test_a_month_of_shares_is_said_in_the_shown_units_of_its_end() -> None:
    ada = somebody()
    buy(ada, "3", "AAPLx", cost="600", at=at(10, 1))
    sell(ada, "1", "AAPLx", proceeds="250", at=at(10, 20))
    statement = services.issue(OCTOBER, customer_id=ada.id, now=LATER)
    # As if there had been a split, 4 for 1, in that month.
    shares, _dollars = statement.facts["currencies"]
    shares["multiplier"] = "4"

    said = statement.shown

    shares, dollars = said["currencies"]
    assert [shares[name] for name in ("opening", "in", "out", "closing")] == ["0", "12", "-4", "8"]
    assert [dollars[name] for name in ("in", "closing")] == ["250", "250"]
    assert [row["changes"] for row in said["movements"]] == [
        {"AAPLx": "12"}, {"AAPLx": "-4", "USD": "250"},
    ]  # fmt: skip
    (gone,) = said["disposals"]
    assert (gone["units"], gone["proceeds"], gone["cost_basis"]) == ("4", "250", "200")
    assert b"4 AAPLx: 250 less 200" in documents.as_csv(statement, people={})
    assert statement.facts["movements"][0]["changes"] == {"AAPLx": "3"}


def test_what_is_only_moved_is_no_sale_and_is_as_old_and_dear_when_it_comes_back() -> None:
    ada = somebody()
    buy(ada, "0.5", "BTC", cost="20000", at=at(10, 1))
    sent = send_out(ada, "0.2", "BTC", at=at(10, 2))
    take_back(ada, sent, "0.2", "BTC", at=at(10, 3))
    send_out(ada, "0.4", "BTC", at=at(10, 4))
    sell(ada, "0.1", "BTC", proceeds="5000", at=at(10, 20))

    facts = services.issue(OCTOBER, customer_id=ada.id, now=LATER).facts

    assert [row["kind"] for row in facts["movements"]] == [
        "deposit", "withdrawal", "withdrawal_return", "withdrawal", "sale",
    ]  # fmt: skip
    (gone,) = facts["disposals"]
    assert (gone["units"], gone["cost_basis"], gone["gain"]) == ("0.1", "4000", "1000")
    assert gone["acquired_at"] == at(10, 1).isoformat()
    assert facts["gains"] == {"USD": "1000"}
    year = queries.disposals_of_year(2026, customer_id=ada.id)
    assert [row[7] for row in documents.tax_rows(year, {})] == ["1000"]
    assert lots.realised_gains(customer_id=ada.id) == {"BTC": 1000}


def test_the_database_lets_nothing_be_gained_by_a_move() -> None:
    ada = somebody()
    buy(ada, "0.5", "BTC", cost="20000", at=at(10, 1))
    sold = sell(ada, "0.1", "BTC", proceeds="5000", at=at(10, 20))

    with pytest.raises(IntegrityError, match="nothing_is_gained_by_a_move"), transaction():
        Disposal.objects.create(
            customer=ada, entry_id=sold.id, lot=Lot.objects.get(customer=ada),
            currency="BTC", units=Decimal("0.1"), cost_basis=Decimal(1), proceeds=Decimal(2),
            cost_currency="USD", disposed_at=at(10, 20), is_move=True,
        )  # fmt: skip


def test_missing_months_are_issued_first_and_each_is_told_of_once() -> None:
    ada = somebody()
    move(ada, "1", at=at(8, 3))
    move(ada, "2", at=at(10, 3))

    services.issue(OCTOBER, customer_id=ada.id, now=LATER)
    services.issue(OCTOBER, customer_id=ada.id, now=LATER)

    issued = Statement.objects.filter(customer=ada).order_by("month_on")
    assert [str(s.month) for s in issued] == ["2026-08", "2026-09", "2026-10"]
    assert [totals(s).get("USD") for s in issued] == [
        ("0", "1", "0", "1"), ("1", "0", "0", "1"), ("1", "2", "0", "3"),
    ]  # fmt: skip
    told = OutboxMessage.objects.filter(payload__customer=str(ada.id))
    assert sorted(m.payload["facts"]["month"] for m in told) == ["2026-08", "2026-09", "2026-10"]
    assert {m.payload["kind"] for m in told} == {"statement.ready"}


def test_what_is_written_late_is_in_the_next_statement_and_changes_none() -> None:
    ada = somebody()
    move(ada, "1", at=at(10, 3))
    before = services.issue(OCTOBER, customer_id=ada.id, now=LATER)
    # It happened in October and was written in November; and one was begun in October, and
    # numbered only after October's statement was issued.
    move(ada, "5", at=at(11, 2), event_at=at(10, 30))
    move(ada, "9", at=at(10, 31, 23))

    november = services.issue(NOVEMBER, customer_id=ada.id, now=LATER)

    again = services.issue(OCTOBER, customer_id=ada.id, now=LATER)
    assert (again.id, again.facts) == (before.id, before.facts)
    assert totals(november)["USD"] == ("1", "14", "0", "15")


def test_a_month_that_is_not_over_and_one_before_anything_are_refused() -> None:
    ada = somebody()
    move(ada, "1", at=at(10, 3))

    with pytest.raises(MonthNotOver):
        services.issue(OCTOBER, customer_id=ada.id, now=OCTOBER.ends_at + timedelta(minutes=59))
    with pytest.raises(NothingThen):
        services.issue(SEPTEMBER, customer_id=ada.id, now=LATER)
    assert not Statement.objects.filter(customer=ada).exists()


def test_a_month_that_is_closed_early_is_done_and_its_rest_is_in_the_next_one() -> None:
    ada = somebody()
    move(ada, "1", at=at(9, 30))
    move(ada, "2", at=at(10, 3))

    closed = services.close_early(customer_id=ada.id, now=at(10, 15))
    move(ada, "4", at=at(10, 20))
    again = services.close_early(customer_id=ada.id, now=at(10, 21))
    services.issue_all(OCTOBER, now=OCTOBER.ends_at + services.SETTLED)
    over = services.issue(OCTOBER, customer_id=ada.id, now=LATER)
    november = services.issue(NOVEMBER, customer_id=ada.id, now=LATER)

    assert closed.issued_at == at(10, 15)
    assert totals(closed)["USD"] == ("1", "2", "0", "3")
    assert (again.id, over.id, over.facts) == (closed.id, closed.id, closed.facts)
    assert totals(november)["USD"] == ("3", "4", "0", "7")
    issued = Statement.objects.filter(customer=ada).order_by("month_on")
    assert [str(each.month) for each in issued] == ["2026-09", "2026-10", "2026-11"]


def test_the_job_issues_to_everybody_who_had_entries() -> None:
    ada, bob = somebody(), somebody()
    move(ada, "1", at=at(10, 3))
    move(bob, "1", at=at(11, 3))

    services.issue_all(OCTOBER, now=LATER, batch=2)

    assert Statement.objects.filter(customer=ada).count() == 1
    assert not Statement.objects.filter(customer=bob).exists()
    assert services.issue_all(OCTOBER, now=LATER) == 0


def test_the_database_keeps_statements_as_they_were_issued() -> None:
    ada = somebody()
    move(ada, "1", at=at(9, 3))
    issued = services.issue(SEPTEMBER, customer_id=ada.id, now=LATER)

    for change in (
        lambda: Statement.objects.filter(id=issued.id).update(facts={}),
        lambda: Statement.objects.filter(id=issued.id).delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"):
            change()


@pytest.mark.parametrize(
    ("month", "first", "last", "refusal"),
    [
        (10, 1, 1, "does not follow"), (10, 3, 3, "does not follow"), (8, 1, 1, "a later month"),
        (10, 2, 0, "a_statement_ends_after_it_begins"),
    ],
)  # fmt: skip
def test_the_database_refuses_gaps_and_overlaps(
    month: int, first: int, last: int, refusal: str
) -> None:
    ada = somebody()
    move(ada, "1", at=at(9, 3))
    services.issue(SEPTEMBER, customer_id=ada.id, now=LATER)

    with pytest.raises(DatabaseError, match=refusal):
        Statement.objects.create(
            customer=ada, month_on=at(month, 1).date(), first_sequence=first, last_sequence=last,
            facts={}, digest=bytes(32), issued_at=LATER,
        )  # fmt: skip


BOOKS = st.lists(
    st.tuples(
        st.integers(0, 100), st.sampled_from(["USD", "BTC", "JPY"]),
        st.decimals("-1000", "1000", places=10).filter(bool), st.integers(-40, 0),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(BOOKS)
def test_random_books_reconcile_and_no_entry_is_in_two_months_or_none(
    moves: list[tuple[int, str, Decimal, int]],
) -> None:
    ada, start = somebody(), at(8, 1, 0)
    for days, code, amount, late in sorted(moves, key=lambda each: each[0]):
        written = start + timedelta(days=days)
        move(ada, f"{amount:f}", code, at=written, event_at=written + timedelta(days=late))

    services.issue(Month(2026, 12), customer_id=ada.id, now=LATER)

    issued = list(Statement.objects.filter(customer=ada).order_by("month_on"))
    listed = [row for statement in issued for row in statement.facts["movements"]]
    assert len(listed) == len({row["id"] for row in listed}) == len(moves)
    now = ledger_reads.balances(customer_id=ada.id)
    closing = {code: Decimal(t[3]) for code, t in totals(issued[-1]).items()}
    assert {c: a for c, a in closing.items() if a} == {
        code: balance.posted for code, balance in now.items() if balance.posted
    }


def test_the_csv_adds_up_by_itself_and_text_is_kept_but_never_run() -> None:
    ada = somebody()
    move(ada, "100", at=at(10, 2), party='=HYPERLINK("http://evil")')
    move(ada, "-30.25", at=at(10, 3), party="-2+3")
    statement = services.issue(OCTOBER, customer_id=ada.id, now=LATER)

    content = documents.as_csv(statement, people={})

    rows = [
        dict(zip(csv_files.parse(content)[0], row, strict=True))
        for row in csv_files.parse(content)[1:]
    ]
    moved = [row for row in rows if row["row"] == "movement"]
    (total,) = [row for row in rows if row["row"] == "total"]
    assert [row["party"] for row in moved] == ['=HYPERLINK("http://evil")', "-2+3"]
    assert Decimal(total["opening"]) + sum(Decimal(row["amount"]) for row in moved) == Decimal(
        total["closing"]
    )
    raw = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert not [
        cell
        for row in raw
        for cell in row
        if cell.startswith(("=", "+", "@", "\t", "\r")) or (cell.startswith("-") and "+" in cell)
    ]


def test_the_pdf_is_the_same_bytes_each_time() -> None:
    ada = somebody()
    buy(ada, "1", "BTC", cost="10", at=at(10, 2))
    sell(ada, "0.25", "BTC", proceeds="5000", at=at(10, 20))
    statement = services.issue(OCTOBER, customer_id=ada.id, now=LATER)

    content = documents.as_pdf(statement, customer=ada, people={})

    assert content.startswith(b"%PDF-")
    assert content == documents.as_pdf(statement, customer=ada, people={})


def test_a_statement_over_http_is_its_owners_only(pinned: Any) -> None:
    pinned()
    ada, eve = new_customer(), new_customer()
    move(ada.customer, "12.5", at=at(10, 2))
    issued = services.issue(OCTOBER, customer_id=ada.customer.id, now=LATER)
    path = f"/v1/statements/{issued.shown_id}"

    assert [row["id"] for row in ada.get("/v1/statements").json()["results"]] == [issued.shown_id]
    body = ada.get(path).json()
    assert (body["month"], body["entries"]) == ("2026-10", 1)
    assert body["currencies"] == [
        {
            "currency": "USD", "opening": "0", "in": "12.5", "out": "0", "closing": "12.5",
            "multiplier": "1",
        }
    ]  # fmt: skip
    assert ada.get(f"{path}/pdf").content.startswith(b"%PDF-")
    assert b"movement,2026-10,USD,12.5" in ada.get(f"{path}/csv").content
    assert eve.get("/v1/statements").json()["results"] == []
    for other in (path, f"{path}/pdf", f"{path}/csv", "/v1/statements/stm_x"):
        refused = eve.get(other)
        assert (refused.status_code, refused.json()["code"]) == (404, "statements.not_found")


def test_the_sandbox_closes_a_month_for_its_customers(pinned: Any) -> None:
    pinned()
    ada, path = new_customer(cash="12.50"), "/v1/sandbox/customers/{}/statements"

    first, again = (Client().post(path.format(ada.customer.shown_id)) for _ in range(2))

    (issued,) = ada.get("/v1/statements").json()["results"]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() == {"statement": issued["id"], "month": issued["month"]}
    assert issued["month"] == str(Month.of(clock.now()))
    text = PdfReader(io.BytesIO(ada.get(f"/v1/statements/{issued['id']}/pdf").content)).pages[0]
    until = f"{datetime.fromisoformat(issued['issued_at']):%d %B %Y, %H:%M} UTC"
    assert text.extract_text().count(until) == 2  # issued then, and so up to then
    nobody = Client().post(path.format("cus_01m8kq3v5nf2tbx7d9r6h4s8jw"))
    assert (nobody.status_code, nobody.json()["code"]) == (404, "customers.not_found")
    empty = Client().post(path.format(somebody().shown_id))
    assert (empty.status_code, empty.json()["code"]) == (404, "statements.nothing_then")


def test_reading_for_a_statement_blocks_no_writer_and_writes_nothing() -> None:
    from krak.core.snapshots import snapshot

    ada = somebody()
    with pytest.raises(DatabaseError, match="read-only"), snapshot():
        Customer.objects.filter(id=ada.id).update(name="Eve")
    with snapshot(), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("repeatable read",)
