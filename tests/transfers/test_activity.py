"""How money between people reads in the list of everything that moved."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fx.prices import live
from holdings.transfers.models import Request
from holdings.transfers.services import passes
from krak.core import clock
from tests.people import Known
from tests.transfers.conftest import not_ready, pay, ready, tag

pytestmark = pytest.mark.django_db


def lines(known: Known, query: str = "") -> list[dict[str, Any]]:
    response = known.get(f"/v1/activity{query}")
    assert response.status_code == 200, response.content
    found: list[dict[str, Any]] = response.json()["results"]
    return found


def words(row: dict[str, Any]) -> tuple[Any, ...]:
    amounts = [f"{each['amount']} {each['currency']}" for each in row["amounts"]]
    return (row["title"], row["party"], row["note"], row["status"], *amounts)


def test_a_payment_reads_as_what_it_was_for_both(ada: Known, bob: Known) -> None:
    body = pay(ada, bob, "25.00", note="Dinner 🍜").json()

    mine, theirs = lines(ada)[0], lines(bob)[0]

    dinner = "Dinner 🍜"
    assert words(mine) == ("Payment sent", f"${tag(bob)}", dinner, "completed", "-25.00 USD")
    assert words(theirs) == ("Payment received", f"${tag(ada)}", dinner, "completed", "25.00 USD")
    assert mine["links"] == theirs["links"] == {"transfer": body["id"]}
    assert {mine["group"], theirs["group"]} == {"transfer"}


def test_what_waits_says_so_and_what_came_back_too(ada: Known, bob: Known) -> None:
    not_ready(bob)
    body = pay(ada, bob, "0.004", "BTC").json()
    assert words(lines(ada)[0]) == (
        "Payment sent", f"${tag(bob)}", "", "pending", "-0.004 BTC",
    )  # fmt: skip

    ada.send(f"/v1/transfers/{body['id']}/cancel")

    back, sent = lines(ada)[:2]
    assert words(back) == ("Payment returned", f"${tag(bob)}", "", "completed", "0.004 BTC")
    assert sent["status"] == "canceled"


def test_the_entry_that_only_disposes_is_in_no_list(ada: Known, bob: Known) -> None:
    not_ready(bob)
    pay(ada, bob, "0.004", "BTC")
    ready(bob)
    passes.deliver_waiting(board=live.current(), now=clock.now())

    assert [row["kind"] for row in lines(ada, "?group=transfer")] == ["transfer_sent"]
    assert lines(ada)[0]["status"] == "completed"


def test_a_link_and_a_request_are_linked_to(ada: Known, bob: Known) -> None:
    money = {"amount": "5.00", "currency": "USD"}
    link = ada.send("/v1/payment-links", {"amount": money, "note": "for you"}).json()
    waits = lines(ada)[0]
    assert words(waits) == ("Payment link", "", "for you", "pending", "-5.00 USD")
    assert waits["links"]["payment_link"] == link["id"]

    bob.send("/v1/payment-links/claim", {"token": link["token"]})
    claimed = lines(bob)[0]
    assert words(claimed) == (
        "Payment received", f"${tag(ada)}", "for you", "completed", "5.00 USD",
    )  # fmt: skip
    assert list(claimed["links"]) == ["transfer"]

    bob.send("/v1/payment-requests", {"of": tag(ada), "amount": money})
    asked = Request.objects.get()
    ada.send(f"/v1/payment-requests/{asked.shown_id}/pay", {})
    assert words(lines(ada)[0])[:2] == ("Request paid", f"${tag(bob)}")
    assert words(lines(bob)[0])[:2] == ("Request paid to you", f"${tag(ada)}")
    assert lines(bob)[0]["links"]["payment_request"] == asked.shown_id


def test_search_finds_the_other_one_and_the_note_and_nobody_elses(ada: Known, bob: Known) -> None:
    pay(ada, bob, "1", note="for 100% pizza")

    for text in (tag(bob), f"${tag(bob)}".upper(), "PIZZA", "0%25 p"):
        assert [row["kind"] for row in lines(ada, f"?q={text}")] == ["transfer_sent"], text
    assert [row["kind"] for row in lines(bob, f"?q={tag(ada)}")] == ["transfer_received"]
    assert [row["kind"] for row in lines(bob, "?q=pizza")] == ["transfer_received"]
    assert lines(ada, f"?q={tag(ada)}") == []
    assert lines(ada, "?q=1%25pizza") == []


def test_a_page_of_payments_costs_the_same_however_many(ada: Known, bob: Known) -> None:
    pay(ada, bob, "1")
    with CaptureQueriesContext(connection) as one:
        lines(ada)
    for _ in range(4):
        pay(ada, bob, "1")
    with CaptureQueriesContext(connection) as more:
        lines(ada)

    assert len(more) == len(one)
