"""Pushes by Firebase Cloud Messaging: signed, once on the phone, again when Google asks for it."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from krak.core.ids import uuid7
from krak.notifications.channels import Gone, Parcel, Refused, SendAgain
from krak.notifications.channels.fcm import PAUSE_WHEN_TOO_MANY, Fcm
from tests.notifications.fcm_fake import (
    MALFORMED,
    NO_TOKEN,
    UNREGISTERED,
    Canned,
    FakeGoogle,
    failure,
    running,
)

TOKEN = "fcm-dQw4w9WgXcQ:APA91bHun4MxP5egoK"
PARCEL = Parcel(
    customer_id=uuid7(), key="ntf_01m8kq3v5nf2tbx7d9r6h4s8jw", address=TOKEN,
    title="Money received", text="ada has sent you 12.50 €.",
    data={"notification": "ntf_01m8kq3v5nf2tbx7d9r6h4s8jw", "kind": "transfer.received",
          "sequence": 7},
)  # fmt: skip
AWAY = failure(503, "UNAVAILABLE", "The service is currently unavailable.", "UNAVAILABLE")


@pytest.fixture
def google() -> Iterator[FakeGoogle]:
    with running() as fake:
        yield fake


@pytest.fixture
def fcm(google: FakeGoogle) -> Fcm:
    return Fcm(key=google.key, url=google.url, timeout=0.5)


def test_a_push_says_what_the_notice_says_and_how_it_is_replaced(
    fcm: Fcm, google: FakeGoogle
) -> None:
    fcm.send(PARCEL)

    assert google.messages == [{
        "token": TOKEN,
        "notification": {"title": "Money received", "body": "ada has sent you 12.50 €."},
        "data": {"notification": PARCEL.key, "kind": "transfer.received", "sequence": "7"},
        "android": {"priority": "HIGH", "notification": {"tag": PARCEL.key}},
        "apns": {
            "headers": {"apns-collapse-id": PARCEL.key}, "payload": {"aps": {"sound": "default"}},
        },
    }]  # fmt: skip


def test_a_push_sent_twice_is_on_the_phone_once(fcm: Fcm, google: FakeGoogle) -> None:
    fcm.send(PARCEL)
    fcm.send(replace(PARCEL, text="ada has sent you 12.50 EUR."))
    fcm.send(replace(PARCEL, key="ntf_other", title="Cashback", text=""))

    assert google.screens == {
        TOKEN: {
            PARCEL.key: ("Money received", "ada has sent you 12.50 EUR."),
            "ntf_other": ("Cashback", ""),
        }
    }


# --- Access tokens -------------------------------------------------------------------------------


def test_an_access_token_serves_until_shortly_before_it_expires(google: FakeGoogle) -> None:
    lasting = Fcm(key=google.key, url=google.url)
    for _ in range(3):
        lasting.send(PARCEL)
    assert google.given == ["ya29.fake-1"]

    google.lifetime = 200  # less than what google-auth keeps clear of
    brief = Fcm(key=google.key, url=google.url)
    for _ in range(2):
        brief.send(PARCEL)
    assert len(google.given) == 3


def test_many_threads_fetch_one_access_token(fcm: Fcm, google: FakeGoogle) -> None:
    start = threading.Barrier(6)

    def send(n: int) -> None:
        start.wait(5)
        fcm.send(replace(PARCEL, key=f"ntf_{n}"))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(send, range(6)))

    assert (len(google.given), len(google.messages)) == (1, 6)


def test_an_access_token_that_was_revoked_is_replaced_once(fcm: Fcm, google: FakeGoogle) -> None:
    fcm.send(PARCEL)
    google.revoked = {"ya29.fake-1"}

    fcm.send(PARCEL)
    fcm.send(PARCEL)

    assert google.given == ["ya29.fake-1", "ya29.fake-2"]
    assert google.asked == 4


def test_a_second_401_is_the_end_of_it(fcm: Fcm, google: FakeGoogle) -> None:
    google.next_sends = [
        failure(401, "UNAUTHENTICATED", "Auth error from APNS", "THIRD_PARTY_AUTH_ERROR")
    ] * 2

    with pytest.raises(Refused, match="HTTP 401 THIRD_PARTY_AUTH_ERROR: Auth error from APNS"):
        fcm.send(PARCEL)
    assert (google.asked, len(google.given)) == (2, 2)


def test_a_key_that_google_does_not_know_is_refused_without_showing_it(google: FakeGoogle) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    key = json.loads(google.key) | {"private_key": other.decode()}
    fcm = Fcm(key=json.dumps(key), url=google.url)

    with pytest.raises(Refused) as refused:
        fcm.send(PARCEL)

    assert str(refused.value) == (
        "Google gives us no access token: invalid_grant: Signature verification failed"
    )
    assert google.asked == 0


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (Canned(503, {"error": "temporarily_unavailable"}, {"Retry-After": "30"}), 30),
        (Canned(502, b"<html>Bad gateway</html>"), 0),
        (Canned(429, {"error": "rate_limit_exceeded"}), 60),
    ],
)
def test_a_token_endpoint_that_is_away_is_asked_later_and_not_meanwhile(
    fcm: Fcm, google: FakeGoogle, answer: Canned, after: int
) -> None:
    google.next_tokens = [answer]

    with pytest.raises(SendAgain) as later:
        fcm.send(PARCEL)

    assert later.value.after == timedelta(seconds=after)
    assert (google.given, google.asked) == ([], 0)


def test_a_token_endpoint_that_is_no_such_thing_is_refused(fcm: Fcm, google: FakeGoogle) -> None:
    google.next_tokens = [Canned(200, b"<html>Welcome to the hotel</html>"), Canned(200, {})]

    for _ in range(2):
        with pytest.raises(Refused, match="Google gives us no access token"):
            fcm.send(PARCEL)


# --- What FCM answers ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (UNREGISTERED, "HTTP 404 UNREGISTERED: Requested entity was not found."),
        (MALFORMED, f"HTTP 400 INVALID_ARGUMENT: {NO_TOKEN}"),
    ],
)
def test_a_token_that_is_no_more_or_never_was_is_gone(
    fcm: Fcm, google: FakeGoogle, answer: Canned, said: str
) -> None:
    google.next_sends = [answer]

    with pytest.raises(Gone) as gone:
        fcm.send(PARCEL)

    assert str(gone.value) == said
    assert google.asked == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (failure(400, "INVALID_ARGUMENT", f"Invalid value at 'message.data' of {TOKEN}"),
         "HTTP 400 INVALID_ARGUMENT: Invalid value at 'message.data' of ***"),
        (failure(403, "PERMISSION_DENIED", "SenderId mismatch", "SENDER_ID_MISMATCH"),
         "HTTP 403 SENDER_ID_MISMATCH: SenderId mismatch"),
        (failure(404, "NOT_FOUND", "Requested entity was not found."),
         "HTTP 404 NOT_FOUND: Requested entity was not found."),
        (Canned(404, b"<html>Not found</html>"), "HTTP 404 : not an answer of Google's"),
        (Canned(302, b"", {"Location": "/elsewhere"}), "HTTP 302 : not an answer of Google's"),
    ],
)  # fmt: skip
def test_what_is_wrong_on_our_side_is_refused_at_once_and_costs_no_phone_its_token(
    fcm: Fcm, google: FakeGoogle, answer: Canned, said: str
) -> None:
    google.next_sends = [answer]

    with pytest.raises(Refused) as refused:
        fcm.send(PARCEL)

    assert str(refused.value) == said
    assert google.asked == 1


def until(second: int) -> dict[str, str]:
    """Return headers of an answer that was sent at a full minute."""
    said = "Wed, 25 Nov 2026 04:{}:{:02} GMT"
    return {"Date": said.format("01", 0), "Retry-After": said.format("01", second)}


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (AWAY, timedelta(0)),
        (replace(AWAY, headers={"Retry-After": "120"}), timedelta(seconds=120)),
        (replace(AWAY, headers=until(45)), timedelta(seconds=45)),
        (replace(AWAY, headers=until(45) | {"Date": until(50)["Retry-After"]}), timedelta(0)),
        (replace(AWAY, headers={"Retry-After": until(45)["Retry-After"]}), timedelta(0)),
        (replace(AWAY, headers={"Retry-After": "soon"}), timedelta(0)),
        (replace(AWAY, headers={"Retry-After": "-1"}), timedelta(0)),
        (replace(AWAY, headers={"Retry-After": "9" * 30}), timedelta(0)),
        (failure(500, "INTERNAL", "Internal error encountered.", "INTERNAL"), timedelta(0)),
        (Canned(502, b"<html>Bad gateway</html>"), timedelta(0)),
        (failure(429, "RESOURCE_EXHAUSTED", "Quota exceeded", "QUOTA_EXCEEDED"),
         PAUSE_WHEN_TOO_MANY),
        (failure(429, "RESOURCE_EXHAUSTED", "Quota exceeded", "QUOTA_EXCEEDED", Retry_After="5"),
         timedelta(seconds=5)),
    ],
)  # fmt: skip
def test_what_passes_is_sent_again_when_google_says(
    fcm: Fcm, google: FakeGoogle, answer: Canned, after: timedelta
) -> None:
    google.next_sends = [answer]

    with pytest.raises(SendAgain) as later:
        fcm.send(PARCEL)
    fcm.send(PARCEL)

    assert later.value.after == after
    assert google.screens == {TOKEN: {PARCEL.key: (PARCEL.title, PARCEL.text)}}


def test_an_answer_that_does_not_come_leaves_it_open_and_the_repeat_replaces(
    fcm: Fcm, google: FakeGoogle
) -> None:
    google.silent_after = 1

    with pytest.raises(SendAgain, match="ReadTimeout"):
        fcm.send(PARCEL)
    fcm.send(PARCEL)

    assert len(google.messages) == 2
    assert google.screens == {TOKEN: {PARCEL.key: (PARCEL.title, PARCEL.text)}}


def test_nobody_at_home_is_tried_again(google: FakeGoogle) -> None:
    key: dict[str, Any] = json.loads(google.key)
    nowhere = "http://127.0.0.1:9"

    with pytest.raises(SendAgain, match="ConnectError"):
        Fcm(key=json.dumps(key), url=nowhere).send(PARCEL)
    with pytest.raises(SendAgain, match="ConnectError"):
        Fcm(key=json.dumps(key | {"token_uri": nowhere}), url=google.url).send(PARCEL)
