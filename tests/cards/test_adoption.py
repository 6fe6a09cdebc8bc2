"""What the network decided without us, and what it must not make us forget."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from cards.authorizations.models import Authorization, Decision, StrayRequest
from cards.clearing.models import CardTransaction
from holdings.ledger import queries as ledger
from holdings.ledger.models import JournalEntry
from krak.cases.models import Case, Status
from krak.core.ids import uuid7
from tests.cards.scenarios import Play, scenario
from tests.stripe_door import answer_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def play(client: Client, pinned: Any) -> Play:
    """Return a customer with 10 dollars and 0.01 BTC, worth 500."""
    given = {"posted": 1000, "lots": {"BTC": [{"quantity": "0.01", "cost": "300"}]}}
    return Play(scenario("A01") | {"given": given}, client, pinned)


def _known(play: Play) -> Authorization:
    return Authorization.objects.get(stripe_id=play.door.id("a1"))


def test_an_increment_that_the_network_approved_without_us_is_adopted_and_sold_for(
    play: Play,
) -> None:
    play.request(1000)
    play.authorization(1000)
    play.authorization(
        6000, reason="webhook_timeout", kind="updated", request_history_length=2
    )  # fmt: skip

    play.check(
        expect={"posted": 6000, "held": 6000, "units": {"BTC": "0.009"},
                "flags": ["webhook_timeout"]}
    )  # fmt: skip
    assert not Case.objects.exists()


def test_an_increment_that_we_declined_and_the_network_approved_is_adopted(play: Play) -> None:
    play.request(1000)
    play.request(100_000, step=1)
    play.authorization(101_000, request_history_length=2, reason="network_fallback")

    play.check(
        expect={"posted": 51_000, "held": 101_000, "available": -50_000, "units": {"BTC": "0"},
                "flags": ["network_fallback", "overdrawn"]}
    )  # fmt: skip
    case = Case.objects.get()
    assert (case.kind, case.subject, case.status) == ("overdrawn", play.door.id("a1"), Status.OPEN)
    assert (case.customer, case.assigned_to) == (play.customer, None)
    assert case.details["available"] == "-500"


def test_control_without_the_event_nothing_of_a_declined_increment_is_held(play: Play) -> None:
    play.request(1000)
    play.request(100_000, step=1)

    play.check(expect={"posted": 1000, "held": 1000, "units": {"BTC": "0.01"}, "flags": []})
    assert not Case.objects.exists()


def test_the_reason_is_of_what_was_approved_without_us_not_of_what_came_last(play: Play) -> None:
    play.request(2000, step=1)
    play.authorization(
        4000, answers=[(2000, True, "network_fallback"), (2000, True, "webhook_approved")]
    )

    play.check(expect={"held": 4000})
    assert _known(play).flags == ["network_fallback"]


def test_an_approval_that_we_know_nothing_of_is_adopted_without_a_reason(play: Play) -> None:
    play.authorization(
        2000, answers=[(1000, True, "webhook_approved"), (1000, True, "a_new_reason")]
    )

    assert _known(play).flags == ["adopted"]


def test_an_authorization_may_grow_without_us_again_and_again(play: Play) -> None:
    for amount in (2000, 3000, 4000):
        play.authorization(amount, reason="network_fallback")

    play.check(expect={"posted": 4000, "held": 4000, "units": {"BTC": "0.0094"}})
    causes = JournalEntry.objects.filter(customer=play.customer, cause__startswith="adoption:")
    assert causes.count() == 3


def test_an_adopted_snapshot_twice_sells_once(play: Play) -> None:
    for _ in range(2):
        play.authorization(2000, reason="network_fallback", at=10)

    play.check(expect={"posted": 2000, "held": 2000, "units": {"BTC": "0.0098"}})


def test_a_snapshot_without_history_holds_what_it_says_and_no_more(play: Play) -> None:
    play.request(1000)
    play.authorization(1000, request_history_length=0)

    play.check(expect={"posted": 1000, "held": 1000})


def test_a_snapshot_that_gives_no_reason_leaves_no_empty_flag(play: Play) -> None:
    play.request(1000)
    play.authorization(1000, approved=False, request_history_length=0)

    assert _known(play).flags == []
    play.check(expect={"held": 0})


class TestARequestAboutSomethingThatHasEnded:
    def _replays(self) -> None:
        for decision in Decision.objects.all():
            call_command("replay_decision", decision.shown_id)

    @pytest.mark.parametrize("status", ["closed", "reversed", "expired"])
    def test_is_answered_and_holds_and_sells_nothing(self, play: Play, status: str) -> None:
        play.request(1000)
        play.authorization(0, status=status, request_history_length=1)
        play.request(3000, step=1)

        assert play.answers[1]["approved"] is True
        play.check(expect={"posted": 1000, "held": 0, "units": {"BTC": "0.01"}})
        self._replays()

    def test_that_the_network_told_the_end_of_counts_once(self, play: Play) -> None:
        play.request(1000)
        play.authorization(3000, request_history_length=2)
        play.request(2000, step=1)

        assert _known(play).amount == 30
        play.check(expect={"held": 3000})
        self._replays()

    def test_holds_what_was_not_captured_ahead_of_it(self, play: Play) -> None:
        play.request(1000)
        play.capture(2500, authorization="a1", transaction="t1", closes_authorization=False)
        play.request(2000, step=1)

        play.check(expect={"held": 500})
        self._replays()

    def test_whose_capture_came_first_is_not_held_again(self, play: Play) -> None:
        play.capture(1000, authorization="a1", transaction="t1", closes_authorization=False)
        play.request(1000)

        play.check(expect={"posted": 0, "held": 0, "flags": ["capture_unknown_auth"]})
        self._replays()


def test_a_later_snapshot_of_what_was_captured_unseen_holds_only_the_rest_and_sells_for_it(
    play: Play,
) -> None:
    play.capture(1000, authorization="a1", transaction="t1", closes_authorization=False)
    play.authorization(3000, reason="network_fallback")

    play.check(
        expect={"posted": 2000, "held": 2000, "units": {"BTC": "0.0096"},
                "flags": ["capture_unknown_auth", "network_fallback"]}
    )  # fmt: skip


@pytest.mark.parametrize("status", ["pending", "closed"])
def test_what_was_captured_before_its_decline_was_told_is_a_case_when_that_comes(
    play: Play, status: str
) -> None:
    play.capture(400, authorization="a1", transaction="t1", at=5, closes_authorization=False)
    play.capture(100, authorization="a1", transaction="t2", at=6, closes_authorization=False)
    assert not Case.objects.exists()

    for _ in range(2):
        play.authorization(
            500, approved=False, reason="webhook_declined", status=status, at=4, kind="created"
        )

    known = _known(play)
    assert (known.approved, known.captured) == (False, 5)
    assert "capture_on_declined" in known.flags
    assert [row.flags for row in CardTransaction.objects.order_by("event_at")] == [
        ["capture_unknown_auth", "capture_on_declined"],
        ["capture_on_declined"],
    ]
    assert sorted(Case.objects.values_list("kind", "subject")) == [
        ("capture_on_declined", play.door.id("t1")),
        ("capture_on_declined", play.door.id("t2")),
    ]
    play.check(expect={"posted": 500, "held": 0})


def test_what_was_captured_on_a_request_that_we_declined_without_a_book_is_a_case(
    play: Play,
) -> None:
    StrayRequest.objects.create(
        id=uuid7(), stripe_id=play.door.id("a1"), step=0, card_stripe_id=play.card.stripe_id,
        reason="system_busy", request={}, answer={},
    )  # fmt: skip

    play.capture(400, authorization="a1", transaction="t1", closes_authorization=False)

    known = _known(play)
    assert (known.approved, known.flags) == (False, ["capture_on_declined"])
    assert CardTransaction.objects.get().flags == ["capture_on_declined"]
    case = Case.objects.get()
    assert (case.kind, case.subject) == ("capture_on_declined", play.door.id("t1"))
    play.check(expect={"posted": 600, "held": 0})


def test_a_request_answered_without_a_book_keeps_that_answer(play: Play) -> None:
    kept = {"approved": False, "metadata": {"decline_reason": "system_busy"}}
    StrayRequest.objects.create(
        id=uuid7(), stripe_id=play.door.id("a1"), step=0, card_stripe_id=play.card.stripe_id,
        reason="system_busy", request={}, answer=kept,
    )  # fmt: skip

    assert answer_of(play.door.request(500)) == kept
    assert ledger.balances(customer_id=play.customer.id)["USD"].held == Decimal(0)
