"""Top-ups over the wire to a fake Stripe: asked once, credited and taken back by its word."""

import itertools
import random
import runpy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from holdings.funding.models import Deposit, TakeBack, TopUp
from holdings.funding.services import top_ups
from holdings.ledger.models import JournalEntry
from krak.cases.models import Case
from krak.core import clock
from krak.notifications.models import Notification
from tests.cards.stripe_side import StripeSide
from tests.funding.world import balance, books_hold
from tests.people import Known, new_customer

pytestmark = pytest.mark.django_db


def ask(known: Known, amount: str = "50.00", currency: str = "USD", **more: str) -> Any:
    key = more.pop("key", "")
    body = {"method": "card", "amount": amount, "currency": currency} | more
    return known.send("/v1/top-ups", body, key=key)


def begun(known: Known, **asked: str) -> tuple[str, str]:
    """Begin a top-up and return its id and Stripe's."""
    made = ask(known, **asked)
    assert made.status_code == 201, made.content
    intent = made.json()["client_secret"].partition("_secret")[0]
    return made.json()["id"], intent


def paid(known: Known, stripe_side: StripeSide, **asked: str) -> tuple[str, str]:
    shown, intent = begun(known, **asked)
    stripe_side.issuer.control.pay(intent)
    stripe_side.hand_over()
    return shown, intent


def kinds(known: Known) -> list[str]:
    rows = Notification.objects.filter(customer=known.customer).order_by("id")
    return list(rows.values_list("kind", flat=True))


def state(known: Known, shown: str) -> str:
    return str(known.get(f"/v1/top-ups/{shown}").json()["state"])


def test_a_card_pays_in(ada: Known, stripe_side: StripeSide) -> None:
    shown, intent = begun(ada)
    there = stripe_side.v1.payment_intents.retrieve(intent)
    assert (there.amount, there.currency, there.payment_method_types) == (5000, "usd", ["card"])
    assert (state(ada, shown), balance(ada, "USD")) == ("created", (5000, 0))

    stripe_side.issuer.control.pay(intent)
    stripe_side.hand_over()

    assert (state(ada, shown), balance(ada, "USD")) == ("succeeded", (5050, 0))
    entry = JournalEntry.objects.get(kind="TOP_UP", customer=ada.customer)
    legs = {(p.house or "customer", p.side, p.amount) for p in entry.postings.all()}
    assert legs == {("customer", "CREDIT", 50), ("CUSTODY", "DEBIT", 50)}
    assert entry.details["provider_reference"] == intent
    assert kinds(ada) == ["deposit.received"]
    (listed,) = ada.get("/v1/deposits").json()["results"]
    assert (listed["kind"], listed["state"]) == ("card", "credited")
    books_hold(ada)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("5000", "JPY", 5000), ("12.34", "EUR", 1234), ("7", "GBP", 700)],
)
def test_amounts_go_in_stripes_own_minor_units(
    ada: Known, stripe_side: StripeSide, market: Any, *, amount: str, currency: str, minor: int
) -> None:
    market({"JPY": "0.0066", "GBP": "1.25"})
    before = balance(ada, currency)[0]

    _shown, intent = paid(ada, stripe_side, amount=amount, currency=currency)

    assert stripe_side.v1.payment_intents.retrieve(intent).amount == minor
    assert balance(ada, currency)[0] == before + Decimal(amount)
    books_hold(ada)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"amount": "1.001"}, 400, "funding.amount_too_fine"),
        ({"currency": "BTC"}, 422, "funding.currency_not_taken"),
        ({"currency": "usd"}, 404, "assets.unknown"),
        ({"currency": "A\u202eB"}, 400, "api.invalid"),
        ({"amount": "0"}, 400, "api.invalid"),
        ({"amount": "1e3"}, 400, "api.invalid"),
        ({"amount": "\u0661"}, 400, "api.invalid"),
        ({"amount": "99999999999999999999"}, 400, "api.invalid"),
        ({"amount": "50000.01"}, 422, "customers.limit_passed"),
        ({"method": "cash"}, 400, "api.invalid"),
        ({"state": "succeeded"}, 400, "api.invalid"),
    ],
)
def test_what_cannot_be_paid_in_is_refused(
    ada: Known, stripe_side: StripeSide, asked: dict[str, str], status: int, code: str
) -> None:
    answer = ask(ada, **asked)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert TopUp.objects.count() == 0


