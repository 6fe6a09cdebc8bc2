"""From a notice to a phone by FCM, with what Google answers on the way."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from krak.core import clock
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.notifications.models import Delivery, PushToken
from tests.identity.phone import Phone
from tests.notifications.fcm_fake import MALFORMED, Canned, FakeGoogle, failure, running
from tests.notifications.test_deliveries import keep_token, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def google(settings: Any) -> Iterator[FakeGoogle]:
    with running() as fake:
        settings.PUSH_BACKEND, settings.FCM_KEY, settings.FCM_URL = "fcm", fake.key, fake.url
        yield fake


def come_back() -> None:
    """Let the time pass that is waited before something is tried again."""
    OutboxMessage.objects.filter(done_at=None).update(due_at=clock.now() - timedelta(seconds=1))
    outbox.drain(now=clock.now())


def row() -> Delivery:
    return Delivery.objects.get(channel="PUSH")


def test_a_notice_is_on_the_phones_screen_and_nothing_else_of_it_is_at_google(
    phone: Phone, google: FakeGoogle
) -> None:
    keep_token(phone, "tok-1")

    notice = tell(phone, counterparty="ada", note="for the taxi")

    assert google.screens == {
        "tok-1": {
            notice.shown_id: ("Money received", "ada has sent you 12.50 EUR: for the taxi"),
        }
    }
    (message,) = google.messages
    assert message["data"] == {
        "notification": notice.shown_id, "kind": "transfer.received", "sequence": "1",
    }  # fmt: skip
    assert (row().state, row().attempts, row().last_error) == ("SENT", 1, "")


def test_a_delivery_that_comes_twice_asks_google_once(phone: Phone, google: FakeGoogle) -> None:
    keep_token(phone, "tok-1")
    tell(phone)

    OutboxMessage.objects.filter(topic="notifications.deliver").update(done_at=None)
    come_back()

    assert (google.asked, row().state) == (1, "SENT")


@pytest.mark.parametrize("malformed", [False, True])
def test_a_dead_token_is_dropped_and_not_used_for_the_next_notice(
    phone: Phone, google: FakeGoogle, malformed: bool
) -> None:
    keep_token(phone, "tok-1")
    google.gone.add("tok-1")
    google.next_sends = [MALFORMED] if malformed else []

    tell(phone)
    tell(phone)

    assert google.asked == 1
    assert not PushToken.objects.exists()
    assert row().state == "FAILED"
    assert not OutboxMessage.objects.filter(done_at=None).exists()


def test_a_token_that_was_replaced_meanwhile_is_kept(phone: Phone, google: FakeGoogle) -> None:
    keep_token(phone, "tok-old")
    google.next_sends = [Canned(503)]
    tell(phone)
    keep_token(phone, "tok-new")
    google.gone.add("tok-old")

    come_back()

    assert list(google.screens) == ["tok-new"]
    assert (row().state, row().attempts) == ("SENT", 2)


def test_google_is_not_asked_before_it_says(phone: Phone, google: FakeGoogle) -> None:
    keep_token(phone, "tok-1")
    google.next_sends = [
        failure(503, "UNAVAILABLE", "Try later.", "UNAVAILABLE", Retry_After="120")
    ]
    before = clock.now()

    tell(phone)

    waiting = OutboxMessage.objects.get(topic="notifications.deliver")
    assert timedelta(seconds=119) < waiting.due_at - before < timedelta(seconds=130)
    assert (row().state, row().last_error) == (
        "WAITING", "HTTP 503 UNAVAILABLE: Try later.",
    )  # fmt: skip
    come_back()
    assert (google.asked, row().state, row().attempts) == (2, "SENT", 2)


def test_what_google_refuses_is_not_tried_again_and_is_in_the_log_without_secrets(
    phone: Phone, google: FakeGoogle, caplog: pytest.LogCaptureFixture
) -> None:
    keep_token(phone, "tok-1")
    google.next_sends = [failure(403, "PERMISSION_DENIED", "Not for tok-1.", "SENDER_ID_MISMATCH")]

    with caplog.at_level(logging.DEBUG):
        tell(phone)
        come_back()

    said = "HTTP 403 SENDER_ID_MISMATCH: Not for ***."
    assert (google.asked, row().state, row().last_error) == (1, "FAILED", said)
    assert PushToken.objects.get().token == "tok-1"
    (logged,) = [each for each in caplog.records if each.name.startswith("krak.notifications")]
    assert (logged.levelname, logged.message) == (
        "ERROR", f"notifications: {row().id} is refused: {said}",
    )  # fmt: skip
    for secret in ("tok-1", "ya29.", "PRIVATE KEY"):
        assert secret not in caplog.text
