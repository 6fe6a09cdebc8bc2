"""Somebody with a phone, who reads mail."""

import pytest

from tests.identity.conftest import people_have_mail, quick_hashes  # noqa: F401 - fixtures
from tests.identity.phone import Phone


@pytest.fixture
def phone() -> Phone:
    return Phone().sign_up()
