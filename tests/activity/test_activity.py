"""Everything that moved, in one list."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cards.authorizations.models import Authorization
from cards.issuing.models import Card
from holdings.activity import queries
from holdings.activity.queries import Direction, Wanted
from holdings.activity.registry import Group, reading_of, reads
from holdings.ledger import services as ledger
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from krak.core import clock
from krak.core.ids import show, uuid7
from krak.core.transactions import transaction
from tests.dinners import dinner
from tests.people import Known, new_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(pinned: Any) -> Known:
    pinned()
    return new_customer(cash="100", holdings={"BTC": "0.01"}, cashback_asset="BTC")


def post(
    known: Known, *, kind: str, amount: str = "1", event_at: datetime | None = None, **details: Any
) -> Entry:
    now = clock.now()
    with transaction():
        ledger.lock_books([known.customer.id])
        account = ledger.account_of(customer_id=known.customer.id, currency="USD")
        entry = Entry(
            id=uuid7(), customer_id=known.customer.id, cause=f"test:{uuid7()}", kind=kind,
            event_at=event_at or now, created_at=now,
            legs=(
                Leg(CREDIT, "USD", Decimal(amount), account=account.id),
                Leg(DEBIT, "USD", Decimal(amount), house="CUSTODY"),
            ),
            details=details,
        )  # fmt: skip
        ledger.post(entry)
    return entry


def results(known: Known, query: str = "") -> list[dict[str, Any]]:
    response = known.get(f"/v1/activity{query}")
    assert response.status_code == 200, response.content
    found: list[dict[str, Any]] = response.json()["results"]
    return found


def kinds(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["kind"] for row in rows]


def test_a_dinner_reads_as_what_it_was(known: Known) -> None:
    dinner(known)

    rows = results(known)

    assert kinds(rows) == ["cashback", "capture", "sale", "deposit", "deposit"]
    reward, capture, sale, coin, cash = rows
    authorization = Authorization.objects.get()
    shown = show(Authorization.PREFIX, authorization.id)
    assert {
        name: capture[name] for name in ("group", "direction", "title", "party", "amounts")
    } == {
        "group": "card",
        "direction": "out",
        "title": "Card purchase",
        "party": "RAMEN TOKYO",
        "amounts": [{"amount": "-120.00", "currency": "USD", "multiplier": None}],
    }
    assert capture["links"]["authorization"] == shown
    assert capture["links"]["card"] == show(Card.PREFIX, known.card.id)
    assert (sale["title"], sale["direction"]) == ("BTC sold for a purchase", "exchange")
    assert sale["links"] == {"authorization": shown}
    assert sale["amounts"] == [
        {"amount": "-0.0004", "currency": "BTC", "multiplier": None},
        {"amount": "20.00", "currency": "USD", "multiplier": None},
    ]
    assert (reward["title"], reward["party"], reward["group"]) == (
        "Cashback", "RAMEN TOKYO", "cashback",
    )  # fmt: skip
    assert reward["amounts"] == [{"amount": "0.000024", "currency": "BTC", "multiplier": None}]
    assert (coin["group"], coin["direction"]) == ("deposit", "in")
    assert cash["amounts"] == [{"amount": "100.00", "currency": "USD", "multiplier": None}]


def test_a_kind_that_nobody_described_reads_by_its_name(known: Known) -> None:
    post(known, kind="TRANSFER_IN", note="for the pizza", counterparty="$ada")
    post(known, kind="GIFT_FROM_SPACE")

    space, transfer = results(known)[:2]

    assert (space["title"], space["group"]) == ("Gift from space", "other")
    assert (transfer["title"], transfer["group"]) == ("Transfer in", "transfer")
    assert (transfer["party"], transfer["note"]) == ("$ada", "for the pizza")
    assert kinds(results(known, "?group=transfer")) == ["transfer_in"]
    assert kinds(results(known, "?group=other")) == ["gift_from_space"]


def test_a_kind_reads_in_one_way_only() -> None:
    with pytest.raises(ValueError, match="CAPTURE reads in two ways"):
        reads("CAPTURE", group=Group.OTHER, title="Something else")


def test_filters_narrow_the_list(known: Known) -> None:
    dinner(known)

    assert kinds(results(known, "?group=card")) == ["capture", "sale"]
    assert kinds(results(known, "?currency=BTC")) == ["cashback", "sale", "deposit"]
    assert kinds(results(known, "?currency=BTC&direction=in")) == ["cashback", "deposit"]
    assert kinds(results(known, "?direction=out")) == ["capture"]
    assert kinds(results(known, "?direction=exchange")) == ["sale"]
    assert results(known, "?currency=EUR") == []
    assert results(known, "?currency=A_B-C.d") == []


def test_moments_are_of_the_event_and_the_last_is_not_in(known: Known) -> None:
    at = clock.now() - timedelta(days=40)
    post(known, kind="GIFT", event_at=at)
    text = at.isoformat().replace("+00:00", "Z")
    later = (at + timedelta(microseconds=1)).isoformat().replace("+00:00", "Z")

    assert kinds(results(known, f"?from={text}&to={later}")) == ["gift"]
    assert kinds(results(known, f"?to={text}")) == []
    assert "gift" not in kinds(results(known, f"?from={later}"))


@pytest.mark.parametrize("text", ["ramen", "TOKYO", "120", "120.00", "-120"])
def test_search_finds_merchants_and_amounts(known: Known, text: str) -> None:
    dinner(known)

    assert "capture" in kinds(results(known, f"?q={text}"))
    assert kinds(results(known, f"?q={text}&group=deposit")) == []


def test_search_takes_wildcards_literally(known: Known) -> None:
    post(known, kind="GIFT", note="100% yours")

    assert kinds(results(known, "?q=0%25 y")) == ["gift"]
    assert kinds(results(known, "?q=1%25yours")) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("group=weather", "group"), ("direction=up", "direction"), ("from=yesterday", "from"),
        ("to=2026-13-01", "to"), ("q=x", "q"), ("q=a%00b", "q"), ("currency=U%20D", "currency"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(known: Known, query: str, field: str) -> None:
    response = known.get(f"/v1/activity?{query}")

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_pages_hold_while_new_entries_arrive(known: Known) -> None:
    for number in range(5):
        post(known, kind=f"GIFT_{number}")
    first = known.get("/v1/activity?page_size=2").json()
    post(known, kind="GIFT_5")

    second = known.get(first["next"]).json()
    back = known.get(second["previous"]).json()

    assert kinds(first["results"]) == ["gift_4", "gift_3"]
    assert kinds(second["results"]) == ["gift_2", "gift_1"]
    assert kinds(back["results"]) == ["gift_4", "gift_3"]


@pytest.mark.parametrize("cursor", ["after_x", "after_7zzzzzzzzzzzzzzzzzzzzzzzzz", "x", ""])
def test_a_made_up_cursor_is_refused(known: Known, cursor: str) -> None:
    response = known.get(f"/v1/activity?cursor={cursor}")

    assert (response.status_code, response.json()["code"]) == (400, "api.cursor_malformed")


def test_others_entries_are_in_nobody_elses_list(known: Known) -> None:
    dinner(known)
    other = new_customer(cash="120")

    assert kinds(results(other)) == ["deposit"]
    assert kinds(results(other, "?q=ramen")) == []
    assert Client().get("/v1/activity").status_code == 401


def test_a_page_costs_the_same_however_long_it_is(known: Known) -> None:
    dinner(known)
    with CaptureQueriesContext(connection) as one:
        results(known)
    for _ in range(10):
        post(known, kind="GIFT")
    with CaptureQueriesContext(connection) as more:
        results(known)

    assert len(more) == len(one)


def test_every_search_reads_only_its_customers_rows(known: Known) -> None:
    wanted = Wanted(
        group=Group.CARD, currency="USD", direction=Direction.OUT, text="120.00",
        since=clock.now() - timedelta(days=1), until=clock.now(),
    )  # fmt: skip
    asked = queries.entries(customer_id=known.customer.id, wanted=wanted).order_by("-sequence")[:51]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = asked.explain()

    assert "Seq Scan" not in plan
    scans = plan.count(" on ledger_journalentry") + plan.count(" on ledger_posting")
    assert scans >= 3
    # Whatever is scanned, it is by an index whose condition names the customer or their account.
    assert (
        plan.count("Index Cond: ((customer_id =")
        + plan.count("Index Cond: ((account_id =")
        + (plan.count("Index Cond: (customer_id ="))
        >= 3
    )


def test_the_kinds_that_exist_are_all_described() -> None:
    for kind in (
        "CAPTURE", "REFUND", "REFUND_REVERSAL", "SALE", "CASHBACK", "CASHBACK_TAKEN_BACK",
        "DISPUTE", "CONVERSION",
    ):  # fmt: skip
        assert reading_of(kind).describe is not None, kind
