"""Guessing, asking who is a customer, and getting in the owner's way."""

import json
import time
from base64 import urlsafe_b64encode
from statistics import median
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from krak.core.outbox.models import OutboxMessage
from tests.identity.phone import Phone, fresh_address, fresh_email

pytestmark = pytest.mark.django_db

LOGIN = "/v1/auth/login"


@pytest.fixture
def phone() -> Phone:
    return Phone().sign_up()


def _signup(email: str, address: str = "") -> Any:
    return Phone(email=email, address=address or fresh_address()).post(
        "/v1/auth/signup",
        {"email": email, "password": "correct-horse-battery", "country": "DE"},
    )


def _reset(email: str) -> Any:
    return Phone().post("/v1/auth/password/request", {"email": email})


def _wrong_login(email: str) -> Any:
    return Phone().post(LOGIN, {"email": email, "password": "wrong-password-1"})


def _without_token(response: Any) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    body.get("meta", {}).pop("session_token", None)
    return body


# --- Who is a customer ---------------------------------------------------------------------------


@pytest.mark.parametrize("ask", [_signup, _reset, _wrong_login])
def test_an_answer_does_not_tell_whether_somebody_is_a_customer(phone: Phone, ask: Any) -> None:
    known, unknown = ask(phone.email), ask(fresh_email())

    assert known.status_code == unknown.status_code
    assert _without_token(known) == _without_token(unknown)
    assert set(known.headers) == set(unknown.headers)


def test_neither_do_wrong_codes(phone: Phone) -> None:
    answers = []
    for email in (phone.email, fresh_email()):
        asking = Phone()
        asking.post("/v1/auth/password/request", {"email": email})
        body = {"key": "BCDF-GHJK", "password": "a-new-password-1"}
        path = "/v1/auth/password/reset"
        answers.append(
            [
                asking.get(path).status_code,
                *(_without_token(asking.post(path, body)) for _ in range(4)),
            ]
        )

    assert answers[0] == answers[1]


@pytest.mark.parametrize("ask", [_signup, _reset])
def test_either_address_gets_one_mail_that_a_worker_sends(phone: Phone, ask: Any) -> None:
    for email in (phone.email, fresh_email()):
        before = OutboxMessage.objects.filter(topic="identity.mail").count()
        ask(email)
        assert OutboxMessage.objects.filter(topic="identity.mail").count() == before + 1
    newest = OutboxMessage.objects.filter(topic="identity.mail").order_by("-id")[0]
    assert "@" not in str(newest.payload["to"])
    assert newest.payload["text"].startswith("gAAAA")


@pytest.mark.parametrize("ask", [_signup, _wrong_login])
def test_either_answer_costs_one_hash_of_a_password(
    real_hashes: None, phone: Phone, ask: Any
) -> None:
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(4):
        for known in (True, False):
            email = phone.email if known else fresh_email()
            began = time.thread_time()
            ask(email)
            seconds[known].append(time.thread_time() - began)

    # A hash that is missing halves the time or more; what else differs is a fraction of that.
    ratio = median(seconds[True]) / median(seconds[False])
    assert 0.6 < ratio < 1.67


# --- Guessing ------------------------------------------------------------------------------------


def test_ten_passwords_and_then_waiting_whoever_it_is(phone: Phone) -> None:
    for email in (phone.email, fresh_email()):
        thief = Phone()
        tries = [
            thief.post(LOGIN, {"email": email, "password": f"wrong-password-{n}"}).status_code
            for n in range(12)
        ]
        assert tries == [400] * 10 + [429] * 2


def test_a_stranger_does_not_lock_the_owner_out(phone: Phone) -> None:
    tablet = phone.other()
    for _ in range(11):
        thief = Phone()
        for _ in range(10):
            thief.post(LOGIN, {"email": phone.email, "password": "wrong-password-1"})

    # By now every stranger is turned away: the right password from a new device is one, too.
    assert tablet.log_in().status_code == 429
    # The owner's own phone is not, whatever address it has today.
    phone.address = fresh_address()
    assert phone.log_in().status_code == 200


def test_a_device_token_helps_with_its_own_account_only(phone: Phone) -> None:
    attacker = Phone().sign_up()
    attacker.session = ""
    tries = [
        attacker.post(LOGIN, {"email": phone.email, "password": "wrong-password-1"}).status_code
        for _ in range(11)
    ]

    assert tries == [400] * 10 + [429]


