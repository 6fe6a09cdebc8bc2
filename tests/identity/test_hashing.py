"""Passwords are hashed one at a time, and a third who comes is asked to come again."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password, identify_hasher, make_password

from krak.identity import hashing
from tests.identity.phone import PASSWORD, Phone

pytestmark = [pytest.mark.usefixtures("real_hashes"), pytest.mark.django_db]


@pytest.fixture
def full() -> Any:
    """Let one be at work and one wait."""
    with hashing._turn, ThreadPoolExecutor(2) as pool:
        hashed = [pool.submit(make_password, PASSWORD) for _ in range(hashing.AT_ONCE)]
        while hashing._room._value:
            pass
        yield hashed
        hashing._turn.release()
        assert all(check_password(PASSWORD, each.result()) for each in hashed)
        hashing._turn.acquire()


def test_a_password_is_kept_as_argon2id() -> None:
    encoded = make_password(PASSWORD)
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert identify_hasher(encoded).verify(PASSWORD, encoded)
    assert not identify_hasher(encoded).verify(PASSWORD + "!", encoded)


def test_an_older_hash_is_made_anew_at_the_next_sign_in() -> None:
    kept: list[str] = []
    old = make_password(PASSWORD, hasher="pbkdf2_sha256")
    assert check_password(PASSWORD, old, setter=kept.append)
    assert kept == [PASSWORD]


def test_a_third_at_once_is_told_to_come_again(full: Any, people_have_mail: None) -> None:
    asked = {"email": "ada@people.example", "password": PASSWORD}
    joining = asked | {"country": "DE", "name": "Ada"}
    for path, body in (("/v1/auth/login", asked), ("/v1/auth/signup", joining)):
        answer = Phone().post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (503, "identity.busy")
        assert answer.headers["Retry-After"] == "1"


def test_there_is_room_again_afterwards() -> None:
    with ThreadPoolExecutor(hashing.AT_ONCE) as pool:
        for _ in range(3):
            assert all(pool.map(make_password, [PASSWORD] * hashing.AT_ONCE))
