"""Staff read everything, edit nothing, and act through services with a reason."""

from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse

from holdings.funding.models import Receipt, Withdrawal
from krak.approvals.models import Proposal
from krak.core.ids import read
from tests.funding.test_receipts import account, address
from tests.funding.world import IBAN, World, balance, save, withdraw, work
from tests.people import Known, new_customer
from tests.staff import browser, staff

pytestmark = [
    pytest.mark.django_db,
    # unfold 0.110 has yet to follow Django 6.1 here.
    pytest.mark.filterwarnings("ignore:Overriding get_action_choices"),
]


def test_every_table_has_a_list_and_a_page_that_nobody_edits(ada: Known, world: World) -> None:
    address(ada)
    world.tell("bank", world.transfer(iban=account(ada)["iban"]))
    withdraw(ada, save(ada), "10", "EUR", "0")
    work()
    window = browser(staff(superuser=True))

    for table in admin.site._registry:
        if table._meta.app_label != "funding":
            continue
        name = f"admin:funding_{table._meta.model_name}"
        assert window.get(reverse(f"{name}_changelist")).status_code == 200
        row = table._default_manager.first()
        if row is not None:
            page = reverse(f"{name}_change", args=[row.pk])
            assert window.get(page).status_code == 200, table
            assert window.post(page, {"state": "X"}).status_code == 403


def test_the_queue_is_cleared_on_its_page(ada: Known, world: World) -> None:
    world.tell("bank", world.transfer(iban=IBAN))
    receipt = Receipt.objects.get()
    page = reverse("admin:funding_receipt_assign", args=[receipt.pk])
    form = {"customer": ada.customer.shown_id, "reason": "called", "assign": "1"}
    reader = browser(staff("funding.view_receipt"))
    assert reader.post(page, form).status_code == 403

    window = browser(staff("funding.view_receipt", "funding.propose_receipt"))
    assert window.get(page).status_code == 200
    assert "looks like" in window.post(page, form | {"customer": "x"}).content.decode()
    assert window.post(page, form).status_code == 302

    assert balance(ada, "EUR") == (1250, 0)


def test_a_large_withdrawal_is_proposed_on_its_page(market: Any) -> None:
    known = new_customer(cash="20000", country="BR")
    made = withdraw(known, save(known), "12000", "USD", "1").json()["id"]
    row = Withdrawal.objects.get(id=read("wdr", made))
    page = reverse("admin:funding_withdrawal_propose", args=[row.pk])
    window = browser(staff("funding.view_withdrawal", "funding.propose_withdrawal"))

    assert window.post(page, {"reason": "called back", "propose": "1"}).status_code == 302

    assert Proposal.objects.get().subject == made
