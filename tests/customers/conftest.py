"""People sign up here as they do for identity."""

import pytest

from krak.customers.models import Customer
from tests.identity.conftest import people_have_mail, quick_hashes
from tests.identity.phone import Phone

__all__ = ["people_have_mail", "quick_hashes"]


@pytest.fixture
def phone() -> Phone:
    return Phone().sign_up()


def customer_of(phone: Phone) -> Customer:
    return Customer.objects.select_related("user").get(user__email=phone.email)
