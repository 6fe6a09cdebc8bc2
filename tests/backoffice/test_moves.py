"""A verified customer lives in another country, and compliance notes it."""

import pytest

from krak.backoffice.roles import ROLES, write_roles
from krak.core.audit.models import RowChange
from krak.core.outbox.models import OutboxMessage
from krak.customers.models import Customer
from krak.notifications.kinds import word
from tests.backoffice.test_roles import member, page_of
from tests.people import new_customer
from tests.staff import browser

pytestmark = pytest.mark.django_db

FORM = {"country": "GB", "reason": "proof of address of 1 November"}


@pytest.fixture(autouse=True)
def written() -> None:
    write_roles()


@pytest.fixture
def customer() -> Customer:
    return new_customer(country="BR").customer


@pytest.mark.parametrize("role", ROLES)
def test_only_compliance_notes_a_move(role: str, customer: Customer) -> None:
    status = browser(member(role)).post(page_of(customer, "move"), FORM).status_code

    customer.refresh_from_db()
    assert (status, customer.country) == ((302, "GB") if role == "compliance" else (403, "BR"))


def test_a_move_has_its_reason_is_told_once_and_leaves_the_home_currency(
    customer: Customer,
) -> None:
    home, user = customer.home_currency, member("compliance")
    window = browser(user)
    for _again in range(2):
        window.post(page_of(customer, "move"), FORM)

    customer.refresh_from_db()
    assert (customer.country, customer.home_currency) == ("GB", home)
    change = RowChange.objects.get(table="customers_customer", row=str(customer.pk))
    assert (change.actor, change.reason, list(change.changed)) == (
        user.pk, FORM["reason"], ["country"],
    )  # fmt: skip
    told = OutboxMessage.objects.get(topic="notifications.tell", payload__kind="moved").payload
    assert "you live in GB now" in word(told["kind"], told["facts"]).text


@pytest.mark.parametrize("wrong", [{"reason": " "}, {"country": "XX"}, {"country": ""}])
def test_a_move_without_a_country_or_a_reason_is_asked_for_again(
    customer: Customer, wrong: dict[str, str]
) -> None:
    answer = browser(member("compliance")).post(page_of(customer, "move"), FORM | wrong)

    assert answer.status_code == 200
    customer.refresh_from_db()
    assert customer.country == "BR"
