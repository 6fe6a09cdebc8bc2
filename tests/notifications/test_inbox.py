"""What customers are told: by kind, in words, numbered by the database."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError
from django.test import Client

from krak.core import clock
from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction as ours
from krak.notifications import kinds, services
from krak.notifications.models import Feed, Notification
from tests.dinners import dinner
from tests.people import Known, new_customer
from tests.stripe_door import StripeDoor


@pytest.fixture
def known(pinned: Any) -> Known:
    pinned()
    return new_customer(cash="200")


def told(known: Known) -> list[dict[str, Any]]:
    """Return the notices, oldest first."""
    outbox.drain(now=clock.now())
    notices: list[dict[str, Any]] = known.get("/v1/notifications").json()["results"]
    return notices[::-1]


@pytest.mark.django_db
def test_a_dinner_is_told_of_when_approved_when_taken_and_when_rewarded(known: Known) -> None:
    dinner(known)

    notices = told(known)

    assert [each["sequence"] for each in notices] == [1, 2, 3]
    assert [(each["kind"], each["group"], each["title"], each["text"]) for each in notices] == [
        ("authorization.approved", "card", "Purchase approved", "120.00 USD at RAMEN TOKYO."),
        ("purchase.cleared", "card", "Purchase settled",
         "120.00 USD at RAMEN TOKYO has been taken."),
        ("cashback.credited", "cashback", "Cashback",
         "1.20 USD for your purchase at RAMEN TOKYO."),
    ]  # fmt: skip
    (purchase,) = known.get("/v1/authorizations").json()["results"]
    assert {each["facts"]["authorization"] for each in notices} == {purchase["id"]}


@pytest.mark.django_db
def test_a_tap_is_in_the_inbox_when_it_is_answered(known: Known) -> None:
    StripeDoor(Client(), known.card.stripe_id).request(10_00)

    promised = OutboxMessage.objects.filter(payload__customer=str(known.customer.id))
    assert not promised.filter(topic__startswith="notifications.").exists()
    (notice,) = known.get("/v1/notifications").json()["results"]
    (purchase,) = known.get("/v1/authorizations").json()["results"]
    assert notice["text"] == "10.00 USD at RAMEN TOKYO."
    assert notice["facts"]["authorization"] == purchase["id"]


@pytest.mark.django_db
def test_an_increment_is_told_of_the_same_purchase(known: Known) -> None:
    door = StripeDoor(Client(), known.card.stripe_id)
    door.request(10_00)
    door.request(5_00, step=1)

    notices = told(known)
    (purchase,) = known.get("/v1/authorizations").json()["results"]
    assert [each["facts"]["amount"]["amount"] for each in notices] == ["10.00", "5.00"]
    assert {each["facts"]["authorization"] for each in notices} == {purchase["id"]}


@pytest.mark.django_db
def test_a_decline_is_told_with_its_reason_in_plain_words(known: Known) -> None:
    door = StripeDoor(Client(), known.card.stripe_id)
    assert door.request(500_00).json()["approved"] is False

    (notice,) = told(known)

    assert notice["kind"] == "authorization.declined"
    assert notice["text"] == (
        "500.00 USD at RAMEN TOKYO: Cash and what your assets counted for did not cover the amount."
    )
    assert notice["facts"]["reason"] == "insufficient_funds"


@pytest.mark.django_db
def test_a_refund_is_told_of(known: Known) -> None:
    door = dinner(known)
    door.transaction(20_00, kind="refund", transaction="t2")

    notice = told(known)[3]

    assert (notice["kind"], notice["text"]) == (
        "refund.received", "RAMEN TOKYO has returned 20.00 USD.",
    )  # fmt: skip


@pytest.mark.django_db
def test_a_request_that_is_repeated_is_told_of_once(known: Known) -> None:
    door = StripeDoor(Client(), known.card.stripe_id)
    door.request(10_00)
    door.request(10_00)

    assert [each["kind"] for each in told(known)] == ["authorization.approved"]


@pytest.mark.parametrize(
    ("kind", "facts", "title", "text"),
    [
        ("transfer.received", {"amount": {"amount": "5.00", "currency": "EUR"},
                               "counterparty": "ada", "note": "tea"},
         "Money received", "ada has sent you 5.00 EUR: tea"),
        ("transfer.received", {"amount": {"amount": "5.00", "currency": "EUR"},
                               "counterparty": "ada", "note": ""},
         "Money received", "ada has sent you 5.00 EUR."),
        ("deposit.received", {"amount": "12.5", "currency": "USD"},
         "Deposit received", "12.5 USD is in your account."),
        ("new_device", {}, "New device signed in",
         "If that was not you, change your password."),
        ("statement.ready", {}, "Your statement is ready", "It can be read in the app."),
        ("moon.reached", {"amount": "1"}, "Moon reached", ""),
    ],
)  # fmt: skip
def test_words_are_made_of_the_facts_that_are_there(
    kind: str, facts: dict[str, Any], title: str, text: str
) -> None:
    assert kinds.word(kind, facts) == kinds.Wording(title, text)


def test_what_strangers_write_neither_formats_nor_floods() -> None:
    facts = {"counterparty": "{0.__class__}", "note": "a\n" * 9000,
             "amount": {"amount": "1", "currency": "USD"}}  # fmt: skip

    text = kinds.word("transfer.received", facts).text

    assert text.startswith("{0.__class__} has sent you 1 USD: a a a")
    assert "\n" not in text
    assert len(text) <= kinds.LONGEST_TEXT


@pytest.mark.django_db
def test_the_database_numbers_each_customers_notices_whoever_inserts(known: Known) -> None:
    other = new_customer()
    rows = [
        Notification(
            id=uuid7(),
            customer=owner.customer,
            kind="x",
            facts={},
            created_at=clock.now(),
            sequence=9,
        )
        for owner in (known, known, other, known)
    ]
    Notification.objects.bulk_create(rows)

    numbers = Notification.objects.order_by("id").values_list("customer_id", "sequence")

    assert [number for owner, number in numbers if owner == known.customer.id] == [1, 2, 3]
    assert [number for owner, number in numbers if owner == other.customer.id] == [1]
    assert Feed.objects.get(customer=known.customer).last == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE notifications_notification SET sequence = 7",
        "UPDATE notifications_notification SET kind = 'y'",
        "UPDATE notifications_feed SET last = 0",
        "UPDATE notifications_feed SET last = last + 2",
    ],
)
def test_neither_a_notice_nor_the_count_is_changed(known: Known, statement: str) -> None:
    with ours():
        services.keep([services.Told(known.customer.id, "x", {})], now=clock.now())

    with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
        connection.cursor().execute(statement)
