"""The issuer has each request once, whatever is lost, said twice, or said wrongly."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from holdings.ledger import queries as ledger_reads
from holdings.ledger.models import JournalEntry
from holdings.primary.gateway import issuer_named
from holdings.primary.gateway.base import Answer, Verdict
from holdings.primary.models import PaperOrder, Request
from holdings.primary.rules import Fill
from holdings.primary.services import submission
from krak.cases.models import Case
from krak.core import clock
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.customers import services as customers
from tests.people import Known, new_customer
from tests.primary.world import (
    accept,
    balance,
    books_hold,
    house,
    let_in,
    made,
    redeem,
    shown,
    subscribe,
    told,
    work,
)
from tests.stripe_door import StripeDoor

pytestmark = pytest.mark.django_db

LATER = timedelta(minutes=1)


def begun(known: Known, *, redeeming: bool = False) -> Request:
    """Return a request that is written down as given to the issuer, which never heard of it."""
    request = made(redeem(known) if redeeming else subscribe(known))
    accept(request)
    OutboxMessage.objects.filter(topic="primary.submit").update(done_at=clock.now())
    found = submission._begin(request.id, now=clock.now())
    assert found is not None
    return found


def settled(known: Known) -> int:
    return JournalEntry.objects.filter(customer=known.customer, kind__startswith="PRIMARY_").count()


def filled(units: str, cash: str, price: str = "200") -> Answer:
    return Answer(Verdict.FILLED, "iss-1", Fill(Decimal(units), Decimal(cash), Decimal(price)))


# --- Lost and repeated ---------------------------------------------------------------------------
def test_an_answer_that_was_lost_is_asked_for_again_by_the_same_key(ada: Known) -> None:
    request = begun(ada)
    # Given, and then nobody was there to hear the answer.
    issuer_named("paper").submit(submission._order(request), now=clock.now())

    submission.submit(request.id, now=clock.now())
    submission.submit(request.id, now=clock.now())

    assert PaperOrder.objects.get().asked == 2
    assert (shown(ada, request)["state"], settled(ada)) == ("settled", 1)
    assert balance(ada, "USD") == (9800, 0)
    books_hold(ada)


def test_what_the_issuer_never_heard_of_is_given_to_it_again(ada: Known) -> None:
    request = begun(ada)

    assert submission.follow(now=clock.now()) == 0
    assert submission.follow(now=clock.now() + LATER) == 1
    work()

    assert (shown(ada, request)["state"], PaperOrder.objects.get().asked) == ("settled", 1)


def test_an_order_that_waits_at_the_issuer_is_filled_when_it_can_be(
    ada: Known, market: Any
) -> None:
    request = made(subscribe(ada))
    accept(request)
    market(stale=["AAPLx"])
    work()
    assert shown(ada, request)["state"] == "approved"
    assert balance(ada, "USD") == (20000, 10200)
    request.refresh_from_db()
    assert request.issuer_reference.startswith("paper-")
    assert submission.follow(now=clock.now() + LATER) == 1
    assert shown(ada, request)["state"] == "approved"

    market({"AAPLx": "249"}, ask={"AAPLx": "251"})
    assert submission.follow(now=clock.now() + LATER) == 1

    after = shown(ada, request)
    # 10,200 dollars at 255 for a base unit.
    assert (after["state"], after["price"], after["units"]["amount"]) == ("settled", "250", "40.8")
    assert submission.follow(now=clock.now() + LATER) == 0
    books_hold(ada)


def test_the_same_fill_again_books_nothing_and_another_one_neither(ada: Known) -> None:
    request = begun(ada)

    for answer in (filled("50", "10200"), filled("50", "10200"), filled("51", "10200")):
        submission.note(request.id, answer, now=clock.now())

    assert (settled(ada), balance(ada, "AAPLx")) == (1, (100, 0))
    assert not Case.objects.exclude(kind="primary_request_to_decide").exists()


def test_an_issuer_gives_no_key_to_another_order(ada: Known) -> None:
    request = begun(ada)
    issuer_named("paper").submit(submission._order(request), now=clock.now())
    PaperOrder.objects.update(amount=1)

    with pytest.raises(ValueError, match="was another order"):
        submission.submit(request.id, now=clock.now())


# --- Refused -------------------------------------------------------------------------------------
@pytest.mark.parametrize("redeeming", [False, True])
def test_what_the_issuer_refuses_is_free_again_and_the_customer_is_told(
    catalogue: None, market: Any, redeeming: bool
) -> None:
    market(multipliers={"AAPLx": "1"})
    known = new_customer(cash="9000", holdings={"AAPLx": "50.13"}, country="BR")
    let_in(known)
    request = made(redeem(known, "50.13") if redeeming else subscribe(known, "7000.13"))
    accept(request)

    work()

    after = shown(known, request)
    assert (after["state"], after["failure"]) == (
        "failed", "The paper issuer was told to refuse.",
    )  # fmt: skip
    assert balance(known, "USD") == (9000, 0)
    assert balance(known, "AAPLx") == (Decimal("50.13"), 0)
    assert (told(known), settled(known)) == (["primary.failed"], 0)
    books_hold(known)


def test_who_was_frozen_meanwhile_gives_the_issuer_nothing(ada: Known) -> None:
    requests = [made(subscribe(ada, "5000.00")), made(redeem(ada))]
    for each in requests:
        accept(each)
    with transaction():
        customers.freeze(customer_id=ada.customer.id, reason="asked", now=clock.now())

    work()

    why = "The account was frozen before the issuer had it."
    assert [shown(ada, each)["failure"] for each in requests] == [why, why]
    assert balance(ada, "USD") == (20000, 0)
    assert balance(ada, "AAPLx") == (50, 0)
    assert not PaperOrder.objects.exists()


@pytest.mark.parametrize("given", [False, True])
def test_what_the_card_network_took_meanwhile_counts_until_the_issuer_has_the_cash(
    catalogue: None, market: Any, client: Any, given: bool
) -> None:
    """Before, nothing is given; after, the books say what the customer owes."""
    known = new_customer(cash="20000", country="BR")
    let_in(known)
    request = made(subscribe(known, "19000.00"))
    accept(request)
    if given:
        submission._begin(request.id, now=clock.now())
    StripeDoor(client, known.card.stripe_id).transaction(
        3_000_00, transaction=request.id.hex, kind="capture", authorization=None
    )

    work()

    found = ledger_reads.balances(customer_id=known.customer.id)["USD"]
    # 30 dollars of cashback have come.
    assert (shown(known, request)["state"], found.posted, found.held) == (
        ("settled", -1970, 0) if given else ("failed", 17030, 0)
    )
    books_hold(known)


# --- Odd -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("units", "cash", "price"),
    [
        ("50", "10199.99", "200"), ("50", "10200.01", "200"), ("0", "10200", "200"),
        ("0.000000001", "10200", "200"), ("50", "10200", "0"),
    ],
)  # fmt: skip
def test_a_fill_of_something_else_moves_nothing_and_is_put_before_staff(
    ada: Known, units: str, cash: str, price: str
) -> None:
    request = begun(ada)

    submission.note(request.id, filled(units, cash, price), now=clock.now())

    assert shown(ada, request)["state"] == "approved"
    assert (settled(ada), balance(ada, "USD")) == (0, (20000, 10200))
    assert Case.objects.filter(kind="primary_fill_differs", customer_id=ada.customer.id).exists()


def test_a_redemption_is_filled_with_exactly_its_units(ada: Known) -> None:
    request = begun(ada, redeeming=True)

    submission.note(request.id, filled("49.99999999", "10000"), now=clock.now())
    assert settled(ada) == 0
    submission.note(request.id, filled("50", "10200"), now=clock.now())

    assert (settled(ada), balance(ada, "USD")) == (1, (30200, 0))


def test_what_is_finer_than_it_is_held_is_the_houses(ada: Known) -> None:
    dust = house("DUST", "AAPLx"), house("DUST", "USD")
    bought, sold = begun(ada), begun(ada, redeeming=True)

    submission.note(bought.id, filled("50.1234567899", "10200"), now=clock.now())
    submission.note(sold.id, filled("50", "10200.019"), now=clock.now())

    assert balance(ada, "AAPLx") == (Decimal("50.12345678"), 0)
    assert balance(ada, "USD") == (Decimal("20000.01"), 0)
    assert house("DUST", "AAPLx") - dust[0] == Decimal("0.0000000099")
    assert house("DUST", "USD") - dust[1] == Decimal("0.009")
    books_hold(ada)


def test_a_word_against_an_end_moves_nothing_and_is_put_before_staff(ada: Known) -> None:
    failed = begun(ada)
    submission.note(failed.id, Answer(Verdict.REFUSED, "iss-1"), now=clock.now())
    assert shown(ada, failed)["failure"] == "The issuer did not say why."
    submission.note(failed.id, filled("50", "10200"), now=clock.now())
    done = begun(ada)
    submission.note(done.id, filled("50", "10200"), now=clock.now())
    submission.note(done.id, Answer(Verdict.REFUSED, "iss-2"), now=clock.now())

    assert Case.objects.filter(kind="primary_contradicted").count() == 2
    assert (shown(ada, failed)["state"], shown(ada, done)["state"]) == ("failed", "settled")
    assert (settled(ada), balance(ada, "USD")) == (1, (9800, 0))
    books_hold(ada)


def test_what_the_issuer_has_for_days_is_put_before_staff(ada: Known, market: Any) -> None:
    request = begun(ada)
    market(stale=["AAPLx"])
    late = (request.submitted_at or clock.now()) + submission.OVERDUE

    submission.follow(now=late)
    assert not Case.objects.filter(kind="primary_overdue").exists()
    submission.follow(now=late + LATER)

    assert Case.objects.get(kind="primary_overdue").customer_id == ada.customer.id
    assert shown(ada, request)["state"] == "approved"


def test_an_issuer_that_was_replaced_is_still_asked(ada: Known, settings: Any) -> None:
    request = begun(ada)
    settings.SHARE_ISSUER = "none"

    submission.follow(now=clock.now() + LATER)
    work()

    assert shown(ada, request)["state"] == "settled"
    with pytest.raises(LookupError, match="no issuer is called acme"):
        issuer_named("acme")
