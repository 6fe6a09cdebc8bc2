"""Where somebody is signed in: listed, told of, ended."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from krak.core import clock
from krak.core.outbox import services as outbox
from krak.identity.models import Device
from tests.identity.phone import Phone
from tests.people import new_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone() -> Phone:
    return Phone().sign_up()


def _devices(phone: Phone) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = phone.get("/v1/devices").json()["results"]
    return found


def test_devices_are_listed_with_what_they_are(phone: Phone) -> None:
    tablet = phone.other(agent="Krak/1.0 (Linux; Android 16)")
    tablet.log_in()

    newest, first = _devices(phone)

    assert (first["name"], first["platform"], first["current"]) == ("Krak on iOS", "iOS", True)
    assert (newest["name"], newest["current"]) == ("Krak on Android", False)
    assert newest["address"] == tablet.address
    assert newest["id"].startswith("dev_")


def test_an_ended_device_is_out_at_once_and_a_stranger_again(phone: Phone) -> None:
    tablet = phone.other()
    tablet.log_in()
    (ended,) = [each for each in _devices(phone) if not each["current"]]

    assert phone.delete(f"/v1/devices/{ended['id']}").status_code == 204

    assert tablet.get("/v1/me").status_code == 401
    assert tablet.get("/v1/auth/session").status_code == 410
    assert [each["current"] for each in _devices(phone)] == [True]
    known = tablet.device
    tablet.log_in()
    assert tablet.device != known


def test_others_devices_are_not_there(phone: Phone) -> None:
    stranger = Phone().sign_up()
    (theirs,) = _devices(stranger)

    for shown in (theirs["id"], "dev_01h455vb4pex5vsknk084sn02q", "nonsense"):
        response = phone.delete(f"/v1/devices/{shown}")
        assert (response.status_code, response.json()["code"]) == (
            404,
            "identity.device_not_found",
        )
    assert stranger.get("/v1/me").status_code == 200


def test_signing_in_again_is_the_same_device(phone: Phone) -> None:
    token = phone.device
    phone.delete("/v1/auth/session")
    phone.log_in()

    assert phone.device == token
    assert len(_devices(phone)) == 1


def test_a_new_device_is_told_to_the_customer_and_the_first_is_not(phone: Phone) -> None:
    outbox.drain(now=clock.now())
    assert phone.get("/v1/notifications").json()["results"] == []
    tablet = phone.other(agent="Krak/1.0 (Linux; Android 16)")
    tablet.log_in()
    outbox.drain(now=clock.now())

    page = phone.get("/v1/notifications").json()

    (told,) = page["results"]
    assert (told["kind"], told["facts"]["name"]) == ("new_device", "Krak on Android")
    assert (told["read_at"], page["unread"]) == (None, 1)
    assert phone.post("/v1/notifications/read", {"ids": [told["id"]]}).status_code == 204
    assert phone.get("/v1/notifications").json()["unread"] == 0


def test_nobody_reads_others_notices(phone: Phone) -> None:
    phone.other().log_in()
    outbox.drain(now=clock.now())
    (told,) = phone.get("/v1/notifications").json()["results"]
    stranger = Phone().sign_up()

    assert stranger.post("/v1/notifications/read", {"ids": [told["id"]]}).status_code == 204
    assert stranger.get("/v1/notifications").json()["results"] == []
    assert phone.get("/v1/notifications").json()["unread"] == 1


def test_an_access_token_is_listed_and_ended_like_a_device(pinned: Any) -> None:
    pinned()
    known = new_customer()
    (token,) = known.get("/v1/devices").json()["results"]
    assert (token["name"], token["platform"], token["current"]) == ("sandbox", "API", True)

    phone = Phone()
    ended = phone.ask("DELETE", f"/v1/devices/{token['id']}", Authorization=f"Bearer {known.token}")

    assert ended.status_code == 204
    assert known.get("/v1/devices").status_code == 401


def test_being_seen_is_noted_every_five_minutes_only(phone: Phone) -> None:
    Device.objects.update(last_seen_at=clock.now() - timedelta(minutes=6))
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            phone.get("/v1/preferences")
        counts.append(len(queries))

    # The session, the device with user and customer, and what preferences read.
    assert counts == [5, 4]
    assert Device.objects.get().last_seen_at > clock.now() - timedelta(minutes=1)