def test_a_bank_debit_takes_its_time_and_counts_when_it_is_there(
    ada: Known, stripe_side: StripeSide
) -> None:
    shown, intent = begun(ada, method="bank_debit", currency="EUR")
    there = stripe_side.v1.payment_intents.retrieve(intent)
    assert there.payment_method_types == ["sepa_debit"]

    stripe_side.issuer.control.pay(intent, "processing")
    stripe_side.hand_over()

    assert (state(ada, shown), balance(ada, "EUR")) == ("processing", (1000, 0))
    stripe_side.issuer.control.pay(intent)
    stripe_side.hand_over()
    assert (state(ada, shown), balance(ada, "EUR")) == ("succeeded", (1050, 0))
    assert kinds(ada) == ["deposit.pending", "deposit.received"]


def test_a_declined_card_may_be_followed_by_one_that_pays(
    ada: Known, stripe_side: StripeSide
) -> None:
    shown, intent = begun(ada)
    stripe_side.issuer.control.pay(intent, "failed")
    stripe_side.hand_over()
    answer = ada.get(f"/v1/top-ups/{shown}").json()
    assert (answer["state"], answer["failure"]) == ("failed", "Your card was declined.")

    stripe_side.issuer.control.pay(intent)
    stripe_side.hand_over()

    assert (state(ada, shown), balance(ada, "USD")) == ("succeeded", (5050, 0))
    assert kinds(ada) == ["top_up.failed", "deposit.received"]


# --- Asking ---------------------------------------------------------------------------------------
def test_while_stripe_is_away_nothing_is_lost_and_the_same_key_goes_on(
    ada: Known, stripe_side: StripeSide
) -> None:
    stripe_side.issuer.control.failures(path="/v1/payment_intents", times=4, status=500)

    away = ask(ada, key="one")

    assert (away.status_code, away.json()["code"]) == (503, "processor.unavailable")
    assert away.json()["retryable"] is True
    assert TopUp.objects.get().stripe_id == ""
    stripe_side.issuer.control.failures(times=0)
    made = ask(ada, key="one")
    assert made.status_code == 201
    assert made.json()["client_secret"].startswith("pi_")
    assert made.headers["Idempotent-Replayed"] == "true"
    assert TopUp.objects.count() == 1
    assert len(stripe_side.v1.payment_intents.list().data) == 1


def test_an_answer_that_was_lost_is_found_again(ada: Known, stripe_side: StripeSide) -> None:
    stripe_side.issuer.control.failures(path="/v1/payment_intents", times=2, lose_answer=True)

    assert ask(ada, key="one").status_code == 503
    (there,) = stripe_side.v1.payment_intents.list().data
    # Its payer may be faster than we are.
    stripe_side.issuer.control.pay(there.id)
    stripe_side.hand_over()

    assert balance(ada, "USD") == (5050, 0)
    assert ask(ada, key="one").json()["client_secret"] == there.client_secret
    assert len(stripe_side.v1.payment_intents.list().data) == 1


def test_a_key_belongs_to_one_request(ada: Known, stripe_side: StripeSide) -> None:
    first, again, other = (
        ask(ada, key="one"),
        ask(ada, key="one"),
        ask(ada, key="one", amount="51.00"),
    )

    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")
    assert ada.send("/v1/top-ups", {}).status_code == 400


def test_what_stripe_refuses_has_failed(ada: Known, stripe_side: StripeSide) -> None:
    refused = ask(ada, amount="0.20")

    assert (refused.status_code, refused.json()["code"]) == (422, "processor.refused")
    assert Deposit.objects.get().state == "FAILED"


