"""Passwords are hashed quickly here, unless a test is about that; mail goes where the sandbox's is.

Django's test environment keeps mail in memory; people read theirs at the sandbox's address.
"""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def people_have_mail(settings: Any) -> None:
    settings.MAILERS = {"default": {"BACKEND": "krak.sandbox.mail.KeptMail"}}


@pytest.fixture(autouse=True)
def quick_hashes(request: pytest.FixtureRequest, settings: Any) -> None:
    if "real_hashes" not in request.fixturenames:
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def real_hashes() -> None:
    """Leave the hashers as they are in production."""
