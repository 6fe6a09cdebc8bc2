"""What Stripe answers without us, and how it ends, is explained and told once."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from cards.authorizations.rules.explanation import STRIPES_REASONS
from krak.core import clock
from krak.core.outbox import services as outbox
from tests.people import Known, new_customer
from tests.stripe_door import StripeDoor

SCHEMA = Path(__file__).parents[1] / "fixtures" / "stripe" / "schema_issuing.authorization.json"
YES = "webhook_approved"


class Person:
    """A customer with 100 dollars, what Stripe says of their card, and what they see of it."""

    def __init__(self, client: Client, known: Known) -> None:
        self.known = known
        self.door = StripeDoor(client, known.card.stripe_id)

    def taps(self, amount: int, **rest: Any) -> None:
        assert self.door.request(amount, **rest).status_code == 200

    def hears(self, amount: int, **rest: Any) -> None:
        """Let Stripe tell how the authorization stands."""
        assert self.door.authorization(amount, **rest).status_code == 200
        outbox.drain(now=clock.now())

    @property
    def told(self) -> list[tuple[str, str]]:
        """Return the kinds and amounts of all notices, oldest first."""
        notices = self.known.get("/v1/notifications").json()["results"]
        return [(n["kind"], n["facts"]["amount"]["amount"]) for n in reversed(notices)]

    @property
    def seen(self) -> dict[str, Any]:
        (purchase,) = self.known.get("/v1/authorizations").json()["results"]
        found: dict[str, Any] = purchase
        return found

    @property
    def decline(self) -> Any:
        """Return the reason of why the last request was refused."""
        return (self.seen["decline"] or {"reason": None})["reason"]


@pytest.fixture
def person(client: Client, pinned: Any) -> Person:
    pinned()
    return Person(client, new_customer(cash="100"))


def test_all_of_stripes_reasons_that_are_known_have_words() -> None:
    history = json.loads(SCHEMA.read_text())["properties"]["request_history"]
    known = set(history["items"]["properties"]["reason"]["x-known-values"])

    assert known - {"card_active", YES} == STRIPES_REASONS.keys()


pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("reason", "shown", "message"),
    [
        ("spending_controls", "spending_controls",
         "A limit or a block that is set for the card forbids it."),
        ("card_inactive", "card_inactive", "The card is frozen or canceled."),
        ("insufficient_funds", "system_error", "Something broke on our side; nothing was taken."),
        ("network_fallback", "no_answer", "Our answer did not arrive in time; please try again."),
        ("of tomorrow", "declined_by_network", "The card network declined it."),
    ],
)  # fmt: skip
def test_what_stripe_declines_before_it_asks_us_is_explained_and_told_once(
    person: Person, reason: str, shown: str, message: str
) -> None:
    for kind in ("created", "updated"):
        person.hears(5000, approved=False, status="closed", reason=reason, kind=kind)

    assert person.seen["decline"] == {"reason": shown, "message": message}
    assert person.told == [("authorization.declined", "50.00")]
    (notice,) = person.known.get("/v1/notifications").json()["results"]
    assert notice["text"] == f"50.00 USD at RAMEN TOKYO: {message}"
    assert notice["facts"]["authorization"] == person.seen["id"]


def test_a_yes_of_ours_that_came_too_late_is_taken_back_once(person: Person) -> None:
    person.taps(5000)
    for _ in range(2):
        person.hears(5000, approved=False, status="closed", reason="webhook_timeout")

    assert (person.seen["approved"], person.decline) == (False, "no_answer")
    assert person.told == [("authorization.approved", "50.00"), ("authorization.declined", "50.00")]


def test_a_decline_of_ours_keeps_its_own_reason_and_is_not_told_again(person: Person) -> None:
    for reason in ("webhook_declined", "webhook_timeout"):
        person.door = StripeDoor(person.door.client, person.known.card.stripe_id)
        person.taps(50_000)
        person.hears(50_000, approved=False, status="closed", reason=reason)

    purchases = person.known.get("/v1/authorizations").json()["results"]
    assert [each["decline"]["reason"] for each in purchases] == ["insufficient_funds"] * 2
    assert person.told == [("authorization.declined", "500.00")] * 2


def test_what_we_confirm_is_told_at_the_tap_alone(person: Person) -> None:
    person.taps(5000)
    person.hears(5000, kind="created")
    person.hears(5000, status="closed")

    assert person.decline is None
    assert person.told == [("authorization.approved", "50.00")]


def test_what_is_approved_without_us_is_told_once(person: Person) -> None:
    for kind in ("created", "updated"):
        person.hears(5000, reason="network_fallback", kind=kind)

    assert (person.seen["approved"], person.decline) == (True, None)
    assert person.told == [("authorization.approved", "50.00")]


def test_what_is_approved_although_we_declined_it_is_told_and_no_decline_any_more(
    person: Person,
) -> None:
    person.taps(50_000)
    person.hears(50_000, reason="network_fallback")

    assert (person.seen["approved"], person.decline) == (True, None)
    assert person.told == [
        ("authorization.declined", "500.00"),
        ("authorization.approved", "500.00"),
    ]


def test_each_increment_is_told_by_itself(person: Person) -> None:
    first, refused = (5000, True, YES), (2000, False, "spending_controls")
    person.taps(5000)
    person.hears(5000, answers=[first, refused])
    assert (person.seen["approved"], person.decline) == (True, "spending_controls")

    person.hears(6000, answers=[first, refused, (1000, True, "network_fallback")])
    assert not person.decline
    person.taps(90_000, step=3)

    assert person.decline == "insufficient_funds"
    assert person.told == [
        ("authorization.approved", "50.00"),
        ("authorization.declined", "20.00"),
        ("authorization.approved", "10.00"),
        ("authorization.declined", "900.00"),
    ]


@pytest.mark.parametrize("status", ["reversed", "expired"])
def test_what_is_never_taken_is_told_to_be_free_again(person: Person, status: str) -> None:
    person.taps(5000)
    for _ in range(2):
        person.hears(0, status=status, answers=[(5000, True, YES)])

    assert person.told == [
        ("authorization.approved", "50.00"),
        (f"authorization.{status}", "50.00"),
    ]


def test_only_what_was_not_captured_is_free_again(person: Person) -> None:
    person.taps(5000)
    person.door.transaction(2000, transaction="t1", kind="capture")
    person.hears(5000, status="expired", answers=[(5000, True, YES)])

    assert ("authorization.expired", "30.00") in person.told


@pytest.mark.parametrize("order", permutations(range(3)))
def test_in_any_order_an_end_is_told_once_and_no_beginning_after_it(
    person: Person, order: tuple[int, ...]
) -> None:
    asked = [(5000, True, "network_fallback")]
    events: list[dict[str, Any]] = [
        {"amount": 5000, "kind": "created"},
        {"amount": 5000},
        {"amount": 0, "status": "reversed"},
    ]
    for index in order:
        person.hears(**events[index], at=index, answers=asked)

    kinds = [kind for kind, _amount in person.told]
    assert kinds.count("authorization.reversed") == 1
    assert kinds[-1] == "authorization.reversed"
    assert kinds.count("authorization.approved") == (order[0] != 2)


def test_a_purchase_that_was_paid_for_all_the_same_is_not_told_to_be_declined(
    person: Person,
) -> None:
    person.door.transaction(5000, transaction="t1", kind="capture")
    person.hears(5000, approved=False, status="closed", reason="webhook_timeout")

    assert "authorization.declined" not in {kind for kind, _amount in person.told}
