"""Staff read everything, edit nothing, and act through services with a reason."""

from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse

from holdings.primary.models import Party, Request
from krak.approvals.models import Proposal
from krak.core.ids import show
from tests.people import Known, new_customer
from tests.primary.world import WALLET, accept, let_in, made, propose_party, redeem, subscribe, work
from tests.staff import browser, staff

pytestmark = [
    pytest.mark.django_db,
    # unfold 0.110 has yet to follow Django 6.1 here.
    pytest.mark.filterwarnings("ignore:Overriding get_action_choices"),
]


def page(row: Any, action: str = "change") -> str:
    return reverse(f"admin:primary_{row._meta.model_name}_{action}", args=[row.pk])


def test_every_table_has_a_list_and_a_page_that_nobody_edits(ada: Known) -> None:
    accept(made(subscribe(ada)))
    work()
    window = browser(staff(superuser=True))
    tables = [each for each in admin.site._registry if each._meta.app_label == "primary"]
    assert len(tables) == 3

    for table in tables:
        name = f"admin:primary_{table._meta.model_name}"
        assert window.get(reverse(f"{name}_changelist")).status_code == 200
        row = table._default_manager.get()
        assert window.get(page(row)).status_code == 200, table
        assert window.post(page(row), {"state": "X"}).status_code == 403


def test_a_customer_is_proposed_on_their_page(catalogue: None, market: Any) -> None:
    known = new_customer(country="BR")
    path = reverse("admin:customers_customer_let_in", args=[known.customer.pk])
    form = {"network": "solana", "wallet": f" {WALLET} ", "reason": "a bank", "propose": "1"}
    assert browser(staff("customers.view_customer")).post(path, form).status_code == 403
    window = browser(staff("customers.view_customer", "primary.propose_party"))
    nobody = reverse("admin:customers_customer_let_in", args=["nobody"])
    assert window.post(nobody, form).status_code == 403
    asked = window.get(path).content.decode()
    assert "HyperEVM" in asked
    assert "Bitcoin" not in asked
    wrong = window.post(path, form | {"network": "ethereum"}).content.decode()
    assert "This is no address of the network." in wrong

    assert window.post(path, form).status_code == 302

    party = Party.objects.get()
    assert (party.wallet, Proposal.objects.get().subject) == (WALLET, show("pty", party.id))
    # They are proposed, so there is nothing to propose.
    assert window.post(path, form).status_code == 403


def test_a_request_is_proposed_on_its_page_and_the_page_shows_what_waits(ada: Known) -> None:
    request = made(redeem(ada))
    window = browser(staff("primary.view_request", "primary.propose_request"))

    form = {"reason": "fine", "propose": "1"}
    assert window.post(page(request, "propose"), form).status_code == 302

    proposal = Proposal.objects.get(kind="primary.accept")
    assert proposal.subject == show("preq", request.id)
    shown = window.get(page(request)).content.decode()
    assert proposal.shown_id in shown
    assert "50 AAPLx" in shown
    assert window.post(page(request, "reject"), {"reason": "no"}).status_code == 403


def test_a_request_is_rejected_on_its_page(ada: Known) -> None:
    request = made(subscribe(ada))
    window = browser(staff("primary.view_request", "primary.reject_request"))
    assert window.post(page(request, "propose"), {"reason": "fine"}).status_code == 403

    assert window.post(page(request, "reject"), {"reason": "too much"}).status_code == 302

    assert Request.objects.get().failure == "too much"
    history = window.get(page(request)).content.decode()
    assert "too much" in history
    # It is rejected, so there is nothing to reject or to propose.
    assert window.post(page(request, "reject"), {"reason": "again"}).status_code == 403


def test_a_party_is_ended_on_its_page_once_it_is_in(catalogue: None, market: Any) -> None:
    known = new_customer(country="BR")
    propose_party(known)
    proposed = Party.objects.get()
    window = browser(staff("primary.view_party", "primary.end_party"))
    assert window.post(page(proposed, "end"), {"reason": "closed"}).status_code == 403
    other = let_in(new_customer(country="BR"))

    assert window.post(page(other, "end"), {"reason": "closed"}).status_code == 302

    other.refresh_from_db()
    assert other.ended_because == "closed"
    assert browser(staff("primary.view_party")).post(page(other, "end"), {}).status_code == 403
