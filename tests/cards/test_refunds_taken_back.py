"""A refund that the network took back: two people undo it, money and reward, once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from django.db import transaction as django_transaction
from django.test import Client
from django.urls import reverse

from cards.clearing import services
from cards.clearing.models import CardTransaction
from cards.clearing.rules import Kind
from cards.reconciliation import gateway
from cards.reconciliation import services as reconciliation
from krak.approvals import services as approvals
from krak.approvals.models import Proposal
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.transactions import transaction
from tests.dinners import dinner
from tests.people import Known, new_customer
from tests.staff import browser, staff

pytestmark = [
    pytest.mark.django_db,
    # unfold 0.110 has yet to follow Django 6.1 here.
    pytest.mark.filterwarnings("ignore:Overriding get_action_choices"),
]

NAME = "ipi_taken_back"


@pytest.fixture
def known(pinned: Any) -> Known:
    pinned()
    return new_customer(cash="200")


@pytest.fixture
def refund(known: Known) -> CardTransaction:
    """Return 20 of 120 dollars that the merchant returned."""
    dinner(known).transaction(20_00, kind="refund", transaction="t2")
    outbox.drain(now=clock.now())
    return CardTransaction.objects.get(customer=known.customer, kind=Kind.REFUND)


def standing(known: Known) -> tuple[Decimal, Decimal]:
    """Return the cash and the net reward of a customer who is rewarded in cash."""
    outbox.drain(now=clock.now())
    position = Client().get(f"/v1/sandbox/customers/{known.customer.shown_id}/position").json()
    return Decimal(position["cash"]["posted"]), Decimal(position["cashback"]["amount"])


def taken_back(refund: CardTransaction, name: str = NAME) -> CardTransaction:
    with transaction():
        return services.reverse_refund(
            refund_stripe_id=refund.stripe_id, stripe_id=name, now=clock.now()
        )


def test_staff_propose_it_on_its_page_and_a_second_person_has_it_done(
    known: Known, refund: CardTransaction
) -> None:
    cash, reward = standing(known)
    page = reverse("admin:clearing_cardtransaction_propose_reversal", args=[refund.pk])
    form = {"at_stripe": NAME, "reason": "the acquirer called", "propose": "1"}
    rights = ("clearing.view_cardtransaction", "clearing.propose_reversal")
    assert browser(staff(rights[0])).post(page, form).status_code == 403
    window = browser(staff(*rights))
    assert "valid value" in window.post(page, form | {"at_stripe": "x y"}).content.decode()

    assert window.post(page, form).status_code == 302

    (proposal,) = Proposal.objects.all()
    own = reverse("admin:clearing_cardtransaction_change", args=[refund.pk])
    assert proposal.shown_id in window.get(own).content.decode()
    assert standing(known) == (cash, reward)
    approvals.approve(
        proposal_id=proposal.id, content_hash=proposal.content_hash, note="seen",
        by=staff("clearing.approve_reversal"), now=clock.now(),
    )  # fmt: skip
    assert standing(known) == (cash - 20 + Decimal("0.20"), reward + Decimal("0.20"))
    assert window.post(page, form).status_code == 403
    told = known.get("/v1/notifications").json()["results"]
    assert [each["text"] for each in told if each["kind"] == "refund.taken_back"] == [
        "The refund of 20.00 USD by RAMEN TOKYO was taken back."
    ]


def test_it_is_undone_once_under_one_name(known: Known, refund: CardTransaction) -> None:
    first = taken_back(refund)
    after = standing(known)

    assert taken_back(refund) == first
    with pytest.raises(services.RefundGone):
        taken_back(refund, "ipi_another")
    with pytest.raises(services.RefundGone):
        services.propose_reversal(
            refund=refund, stripe_id=NAME, reason="again", now=clock.now(),
            by=staff("clearing.propose_reversal"),
        )  # fmt: skip
    assert standing(known) == after


def test_the_name_of_another_transaction_is_none(refund: CardTransaction) -> None:
    with pytest.raises(services.RefundGone):
        taken_back(refund, refund.stripe_id)
    with pytest.raises(services.RefundNotFound):
        taken_back(CardTransaction(stripe_id="ipi_nobodys"))


def test_what_is_no_longer_there_is_owed_and_staff_see_it(
    known: Known, refund: CardTransaction
) -> None:
    cash, _reward = standing(known)
    CardTransaction.objects.filter(id=refund.id).update(amount=cash + 1)

    assert taken_back(refund).flags == ["overdrawn"]


def test_stripes_list_and_ours_say_the_same_of_it(
    refund: CardTransaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = taken_back(refund)
    theirs = [
        {"id": each.stripe_id, "type": kind, "amount": minor, "currency": "usd", "livemode": False,
         "card": "ic_any", "created": int((clock.now() - timedelta(hours=1)).timestamp())}
        for each, kind, minor in ((refund, "refund", 2000), (row, "refund", -2000))
    ]  # fmt: skip
    CardTransaction.objects.filter(kind=Kind.CAPTURE).update(event_at=clock.now())
    monkeypatch.setattr(gateway, "transactions", lambda **_since: iter(theirs))
    for others in ("authorizations", "disputes"):
        monkeypatch.setattr(gateway, others, lambda **_since: iter(()))

    run = reconciliation.reconcile(since=clock.now() - timedelta(days=1), now=clock.now())

    assert run is not None
    assert (run.transactions, run.repaired, run.unexplained) == (2, 0, 0)
    theirs[1]["amount"] = -1999
    again = reconciliation.reconcile(since=clock.now() - timedelta(days=1), now=clock.now())
    assert again is not None
    assert again.repaired == 1


def test_the_database_refuses_a_second_one_and_one_of_nothing(refund: CardTransaction) -> None:
    row = taken_back(refund)
    row.id, row.entry_id, row.stripe_id = uuid7(), uuid7(), "ipi_another"

    with pytest.raises(IntegrityError, match="a_refund_is_taken_back_once"), _attempt():
        CardTransaction.objects.bulk_create([row])
    with pytest.raises(IntegrityError, match="what_is_taken_back_is_a_refund"), _attempt():
        CardTransaction.objects.filter(id=refund.id).update(reverses=refund)


def _attempt() -> Any:
    return django_transaction.atomic()
