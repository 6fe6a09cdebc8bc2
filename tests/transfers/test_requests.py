"""Asking for money: paid, declined, canceled, run out; and bills that are split."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fx.prices import live
from holdings.transfers.models import Request, SplitBill
from holdings.transfers.rules import adds_up, equal_shares, readable_note
from holdings.transfers.services import passes
from krak.core.money import allocate
from tests.people import Known, new_customer
from tests.transfers.conftest import (
    books_hold,
    not_ready,
    posted,
    ready,
    refusal,
    tag,
    tagged,
    told,
)


def ask(requester: Known, payer: Known, amount: str, currency: str = "USD", **more: Any) -> Any:
    body = {"of": tag(payer), "amount": {"amount": amount, "currency": currency}, **more}
    return requester.send("/v1/payment-requests", body)


def answer(known: Known, request: dict[str, Any], what: str, **body: Any) -> Any:
    return known.send(f"/v1/payment-requests/{request['id']}/{what}", body or None)


@pytest.mark.django_db
def test_a_request_moves_nothing_until_it_is_paid_once(ada: Known, bob: Known) -> None:
    request = ask(bob, ada, "25", note="Dinner").json()

    assert (request["object"], request["direction"], request["state"]) == (
        "payment_request", "out", "open",
    )  # fmt: skip
    assert posted(ada) == 1000
    assert [kind for kind, _facts in told(ada)] == ["request.received"]
    theirs = ada.get("/v1/payment-requests").json()["results"]
    assert [(row["id"], row["direction"], row["counterparty"]["tag"]) for row in theirs] == [
        (request["id"], "in", tag(bob))
    ]

    paid = answer(ada, request, "pay").json()

    assert (paid["kind"], paid["state"], paid["note"]) == ("request", "completed", "Dinner")
    assert (posted(ada), posted(bob)) == (975, 25)
    seen = bob.get(f"/v1/payment-requests/{request['id']}").json()
    assert (seen["state"], seen["transfer"]) == ("paid", paid["id"])
    assert told(bob) == [
        (
            "request.paid",
            {
                "request": request["id"], "transfer": paid["id"], "note": "Dinner",
                "amount": {"amount": "25.00", "currency": "USD"}, "counterparty": tag(ada),
            },
        )
    ]  # fmt: skip
    for known, what in ((ada, "pay"), (ada, "decline"), (bob, "cancel"), (ada, "quote")):
        ended = answer(known, request, what)
        assert refusal(ended) == (409, "transfers.request_ended")
        assert ended.json()["facts"] == {"state": "paid"}
    books_hold(ada, bob)


@pytest.mark.django_db
def test_a_request_is_paid_with_another_asset_after_a_quote(ada: Known, bob: Known) -> None:
    request = ask(bob, ada, "10000", "JPY").json()
    assert refusal(answer(ada, request, "pay")) == (422, "transfers.insufficient_funds")

    made = answer(ada, request, "quote", **{"from": "EUR"}).json()
    assert made["pay"] == {"amount": "60.63", "currency": "EUR", "multiplier": None}
    assert answer(ada, request, "pay", quote=made["quote"]["id"]).status_code == 201

    assert posted(bob, "JPY") == 10000
    books_hold(ada, bob)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "what", "state"),
    [("payer", "decline", "declined"), ("requester", "cancel", "canceled")],
)
def test_a_request_is_declined_or_taken_back_once(
    ada: Known, bob: Known, who: str, what: str, state: str
) -> None:
    request = ask(bob, ada, "25").json()
    known, other = (ada, bob) if who == "payer" else (bob, ada)

    assert refusal(answer(other, request, what)) == (404, "transfers.request_not_found")
    ended = answer(known, request, what)

    assert (ended.status_code, ended.json()["state"]) == (200, state)
    assert answer(known, request, what).json() == ended.json()
    assert refusal(answer(ada, request, "pay")) == (409, "transfers.request_ended")
    assert [kind for kind, _ in told(bob)] == (["request.declined"] if who == "payer" else [])
    assert posted(ada) == 1000


@pytest.mark.django_db
def test_a_request_runs_out(ada: Known, bob: Known) -> None:
    request = ask(bob, ada, "25").json()
    end = Request.objects.get().expires_at
    assert end == Request.objects.get().created_at + timedelta(days=30)

    assert passes.expire_due(board=live.current(), now=end - timedelta(seconds=1)) == 0
    assert passes.expire_due(board=live.current(), now=end) == 1

    assert ada.get(f"/v1/payment-requests/{request['id']}").json()["state"] == "expired"
    assert [kind for kind, _ in told(bob)] == ["request.expired"]
    assert [kind for kind, _ in told(ada)] == ["request.received", "request.expired"]


@pytest.mark.django_db
def test_who_cannot_take_money_neither_asks_nor_is_paid_what_they_asked(
    ada: Known, bob: Known
) -> None:
    request = ask(bob, ada, "25").json()
    not_ready(bob)

    assert refusal(ask(bob, ada, "25")) == (403, "customers.email_unverified")
    assert refusal(answer(ada, request, "pay")) == (422, "transfers.recipient_cannot_receive")
    ready(bob)
    assert answer(ada, request, "pay").status_code == 201


@pytest.mark.django_db
def test_requests_are_not_for_oneself_nor_without_end_nor_others_to_see(
    ada: Known, bob: Known
) -> None:
    assert refusal(ask(bob, bob, "1")) == (400, "transfers.to_oneself")
    made = [ask(bob, ada, "1") for _ in range(11)]
    assert [each.status_code for each in made] == [201] * 10 + [422]
    assert refusal(made[-1]) == (422, "transfers.too_many_requests")
    carl = tagged(new_customer(country="BR"))
    request = made[0].json()
    for what in ("pay", "quote", "decline", "cancel"):
        assert refusal(answer(carl, request, what)) == (404, "transfers.request_not_found")
    path = f"/v1/payment-requests/{request['id']}"
    assert refusal(carl.get(path)) == (404, "transfers.request_not_found")
    assert refusal(carl.get("/v1/payment-requests/nonsense")) == (
        404,
        "transfers.request_not_found",
    )
    assert refusal(answer(bob, request, "pay")) == (404, "transfers.request_not_found")


# --- Split bills ----------------------------------------------------------------------------------


def split(owner: Known, amount: str, shares: list[dict[str, Any]], **more: Any) -> Any:
    body = {"amount": {"amount": amount, "currency": "USD"}, "shares": shares, **more}
    return owner.send("/v1/split-bills", body)


@pytest.mark.django_db
def test_a_bill_is_split_equally_to_the_last_cent_and_shows_who_has_paid(
    ada: Known, bob: Known
) -> None:
    carl = tagged(new_customer(cash="50", country="BR"))

    bill = split(bob, "100.00", [{"tag": tag(ada)}, {"tag": f"${tag(carl).upper()}"}]).json()

    assert bill["own"] == {"amount": "33.34", "currency": "USD"}
    assert [(share["tag"], share["amount"]["amount"], share["state"]) for share in bill["shares"]] \
        == [(tag(ada), "33.33", "open"), (tag(carl), "33.33", "open")]  # fmt: skip
    assert (bill["people"], bill["shares_paid"], bill["paid"]["amount"]) == (3, 0, "0.00")

    answer(ada, {"id": bill["shares"][0]["request"]}, "pay")
    answer(carl, {"id": bill["shares"][1]["request"]}, "decline")

    seen = bob.get(f"/v1/split-bills/{bill['id']}").json()
    assert [share["state"] for share in seen["shares"]] == ["paid", "declined"]
    assert (seen["shares_paid"], seen["paid"]["amount"]) == (1, "33.33")
    assert bob.get("/v1/split-bills").json()["results"] == [seen]
    for other in (ada, carl):
        path = f"/v1/split-bills/{bill['id']}"
        assert refusal(other.get(path)) == (404, "transfers.split_not_found")
    books_hold(ada, bob, carl)


@pytest.mark.django_db
def test_a_share_that_fails_does_not_stop_the_others(ada: Known, bob: Known) -> None:
    shares = [
        {"tag": "nobody_at_all", "amount": "10"},
        {"tag": tag(ada), "amount": "20"},
        {"tag": tag(bob), "amount": "30"},
    ]
    bill = split(bob, "100", shares, own="40").json()

    assert [(share["state"], share["failure"]) for share in bill["shares"]] == [
        ("failed", "customers.tag_not_found"), ("open", None), ("failed", "transfers.to_oneself"),
    ]  # fmt: skip
    assert Request.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("amount", "shares", "more", "field"),
    [
        ("100", [("ada", "50"), ("bob", "49.99")], {}, "shares"),
        ("100", [("ada", "50"), ("bob", "50.01")], {}, "shares"),
        ("100", [("ada", "100")], {"own": "1"}, "shares"),
        ("100", [("ada", "50"), ("bob", None)], {}, "shares"),
        ("100", [("ada", "0"), ("bob", "100")], {}, "shares[0].amount"),
        ("100", [("ada", None), ("ADA", None)], {}, "shares"),
        ("100", [("аda", None)], {}, "shares[0].tag"),  # Cyrillic
        ("100", [], {}, "shares"),
        ("100", [(f"person_{n}", None) for n in range(13)], {}, "shares"),
        ("100", [(f"person_{n}", None) for n in range(12)], {}, "shares"),
        ("0.01", [("ada", None), ("bob", None)], {}, "amount"),
    ],
)
def test_shares_that_are_not_the_bill_are_a_field_error(
    ada: Known, amount: str, shares: list[tuple[str, str | None]], more: dict[str, str], field: str
) -> None:
    asked = [{"tag": who} | ({"amount": part} if part else {}) for who, part in shares]

    response = split(ada, amount, asked, **more)

    assert refusal(response) == (400, "api.invalid")
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert not SplitBill.objects.exists()


@pytest.mark.django_db
def test_twelve_share_a_bill(ada: Known) -> None:
    shares = [{"tag": f"person_{n}"} for n in range(12)]

    assert split(ada, "100", shares[:11]).json()["people"] == 12
    assert split(ada, "100", shares, include_me=False).json()["people"] == 12


@given(
    total=st.integers(0, 10**20), places=st.integers(0, 10),
    weights=st.lists(st.decimals(0, 10**6, places=3), min_size=1, max_size=12),
)  # fmt: skip
def test_what_is_allocated_is_all_of_it_and_nobody_is_off_by_a_whole_unit(
    total: int, places: int, weights: list[Decimal]
) -> None:
    amount, unit = Decimal(total).scaleb(-places), Decimal(1).scaleb(-places)
    if not any(weights):
        with pytest.raises(ValueError, match="cannot be shared out"):
            allocate(amount, weights, places=places)
        return

    parts = allocate(amount, weights, places=places)

    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - amount * weight) < unit * sum(weights)


@given(total=st.integers(1, 10**12), people=st.integers(1, 12))
def test_equal_shares_differ_by_a_cent_at_most_and_the_first_pay_it(
    total: int, people: int
) -> None:
    amount = Decimal(total).scaleb(-2)
    parts = equal_shares(amount, people=people, places=2)

    assert sum(parts) == amount
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] <= Decimal("0.01")
    assert adds_up(amount, parts) is (total >= people)


@given(st.text(max_size=200))
def test_a_note_has_one_form_or_none(text: str) -> None:
    note = readable_note(text)
    if note is not None:
        assert readable_note(note) == note
        assert len(note) <= 140
        assert note.isprintable() or "\u200d" in note or any(c.isspace() for c in note)


def test_emojis_that_are_joined_are_a_note() -> None:
    family = "👨\u200d👩\u200d👧"
    assert readable_note(f" {family} ") == family


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ({"amount": "10", "currency": "nope"}, (404, "assets.unknown")),
        ({"amount": "10.001", "currency": "USD"}, (400, "quotes.amount_too_fine")),
    ],
)
def test_a_bill_in_what_there_is_not_is_refused(
    ada: Known, amount: dict[str, str], code: tuple[int, str]
) -> None:
    body = {"amount": amount, "shares": [{"tag": "somebody"}]}
    assert refusal(ada.send("/v1/split-bills", body)) == code
