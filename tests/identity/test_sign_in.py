"""Signing up, in and out, and what is left of a token afterwards."""

from typing import Any

import pytest
from django.test import Client

from krak.core import valkey
from krak.customers.models import Customer, User
from tests.identity.phone import Phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone() -> Phone:
    """Return the phone of somebody who signed up."""
    return Phone().sign_up()


def test_signing_up_makes_a_customer_once_the_mail_is_read() -> None:
    phone = Phone()
    response = phone.post(
        "/v1/auth/signup",
        {"email": phone.email, "password": phone.password, "country": "GB", "name": "Ada"},
    )
    pending = [flow for flow in response.json()["data"]["flows"] if flow.get("is_pending")]
    assert (response.status_code, pending) == (401, [{"id": "verify_email", "is_pending": True}])
    assert phone.get("/v1/me").status_code == 401

    assert phone.post("/v1/auth/email/verify", {"key": "BCDF-GHJK"}).status_code == 400
    done = phone.post("/v1/auth/email/verify", {"key": phone.code()})

    assert done.status_code == 200
    assert phone.device.startswith("device_")
    me = phone.get("/v1/me").json()
    assert me["email"] == phone.email
    assert (me["name"], me["country"], me["home_currency"]) == ("Ada", "GB", "GBP")
    assert (me["email_verified"], me["verification_level"]) == (True, 0)


def test_a_session_token_is_taken_in_either_header(phone: Phone) -> None:
    for headers in (
        {"X-Session-Token": phone.session},
        {"Authorization": f"Bearer {phone.session}"},
    ):
        assert Client().get("/v1/me", headers=headers).status_code == 200


def test_signing_in_with_the_password(phone: Phone) -> None:
    other = phone.other()

    assert other.log_in().status_code == 200
    assert other.get("/v1/me").status_code == 200
    assert other.log_in("not-the-password-1").status_code == 400


def test_after_signing_out_the_token_is_dead(phone: Phone) -> None:
    token = phone.session
    assert phone.delete("/v1/auth/session").status_code == 401
    phone.session = token
    assert phone.get("/v1/me").status_code == 401
    assert phone.get("/v1/auth/session").status_code == 410


def test_after_a_new_password_only_the_phone_that_set_it_is_signed_in(phone: Phone) -> None:
    thief = phone.other()
    thief.log_in()
    before = phone.session

    response = phone.post(
        "/v1/account/password/change",
        {"current_password": phone.password, "new_password": "another-horse-battery"},
    )

    assert response.status_code == 200, response.content
    assert thief.get("/v1/me").status_code == 401
    assert thief.get("/v1/auth/session").status_code == 410
    assert phone.get("/v1/me").status_code == 200
    assert phone.session != before
    assert Client().get("/v1/me", headers={"X-Session-Token": before}).status_code == 401
    assert phone.log_in().status_code == 400
    assert phone.log_in("another-horse-battery").status_code == 200


def test_a_disabled_user_is_out_at_once(phone: Phone) -> None:
    User.objects.filter(email=phone.email).update(is_active=False)

    assert phone.get("/v1/me").status_code == 401
    assert phone.log_in().status_code in {400, 401}
    assert phone.get("/v1/me").status_code == 401


def test_a_forgotten_password_is_reset_by_a_code(phone: Phone) -> None:
    other = phone.other()
    asked = other.post("/v1/auth/password/request", {"email": phone.email})
    assert asked.status_code == 401
    wrong = other.post("/v1/auth/password/reset", {"key": "BCDF", "password": "a-new-password-1"})
    assert wrong.status_code == 400
    done = other.post(
        "/v1/auth/password/reset", {"key": other.code(), "password": "a-new-password-1"}
    )

    assert done.status_code == 401  # set; now sign in
    assert phone.get("/v1/me").status_code == 401
    assert other.log_in("a-new-password-1").status_code == 200


def test_sessions_survive_a_flushed_cache(phone: Phone) -> None:
    valkey.client().flushdb()

    assert phone.get("/v1/me").status_code == 200


def test_the_same_address_twice_at_once_is_one_account() -> None:
    phone = Phone().sign_up()
    second = Phone(email=phone.email.upper())
    response = second.post(
        "/v1/auth/signup",
        {"email": second.email, "password": second.password, "country": "DE", "name": "Eve"},
    )

    assert response.status_code == 401
    assert Customer.objects.filter(user__email__iexact=phone.email).count() == 1


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"country": "de"}, "country", "invalid"),
        ({"country": "KP"}, "country", "customers.country_not_served"),
        ({"email": "no address"}, "email", "invalid"),
        ({"password": "12345678"}, "password", "password_too_common"),
        ({"is_staff": True}, "is_staff", "unknown"),
        ({"balance": "1000"}, "balance", "unknown"),
        ({"username": "root"}, "username", "unknown"),
        ({"name": "x\u0000y"}, None, "api.parse_error"),
    ],
)
def test_what_is_odd_at_the_sign_up_is_refused(body: Any, field: str | None, code: str) -> None:
    phone = Phone()
    response = phone.post(
        "/v1/auth/signup",
        {"email": phone.email, "password": phone.password, "country": "DE"} | body,
    )

    answer = response.json()
    assert response.status_code == 400
    if field is None:
        assert answer["code"] == code
    else:
        assert (answer["errors"][0]["param"], answer["errors"][0]["code"]) == (field, code)
    assert not User.objects.filter(email=phone.email).exists()