def test_an_address_cannot_be_forged_to_guess_more(phone: Phone) -> None:
    thief = Phone()
    tries = [
        thief.ask(
            "POST",
            LOGIN,
            {"email": phone.email, "password": "wrong-password-1"},
            **{"X-Forwarded-For": fresh_address()},
        ).status_code
        for _ in range(11)
    ]

    assert tries == [400] * 10 + [429]


def test_codes_from_a_mail_cannot_be_guessed_at_once_or_one_by_one() -> None:
    phone = Phone()
    _ = phone.post(
        "/v1/auth/signup",
        {"email": phone.email, "password": phone.password, "country": "DE"},
    )
    statuses = [
        phone.post("/v1/auth/email/verify", {"key": "BCDF-GHJK"}).status_code for _ in range(6)
    ]

    # allauth ends it at the third; the count holds for requests that overtake each other.
    assert statuses == [400, 400, 400, 409, 409, 429]


def test_nobody_is_flooded_with_mail(phone: Phone) -> None:
    statuses = [_reset(phone.email).status_code for _ in range(21)]

    assert statuses == [401] * 20 + [429]
    phone.session = ""
    known = phone.post("/v1/auth/password/request", {"email": phone.email})
    assert known.status_code == 401


# --- Bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"1", b'{"email": NaN}', b"\xff", b"[" * 5000, b'{"a": 1, "a": 2}',
     b'{"email": "\\u0000"}'],
)  # fmt: skip
@pytest.mark.parametrize("path", ["login", "signup", "password/request", "2fa/authenticate"])
def test_an_unreadable_body_is_a_problem(path: str, body: bytes) -> None:
    response = Client(REMOTE_ADDR=fresh_address()).post(
        f"/v1/auth/{path}", body, content_type="application/json"
    )

    assert (response.status_code, response.json()["code"]) == (400, "api.parse_error")


@pytest.mark.parametrize("value", [None, 1, True, [], {}, ["x"], {"a": "b"}, "x" * 10_000])
def test_values_of_another_kind_are_field_errors(value: Any) -> None:
    response = Phone().post(LOGIN, {"email": value, "password": value})

    assert (response.status_code, response.json()["errors"][0]["param"]) == (400, "email")


def test_webhooks_and_health_ask_nothing_about_who_is_asking(client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        client.post("/webhooks/stripe/events", b"{}", content_type="application/json")
        client.get("/healthz/live")

    assert len(queries) == 0


def test_an_answer_costs_two_queries_to_know_who_asks(phone: Phone) -> None:
    with CaptureQueriesContext(connection) as queries:
        phone.get("/v1/devices")

    tables = [query["sql"].split('FROM "')[1].split('"')[0] for query in queries]
    assert tables == [
        "django_session", "identity_device", "identity_device", "customers_accesstoken",
    ]  # fmt: skip


# --- Tokens --------------------------------------------------------------------------------------


def _jwt(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@pytest.mark.parametrize("header", ["X-Session-Token", "Authorization"])
def test_a_token_that_was_made_up_is_none(phone: Phone, header: str) -> None:
    claims = {"sub": phone.email, "token_use": "access", "exp": 4_000_000_000}
    made_up = [
        _jwt({"alg": "none"}, claims),
        _jwt({"alg": "HS256"}, claims, b"x" * 32),
        _jwt({"alg": "RS256", "kid": "../../etc/passwd"}, claims, b"x" * 256),
        _jwt({"alg": "HS256", "jku": "https://evil.example/keys"}, claims, b"x"),
        _jwt({"alg": "HS256"}, claims | {"exp": 1}, b"x"),
        _jwt({"alg": "HS256"}, claims | {"token_use": "refresh"}, b"x"),
        phone.session[:-1],
        phone.session + "x",
        phone.session.swapcase(),
        "x" * 100_000,
    ]
    for token in made_up:
        sent = f"Bearer {token}" if header == "Authorization" else token
        answer = Client().get("/v1/me", headers={header: sent})
        assert answer.status_code == 401, token[:80]

    good = f"Bearer {phone.session}" if header == "Authorization" else phone.session
    assert Client().get("/v1/me", headers={header: good}).status_code == 200


@pytest.mark.parametrize("given", ["a\r\nSet-Cookie: x=1", "short", "x" * 65, "req 1", "<script>"])
def test_a_request_id_that_is_none_is_not_repeated(given: str) -> None:
    answer = Client().get("/healthz/live", headers={"Request-Id": given})

    assert answer["Request-Id"].startswith("req_")
    assert "Set-Cookie" not in answer.headers
    kept = Client().get("/healthz/live", headers={"Request-Id": "one-of-theirs"})
    assert kept["Request-Id"] == "one-of-theirs"