# --- Events ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("received", [{"amount": 4000}, {"currency": "gbp"}])
def test_what_really_came_is_credited_and_looked_at(
    ada: Known, stripe_side: StripeSide, market: Any, received: dict[str, Any]
) -> None:
    market({"GBP": "1.25"})
    _shown, intent = begun(ada)

    stripe_side.issuer.control.pay(intent, **received)
    stripe_side.hand_over()

    expected = {"amount": ("USD", 5040), "currency": ("GBP", 50)}[next(iter(received))]
    assert balance(ada, expected[0])[0] == expected[1]
    assert Case.objects.get().kind == "top_up_differs"
    books_hold(ada)


def test_any_order_of_events_twice_ends_in_the_same_books(
    ada: Known, stripe_side: StripeSide
) -> None:
    _shown, intent = begun(ada)
    control = stripe_side.issuer.control
    control.pay(intent, "failed")
    control.pay(intent, "processing")
    control.pay(intent)
    refund = stripe_side.v1.refunds.create({"payment_intent": intent, "amount": 1000})
    failed = stripe_side.v1.refunds.create({"payment_intent": intent, "amount": 500})
    control.fail_refund(failed.id)
    dispute = control.dispute_payment(intent, amount=2000)
    control.decide_payment(dispute["id"], "won")
    events = stripe_side.events()
    shuffled = [*events, *random.Random(7).sample(events, len(events))]
    random.Random(11).shuffle(shuffled)

    for event in shuffled:
        stripe_side.hand_over(event)

    assert balance(ada, "USD") == (5040, 0)
    deposit = Deposit.objects.get()
    assert (deposit.state, deposit.amount, deposit.taken_back) == ("CREDITED", 50, 10)
    assert set(TakeBack.objects.values_list("stripe_id", "taken")) == {
        (refund.id, 10), (failed.id, 0), (dispute["id"], 0),
    }  # fmt: skip
    books_hold(ada)


def test_every_order_of_a_payment_and_its_refund_ends_alike(
    ada: Known, stripe_side: StripeSide
) -> None:
    for order in itertools.permutations(range(3)):
        known = new_customer(cash="0", country="BR")
        _shown, intent = begun(known)
        stripe_side.lose_events()
        stripe_side.issuer.control.pay(intent)
        refund = stripe_side.v1.refunds.create({"payment_intent": intent})
        stripe_side.issuer.control.fail_refund(refund.id)
        events = stripe_side.events()
        assert len(events) == 3

        for place in order:
            stripe_side.hand_over(events[place])

        assert balance(known, "USD") == (50, 0), order
        books_hold(known)


# --- Taken back -----------------------------------------------------------------------------------
def test_a_refund_takes_the_money_even_if_it_was_spent(
    market: Any, stripe_side: StripeSide
) -> None:
    known = new_customer(cash="-30", country="BR")
    _shown, intent = paid(known, stripe_side)
    assert balance(known, "USD") == (20, 0)

    stripe_side.v1.refunds.create({"payment_intent": intent})
    stripe_side.hand_over()

    assert balance(known, "USD") == (-30, 0)
    assert kinds(known) == ["deposit.received", "deposit.returned"]
    assert set(Case.objects.values_list("kind", flat=True)) == {"overdrawn"}
    assert known.get("/v1/deposits").json()["results"][0]["taken_back"]["amount"] == "50.00"


@pytest.mark.parametrize(("outcome", "left"), [("won", 5050), ("lost", 5000)])
def test_a_dispute_takes_the_money_and_gives_it_back_when_it_is_won(
    ada: Known, stripe_side: StripeSide, outcome: str, left: int
) -> None:
    _shown, intent = paid(ada, stripe_side)
    dispute = stripe_side.issuer.control.dispute_payment(intent)
    stripe_side.hand_over()
    assert balance(ada, "USD") == (5000, 0)
    assert Case.objects.get().kind == "top_up_disputed"

    stripe_side.issuer.control.decide_payment(dispute["id"], outcome)
    stripe_side.hand_over()

    assert balance(ada, "USD") == (left, 0)
    books_hold(ada)


