"""Staff have a second factor, or see nothing."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from krak.core import clock
from krak.customers.models import User
from tests.identity.phone import Phone, after_commit, fresh_address, totp

pytestmark = pytest.mark.django_db

PASSWORD = "sandbox-staff"


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss@krak.example", PASSWORD)


def browser(boss: User, password: str = PASSWORD) -> Client:
    """Return a browser in which staff signed in with their password."""
    client = Client(REMOTE_ADDR=fresh_address())
    client.post("/admin/login/", {"username": boss.email, "password": password})
    return client


def enrol(client: Client) -> str:
    page = client.get("/staff/2fa/enrol/")
    assert page.status_code == 200, page
    secret: str = client.session["mfa.totp.secret"]
    done = client.post("/staff/2fa/enrol/", {"code": totp(secret)})
    assert done.status_code == 302, done.content
    after_commit()
    return secret


def test_in_the_sandbox_the_password_is_enough(boss: User) -> None:
    assert browser(boss).get("/admin/").status_code == 200


def test_outside_it_staff_enrol_before_they_see_anything(boss: User, settings: Any) -> None:
    settings.ADMIN_MFA = True
    client = browser(boss)
    for page in ("/admin/", "/admin/customers/customer/"):
        sent = client.get(page)
        assert (sent.status_code, sent.headers["Location"].partition("?")[0]) == (
            302,
            "/staff/2fa/enrol/",
        )

    secret = enrol(client)
    assert client.get("/admin/").headers["Location"].startswith("/staff/2fa/?next=")
    shown = client.post("/staff/2fa/?next=/admin/", {"code": totp(secret, 1)})

    assert (shown.status_code, shown.headers["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


def test_the_password_alone_opens_nothing_once_a_second_factor_is_there(
    boss: User, settings: Any
) -> None:
    settings.ADMIN_MFA = True
    enrol(browser(boss))
    thief = browser(boss)

    assert thief.get("/admin/").headers["Location"].startswith("/staff/2fa/?")
    for page in ("/staff/2fa/recovery-codes/", "/staff/2fa/enrol/"):
        sent = thief.get(page)
        assert sent.status_code == 302
        assert not sent.headers["Location"].startswith("/admin/customers")
    assert thief.post("/staff/2fa/recovery-codes/new/").status_code == 302
    tries = [thief.post("/staff/2fa/", {"code": "000000"}).status_code for _ in range(6)]
    assert tries == [200] * 5 + [429]
    assert Authenticator.objects.filter(user=boss).count() == 2


def test_passwords_of_staff_are_counted_too(boss: User) -> None:
    client = Client(REMOTE_ADDR=fresh_address())
    tries = [
        client.post("/admin/login/", {"username": boss.email, "password": "wrong"}).status_code
        for _ in range(11)
    ]

    assert tries == [200] * 10 + [429]


def test_a_customer_is_no_staff_and_a_session_of_the_app_is_no_back_office() -> None:
    phone = Phone().sign_up()
    client = browser(User.objects.get(email=phone.email), password=phone.password)
    assert client.get("/admin/").status_code == 302

    client.cookies["sessionid"] = phone.session
    assert client.get("/admin/").status_code == 302
    assert client.get("/staff/2fa/recovery-codes/").status_code in {302, 404}


def test_a_session_that_rested_too_long_or_moved_is_over(
    boss: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    idle = timedelta(seconds=settings.STAFF_IDLE_SECONDS)
    used, rested, moved = browser(boss), browser(boss), browser(boss)
    for window in (used, rested, moved):
        assert window.get("/admin/").status_code == 200
    now = clock.now()

    assert moved.get("/admin/", REMOTE_ADDR=fresh_address()).status_code == 302
    assert moved.get("/admin/").status_code == 302
    for passed, window, status in (
        (idle / 2, used, 200),
        (idle + timedelta(seconds=1), rested, 302),
        (idle + timedelta(seconds=1), used, 200),
    ):
        monkeypatch.setattr(clock, "now", lambda passed=passed: now + passed)
        assert window.get("/admin/").status_code == status
    assert rested.get("/admin/customers/customer/").status_code == 302


def test_control_without_the_end_of_rest_a_session_goes_on_for_days(
    boss: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.STAFF_IDLE_SECONDS = timedelta(days=30).total_seconds()
    rested = browser(boss)
    assert rested.get("/admin/").status_code == 200
    now = clock.now()

    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=1))

    assert rested.get("/admin/").status_code == 200


@pytest.mark.parametrize("page", ["", "enrol/", "recovery-codes/", "recovery-codes/new/",
                                  "recovery-codes/download/"])  # fmt: skip
def test_for_a_customer_there_is_no_page_of_staff(page: str) -> None:
    phone = Phone().sign_up()
    window = Client(REMOTE_ADDR=fresh_address())
    window.force_login(User.objects.get(email=phone.email))

    for answer in (window.get(f"/staff/2fa/{page}"), window.post(f"/staff/2fa/{page}", {})):
        assert (answer.status_code, answer.json()["code"]) == (404, "api.not_found")


def test_a_session_of_the_back_office_is_no_token_of_the_api(boss: User) -> None:
    client = browser(boss)
    key = client.session.session_key
    assert key

    assert Client().get("/v1/me", headers={"X-Session-Token": key}).status_code == 401
    assert Client().get("/v1/auth/session", headers={"X-Session-Token": key}).status_code == 410
