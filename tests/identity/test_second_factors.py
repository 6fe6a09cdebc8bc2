"""Authenticator apps, recovery codes and passkeys: enrolled, used, and not used twice."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache

from krak.core import valkey
from tests.identity.authenticator import Passkey
from tests.identity.phone import Phone, totp

pytestmark = pytest.mark.django_db

TOTP = "/v1/account/authenticators/totp"
WEBAUTHN = "/v1/account/authenticators/webauthn"


@pytest.fixture
def phone() -> Phone:
    """Return the phone of somebody who signed up and has an authenticator app."""
    return Phone().sign_up().enrol_totp()


def test_a_second_factor_is_enrolled_only_after_signing_in_once_more() -> None:
    phone = Phone().sign_up()
    secret = phone.get(TOTP).json()["meta"]["secret"]

    refused = phone.post(TOTP, {"code": totp(secret)})

    assert refused.status_code == 401
    assert [flow["id"] for flow in refused.json()["data"]["flows"]][:1] == ["reauthenticate"]
    assert not Authenticator.objects.filter(user__email=phone.email).exists()


def test_the_secret_rests_sealed(phone: Phone) -> None:
    kept = Authenticator.objects.get(user__email=phone.email, type="totp").data["secret"]

    assert phone.secret not in kept
    assert kept.startswith("gAAAA")


def test_signing_in_needs_the_code_and_takes_it_once(phone: Phone) -> None:
    other, third = phone.other(), phone.other()
    pending = other.log_in()
    assert pending.status_code == 401
    assert other.get("/v1/me").status_code == 401
    code = totp(phone.secret, 1)

    assert other.post("/v1/auth/2fa/authenticate", {"code": code}).status_code == 200
    assert other.get("/v1/me").status_code == 200
    third.log_in()
    assert third.post("/v1/auth/2fa/authenticate", {"code": code}).status_code == 400
    assert third.get("/v1/me").status_code == 401


def test_a_flushed_valkey_makes_no_used_code_good_again(phone: Phone) -> None:
    other, third = phone.other(), phone.other()
    code = totp(phone.secret, 1)
    other.log_in()
    other.post("/v1/auth/2fa/authenticate", {"code": code})
    valkey.client().flushdb()
    third.log_in()

    assert third.post("/v1/auth/2fa/authenticate", {"code": code}).status_code == 400


def test_a_used_code_is_remembered_for_as_long_as_it_is_good() -> None:
    cache.add("used", "y", timeout=30)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM expires - now()) FROM identity_spent_code"
            " WHERE cache_key LIKE '%used'"
        )
        (seconds,) = cursor.fetchone()
    assert 90 < seconds <= 120


def test_after_five_wrong_codes_the_right_one_has_to_wait(phone: Phone) -> None:
    thief = phone.other()
    thief.log_in()
    for _ in range(5):
        assert thief.post("/v1/auth/2fa/authenticate", {"code": "000000"}).status_code == 400

    refused = thief.post("/v1/auth/2fa/authenticate", {"code": totp(phone.secret, 1)})

    assert (refused.status_code, refused.json()["code"]) == (429, "limits.too_often")
    assert 0 < int(refused.headers["Retry-After"]) <= 300
    # A new login is no new five: they are counted by who is guessed at, not by session.
    thief.log_in()
    again = thief.post("/v1/auth/2fa/authenticate", {"code": totp(phone.secret, 1)})
    assert again.status_code == 429
    # The owner, whose phone is known, is not in their way.
    phone.log_in()
    assert phone.post(
        "/v1/auth/2fa/authenticate", {"code": totp(phone.secret, 1)}
    ).status_code == 200  # fmt: skip


def test_many_strangers_share_one_count_that_the_owner_is_not_in(phone: Phone) -> None:
    tries = []
    for _ in range(5):
        thief = phone.other()
        thief.log_in()
        tries += [
            thief.post("/v1/auth/2fa/authenticate", {"code": "000000"}).status_code
            for _ in range(5)
        ]

    assert (tries.count(400), tries.count(429)) == (20, 5)
    phone.log_in()
    assert phone.post(
        "/v1/auth/2fa/authenticate", {"code": totp(phone.secret, 1)}
    ).status_code == 200  # fmt: skip


def test_a_recovery_code_signs_in_once(phone: Phone) -> None:
    phone.post("/v1/auth/2fa/reauthenticate", {"code": totp(phone.secret, 1)})
    page = phone.get("/v1/account/authenticators/recovery-codes").json()
    code = page["data"]["unused_codes"][0]

    for expected in (200, 400):
        other = phone.other()
        other.log_in()
        response = other.post("/v1/auth/2fa/authenticate", {"code": code})
        assert response.status_code == expected


def test_with_a_second_factor_the_password_no_longer_stands_in(phone: Phone) -> None:
    change = {"current_password": phone.password, "new_password": "another-horse-battery"}
    other = phone.other()
    other.log_in()
    other.post("/v1/auth/2fa/authenticate", {"code": totp(phone.secret, 1)})

    by_password = other.reauthenticate()
    refused = other.post("/v1/account/password/change", change)

    assert (by_password.status_code, refused.status_code) == (401, 401)
    flows = refused.json()["data"]["flows"]
    assert "mfa_reauthenticate" in [flow["id"] for flow in flows]
    assert other.delete(TOTP).status_code == 401


def _add_passkey(phone: Phone) -> Passkey:
    assert phone.reauthenticate().status_code == 200
    passkey = Passkey()
    options = phone.get(f"{WEBAUTHN}?passwordless").json()["data"]["creation_options"]
    added = phone.post(WEBAUTHN, {"name": "Phone", "credential": passkey.register(options)})
    assert added.status_code == 200, added.content
    return passkey


def test_a_passkey_signs_in_without_a_password() -> None:
    phone = Phone().sign_up()
    passkey = _add_passkey(phone)
    other = phone.other()
    options = other.get("/v1/auth/webauthn/login").json()["data"]["request_options"]
    answer = passkey.sign(options)

    done = other.post("/v1/auth/webauthn/login", {"credential": answer})

    assert done.status_code == 200, done.content
    assert other.get("/v1/me").json()["email"] == phone.email
    # The same answer again, to no question.
    third = phone.other()
    third.get("/v1/auth/webauthn/login")
    assert third.post("/v1/auth/webauthn/login", {"credential": answer}).status_code == 400


def test_a_passkey_of_another_site_or_person_opens_nothing() -> None:
    phone, stranger = Phone().sign_up(), Passkey()
    passkey = _add_passkey(phone)
    stranger.site, stranger.user_handle = passkey.site, passkey.user_handle
    stranger.id = passkey.id  # the right name, the wrong key
    other = phone.other()
    options = other.get("/v1/auth/webauthn/login").json()["data"]["request_options"]
    assert options["publicKey"]["rpId"] == "127.0.0.1"

    refused = other.post("/v1/auth/webauthn/login", {"credential": stranger.sign(options)})

    assert refused.status_code == 400
    assert other.get("/v1/me").status_code == 401


def test_an_account_can_be_opened_with_a_passkey_alone() -> None:
    phone = Phone()
    path = "/v1/auth/webauthn/signup"
    asked = phone.post(path, {"email": phone.email, "country": "FR", "name": "Ada"})
    assert asked.status_code == 401
    assert phone.post("/v1/auth/email/verify", {"key": phone.code()}).status_code == 401
    passkey = Passkey()
    options = phone.get(path).json()["data"]["creation_options"]

    done = phone.put(path, {"name": "Phone", "credential": passkey.register(options)})

    assert done.status_code == 200, done.content
    assert phone.get("/v1/me").json()["home_currency"] == "EUR"


@pytest.mark.parametrize(
    "credential",
    [None, 1, "x", [], {}, {"response": None}, {"response": {}}, {"response": {"userHandle": 7}},
     {"id": "!", "rawId": "!", "type": "public-key", "response": {"userHandle": "////"}},
     {"id": "AA", "rawId": "AA", "type": "public-key",
      "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA",
                   "userHandle": "AAAA"}}],
)  # fmt: skip
def test_a_malformed_passkey_is_a_field_error(credential: Any) -> None:
    phone = Phone()
    phone.get("/v1/auth/webauthn/login")

    response = phone.post("/v1/auth/webauthn/login", {"credential": credential})

    assert response.status_code == 400
