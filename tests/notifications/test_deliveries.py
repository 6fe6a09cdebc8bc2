"""Notices leave the inbox: by mail and push, as their customer likes, once each."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client

from krak.core import clock
from krak.core.functions import call
from krak.core.ids import read, uuid7
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction as ours
from krak.identity.models import Device
from krak.notifications import services
from krak.notifications.channels import Parcel
from krak.notifications.models import Delivery, Notification, PushToken
from krak.sandbox.push import KeptPush
from tests.identity.phone import Phone, fresh_email

pytestmark = pytest.mark.django_db
AMOUNT = {"amount": "12.50", "currency": "EUR"}


def device_of(phone: Phone) -> str:
    (current,) = [each for each in phone.get("/v1/devices").json()["results"] if each["current"]]
    shown: str = current["id"]
    return shown


def keep_token(phone: Phone, token: str) -> None:
    answer = phone.put(f"/v1/devices/{device_of(phone)}/push-token", {"token": token})
    assert answer.status_code == 204, answer.content


def tell(phone: Phone, kind: str = "transfer.received", **facts: Any) -> Notification:
    user = Device.objects.filter(user__email=phone.email).first().user  # type: ignore[union-attr]
    with ours():
        told = services.Told(user.customer.id, kind, {"amount": AMOUNT, **facts})
        [notice] = services.keep([told], now=clock.now())
    outbox.drain(now=clock.now())
    return notice


def tell_from_the_database(phone: Phone, kind: str) -> list[str]:
    """Return the topics of what is promised with a notice that a function puts into the inbox."""
    customer_id = read("cus", phone.get("/v1/me").json()["id"])
    posted = services.posted(kind, {"amount": AMOUNT, "merchant": "RAMEN TOKYO"})
    call(
        "SELECT notifications_tell(%s::uuid, %s::jsonb, %s::timestamptz)",
        [customer_id, json.dumps(posted), clock.now()],
    )
    promised = list(OutboxMessage.objects.filter(id=posted["id"]).values_list("topic", flat=True))
    outbox.drain(now=clock.now())
    return promised


def pushes(phone: Phone) -> list[dict[str, Any]]:
    customer = phone.get("/v1/me").json()["id"]
    found: list[dict[str, Any]] = (
        Client().get("/v1/sandbox/pushes", {"customer": customer}).json()["results"]
    )
    return found


def titles(phone: Phone) -> list[str]:
    return [mail["subject"] for mail in phone.mails()]


def test_a_push_goes_to_the_phone_in_words_and_by_its_id(phone: Phone) -> None:
    keep_token(phone, "tok-1")

    notice = tell(phone, counterparty="ada")

    (push,) = pushes(phone)
    assert (push["token"], push["title"], push["text"]) == (
        "tok-1", "Money received", "ada has sent you 12.50 EUR.",
    )  # fmt: skip
    assert push["payload"] == {
        "notification": notice.shown_id, "kind": "transfer.received", "sequence": 1,
    }  # fmt: skip
    assert "Money received" not in titles(phone)


def test_what_concerns_money_goes_by_mail_too(phone: Phone) -> None:
    tell(phone, "withdrawal.sent")

    mail = phone.mails()[0]
    assert mail["subject"] == "Withdrawal sent"
    assert mail["text"].startswith("12.50 EUR is on its way.\n")


def test_a_notice_from_the_database_is_carried_where_its_customer_has_it(phone: Phone) -> None:
    assert tell_from_the_database(phone, "authorization.approved") == []
    keep_token(phone, "tok-1")

    assert tell_from_the_database(phone, "authorization.approved") == ["notifications.carry"]

    (push,) = pushes(phone)
    assert (push["title"], push["text"], push["payload"]["sequence"]) == (
        "Purchase approved", "12.50 EUR at RAMEN TOKYO.", 2,
    )  # fmt: skip
    assert "Purchase approved" not in titles(phone)


def test_a_notice_from_the_database_is_mailed_by_default_or_by_wish(phone: Phone) -> None:
    assert tell_from_the_database(phone, "withdrawal.sent") == ["notifications.carry"]
    assert titles(phone)[0] == "Withdrawal sent"

    wish = {"group": "card", "channels": {"email": True}}
    assert phone.patch("/v1/notification-preferences", wish).status_code == 200
    assert tell_from_the_database(phone, "authorization.approved") == ["notifications.carry"]
    assert titles(phone)[0] == "Purchase approved"


def test_each_phone_gets_a_push_once_and_one_that_signed_out_none(phone: Phone) -> None:
    other, gone = phone.other(), phone.other()
    for each, token in ((phone, "tok-a"), (other, "tok-b"), (gone, "tok-c")):
        if not each.session:
            assert each.log_in().status_code == 200
        keep_token(each, token)
    assert gone.delete("/v1/auth/session").status_code == 401

    notice = tell(phone)
    with ours():
        services.mark_read(customer_id=notice.customer_id, ids=None, now=clock.now())
    OutboxMessage.objects.filter(topic="notifications.deliver").update(
        done_at=None, due_at=clock.now()
    )
    outbox.drain(now=clock.now())

    sent = [each for each in pushes(phone) if each["payload"]["notification"] == notice.shown_id]
    assert sorted(each["token"] for each in sent) == ["tok-a", "tok-b"]


def test_a_token_moves_with_the_phone_to_whom_it_signs_in(phone: Phone) -> None:
    stranger = Phone(email=fresh_email()).sign_up()
    keep_token(phone, "tok-shared")
    keep_token(stranger, "tok-shared")

    tell(phone)

    assert pushes(phone) == []
    assert PushToken.objects.get(token="tok-shared").customer.user.email == stranger.email


def test_a_dead_token_is_removed_and_the_inbox_stays(phone: Phone) -> None:
    keep_token(phone, "dead-1")

    notice = tell(phone)

    assert not PushToken.objects.filter(token="dead-1").exists()
    row = Delivery.objects.get(notification=notice)
    assert (row.state, row.attempts, row.last_error) == ("FAILED", 1, "the app was removed")
    assert phone.get("/v1/notifications").json()["results"][0]["id"] == notice.shown_id


def test_a_provider_that_is_away_is_tried_seven_times_and_no_more(phone: Phone) -> None:
    keep_token(phone, "down-1")
    notice = tell(phone)
    states = [(Delivery.objects.get().state, Delivery.objects.get().attempts)]

    for _ in range(8):
        OutboxMessage.objects.filter(done_at=None).update(due_at=clock.now() - timedelta(seconds=1))
        outbox.drain(now=clock.now())
        row = Delivery.objects.get(notification=notice)
        states.append((row.state, row.attempts))

    assert states == [
        ("WAITING", 1), ("WAITING", 2), ("WAITING", 3), ("WAITING", 4), ("WAITING", 5),
        ("WAITING", 6), ("FAILED", 7), ("FAILED", 7), ("FAILED", 7),
    ]  # fmt: skip
    assert not OutboxMessage.objects.filter(done_at=None).exists()


def interrupted(notice: Notification, channel: str, target: str = "", tries: int = 1) -> Delivery:
    """Return a delivery whose worker died somewhere in the call."""
    return Delivery.objects.create(
        id=uuid7(), customer=notice.customer, notification=notice, channel=channel,
        target=target, state="SENDING", attempts=tries, created_at=clock.now(),
    )  # fmt: skip


def test_a_mail_that_nobody_came_back_from_is_not_repeated(phone: Phone) -> None:
    row = interrupted(tell(phone), "EMAIL")

    services.deliver(delivery_id=row.id, now=clock.now())

    row.refresh_from_db()
    assert (row.state, row.last_error) == ("FAILED", "perhaps sent: the worker died")
    assert "Money received" not in titles(phone)


def test_a_push_that_nobody_came_back_from_is_repeated_and_replaces_itself(phone: Phone) -> None:
    notice = tell(phone)
    keep_token(phone, "tok-1")
    device = str(read(Device.PREFIX, device_of(phone)))
    KeptPush().send(
        Parcel(
            customer_id=notice.customer_id, key=notice.shown_id, address="tok-1", title="", text="",
            data={"notification": notice.shown_id},
        )
    )  # fmt: skip
    row = interrupted(notice, "PUSH", device)

    services.deliver(delivery_id=row.id, now=clock.now())

    row.refresh_from_db()
    assert (row.state, row.attempts) == ("SENT", 2)
    assert [each["title"] for each in pushes(phone)] == ["Money received"]


def test_a_push_that_kills_its_worker_is_given_up_in_the_end(phone: Phone) -> None:
    notice = tell(phone)
    keep_token(phone, "tok-1")
    row = interrupted(notice, "PUSH", str(read(Device.PREFIX, device_of(phone))), tries=7)

    services.deliver(delivery_id=row.id, now=clock.now())

    row.refresh_from_db()
    assert (row.state, row.last_error) == ("FAILED", "perhaps sent: the worker died")
    assert pushes(phone) == []


def test_mail_goes_only_where_it_is_read(phone: Phone) -> None:
    user = Device.objects.get(user__email=phone.email).user
    user.email_verified_at = None
    user.save(update_fields=["email_verified_at"])

    tell(phone, "withdrawal.sent")

    assert "Withdrawal sent" not in titles(phone)


# --- Push tokens of others, and around the services ----------------------------------------------


@pytest.mark.parametrize("ask", ["put", "delete"])
def test_another_persons_device_is_not_there(phone: Phone, ask: str) -> None:
    theirs = device_of(Phone(email=fresh_email()).sign_up())
    ways: dict[str, Callable[[str], Any]] = {
        "put": lambda path: phone.put(path, {"token": "tok"}),
        "delete": phone.delete,
    }

    for path in (f"/v1/devices/{theirs}/push-token", "/v1/devices/dev_x/push-token"):
        answer = ways[ask](path)
        assert (answer.status_code, answer.json()["code"]) == (404, "identity.device_not_found")
    assert not PushToken.objects.exists()


def test_a_token_can_be_taken_back(phone: Phone) -> None:
    keep_token(phone, "tok-1")
    path = f"/v1/devices/{device_of(phone)}/push-token"

    assert [phone.delete(path).status_code for _ in range(2)] == [204, 204]

    tell(phone)
    assert pushes(phone) == []


@pytest.mark.parametrize("token", ["", "a b", "ü", "x" * 401, True, None])
def test_odd_tokens_are_refused(phone: Phone, token: Any) -> None:
    path = f"/v1/devices/{device_of(phone)}/push-token"

    answer = phone.put(path, {"token": token})

    assert (answer.status_code, answer.json()["code"]) == (400, "api.invalid")


def test_the_database_lets_a_notice_out_once_per_channel_and_device(phone: Phone) -> None:
    keep_token(phone, "tok-1")
    notice = tell(phone)
    sent = Delivery.objects.get(notification=notice)
    again = Delivery(
        id=uuid7(), customer=notice.customer, notification=notice, channel="PUSH",
        target=sent.target, created_at=clock.now(),
    )  # fmt: skip

    with pytest.raises(IntegrityError, match="a_notice_goes_out_once"), transaction.atomic():
        again.save()
    with pytest.raises(DatabaseError, match="stays ended"), transaction.atomic():
        Delivery.objects.filter(id=sent.id).update(state="WAITING", sent_at=None)
    assert read(Device.PREFIX, device_of(phone)).hex == sent.target.replace("-", "")


def test_the_database_gives_a_push_token_to_one_device(phone: Phone) -> None:
    keep_token(phone, "tok-1")
    stranger = Phone(email=fresh_email()).sign_up()
    device = Device.objects.get(user__email=stranger.email)

    with pytest.raises(IntegrityError, match="a_push_token_is_of_one_device"), transaction.atomic():
        PushToken.objects.create(
            device=device, customer=device.user.customer, token="tok-1", created_at=clock.now()
        )