def test_a_refund_of_euros_takes_their_lots_and_a_failed_one_brings_them_back(
    ada: Known, stripe_side: StripeSide
) -> None:
    _shown, intent = paid(ada, stripe_side, currency="EUR", amount="100.00")
    refund = stripe_side.v1.refunds.create({"payment_intent": intent})
    stripe_side.hand_over()
    assert balance(ada, "EUR") == (1000, 0)
    books_hold(ada)

    stripe_side.issuer.control.fail_refund(refund.id)
    stripe_side.hand_over()

    assert balance(ada, "EUR") == (1100, 0)
    books_hold(ada)


def test_a_payment_of_somebody_else_is_none_of_ours(ada: Known, stripe_side: StripeSide) -> None:
    entries = JournalEntry.objects.count()
    other = stripe_side.v1.payment_intents.create({"amount": 900, "currency": "usd"})
    stripe_side.issuer.control.pay(other.id)
    stripe_side.v1.refunds.create({"payment_intent": other.id})

    stripe_side.hand_over()

    assert JournalEntry.objects.count() == entries
    assert not Case.objects.exists()


def test_another_persons_ids_are_not_found(ada: Known, stripe_side: StripeSide) -> None:
    shown, _intent = begun(ada)
    bob = new_customer(country="BR")
    deposit = ada.get("/v1/deposits").json()["results"][0]["id"]

    assert bob.get(f"/v1/top-ups/{shown}").status_code == 404
    assert bob.get(f"/v1/deposits/{deposit}").status_code == 404
    assert bob.get("/v1/top-ups/nonsense").status_code == 404
    assert bob.get("/v1/deposits").json()["results"] == []


# --- Never paid -----------------------------------------------------------------------------------
def test_what_nobody_pays_ends_and_counts_against_no_limit(
    ada: Known, stripe_side: StripeSide
) -> None:
    shown, intent = begun(ada, amount="30000.00")
    slow, slow_intent = begun(ada, method="bank_debit", currency="EUR", amount="5.00")
    stripe_side.issuer.control.pay(slow_intent, "processing")
    stripe_side.hand_over()
    assert ask(ada, amount="30000.00").json()["code"] == "customers.limit_passed"
    begun_at = TopUp.objects.earliest("created_at").created_at
    over = begun_at + timedelta(hours=24)

    assert top_ups.end_unpaid(now=over - timedelta(microseconds=1)) == 0
    assert top_ups.end_unpaid(now=over + timedelta(minutes=1)) == 1
    assert top_ups.end_unpaid(now=over + timedelta(minutes=1)) == 0
    stripe_side.work()
    stripe_side.hand_over()

    assert stripe_side.v1.payment_intents.retrieve(intent).status == "canceled"
    assert (state(ada, shown), state(ada, slow)) == ("canceled", "processing")
    assert ask(ada, amount="30000.00").status_code == 201
    assert balance(ada, "USD") == (5000, 0)


def test_what_is_paid_at_the_last_moment_is_credited_and_not_canceled(
    ada: Known, stripe_side: StripeSide
) -> None:
    shown, intent = begun(ada)
    stripe_side.issuer.control.pay(intent)
    assert top_ups.end_unpaid(now=clock.now() + timedelta(hours=24)) == 1

    stripe_side.work()
    stripe_side.hand_over()

    assert (state(ada, shown), balance(ada, "USD")) == ("succeeded", (5050, 0))


def test_what_stripe_was_asked_in_vain_is_ended_too(ada: Known, stripe_side: StripeSide) -> None:
    stripe_side.issuer.control.failures(path="/v1/payment_intents", times=2, lose_answer=True)
    assert ask(ada).status_code == 503

    top_ups.end_unpaid(now=clock.now() + timedelta(hours=24))
    stripe_side.work()
    stripe_side.hand_over()

    (there,) = stripe_side.v1.payment_intents.list().data
    assert there.status == "canceled"
    assert Deposit.objects.get().state == "CANCELED"


@pytest.mark.parametrize(
    "name",
    ["KRAK_TRANSFER_DAYS", "KRAK_REQUEST_DAYS", "KRAK_LINK_DAYS", "KRAK_TOP_UP_HOURS"],
)
def test_what_would_last_no_time_refuses_to_start(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "0")

    with pytest.raises(ImproperlyConfigured, match=f"{name} must be 1 or more"):
        runpy.run_path("krak/settings.py")
