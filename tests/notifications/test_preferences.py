"""Customers say where notices go: by group, by kind, and security's stay on."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from krak.notifications.kinds import GROUPS, KINDS, Channel, Group
from krak.notifications.models import Preference
from krak.notifications.rules import Choice, Source, Wishes
from tests.identity.phone import Phone
from tests.notifications.test_deliveries import keep_token, pushes, tell, titles

PATH = "/v1/notification-preferences"
SAID = st.sampled_from([None, True, False])


@given(
    kind=st.sampled_from(list(KINDS.values())), channel=st.sampled_from(Channel),
    of_group=SAID, of_kind=SAID, elsewhere=st.booleans(),
)  # fmt: skip
def test_a_kind_has_its_own_setting_or_its_groups_or_the_default(
    kind: Any, channel: Channel, of_group: bool | None, of_kind: bool | None, elsewhere: bool
) -> None:
    other = next(each for each in Channel if each is not channel)
    groups: dict[tuple[str, str], bool] = {(kind.group, other): elsewhere}
    kinds: dict[tuple[str, str], bool] = {(kind.name, other): elsewhere}
    if of_group is not None:
        groups[kind.group, channel] = of_group
    if of_kind is not None:
        kinds[kind.name, channel] = of_kind

    found = Wishes(groups=groups, kinds=kinds).of_kind(kind, channel)

    if kind.group is Group.SECURITY:
        assert found == Choice(True, Source.DEFAULT)
    elif of_kind is not None:
        assert found == Choice(of_kind, Source.KIND)
    elif of_group is not None:
        assert found == Choice(of_group, Source.GROUP)
    else:
        assert found == Choice(GROUPS[kind.group].default(channel), Source.DEFAULT)


def channels(phone: Phone) -> dict[str, dict[str, bool]]:
    answer = phone.get(PATH).json()
    assert answer["object"] == "notification_preferences"
    return {each["group"]: each["channels"] for each in answer["groups"]}


def of_kind(phone: Phone, kind: str) -> dict[str, tuple[bool, str]]:
    """Return of each channel whether a kind takes it, and who says so."""
    (found,) = [each for each in phone.get(PATH).json()["kinds"] if each["kind"] == kind]
    return {name: (found["channels"][name], found["sources"][name]) for name in found["channels"]}


def change(phone: Phone, **body: Any) -> None:
    answer = phone.patch(PATH, body)
    assert answer.status_code == 200, answer.content
    assert answer.json() == phone.get(PATH).json()


@pytest.mark.django_db
def test_every_group_and_kind_is_listed_with_what_holds_at_first(phone: Phone) -> None:
    answer = phone.get(PATH).json()

    assert [each["group"] for each in answer["groups"]] == [str(group) for group in Group]
    assert [each["kind"] for each in answer["kinds"]] == list(KINDS)
    defaults = {"email": "default", "push": "default"}
    assert all(each["sources"] == defaults for each in answer["groups"] + answer["kinds"])
    assert answer["kinds"][0] == {
        "kind": "authorization.approved", "group": "card", "name": "Purchase approved",
        "can_be_switched_off": True, "channels": {"email": False, "push": True},
        "sources": defaults,
    }  # fmt: skip
    assert {e["kind"] for e in answer["kinds"] if not e["can_be_switched_off"]} == {
        "new_device", "destination.added",
    }  # fmt: skip


@pytest.mark.django_db
def test_a_kind_follows_its_group_until_it_has_its_own_setting_and_again_afterwards(
    phone: Phone,
) -> None:
    change(phone, group="card", channels={"email": True})
    assert of_kind(phone, "purchase.cleared") == {
        "email": (True, "group"), "push": (True, "default"),
    }  # fmt: skip

    change(phone, kind="purchase.cleared", channels={"email": False, "push": False})
    change(phone, group="card", channels={"push": True})
    assert of_kind(phone, "purchase.cleared") == {
        "email": (False, "kind"), "push": (False, "kind"),
    }  # fmt: skip
    assert of_kind(phone, "refund.received") == {
        "email": (True, "group"), "push": (True, "group"),
    }  # fmt: skip

    for _ in range(2):
        change(phone, kind="purchase.cleared", channels={"email": None})
        change(phone, group="card", channels={"push": None})
    assert of_kind(phone, "purchase.cleared") == {
        "email": (True, "group"), "push": (False, "kind"),
    }  # fmt: skip
    assert of_kind(phone, "refund.received") == {
        "email": (True, "group"), "push": (True, "default"),
    }  # fmt: skip
    assert Preference.objects.count() == 2


@pytest.mark.django_db
def test_a_notice_goes_where_its_kind_says(phone: Phone) -> None:
    keep_token(phone, "tok-1")
    change(phone, group="card", channels={"push": False})
    change(phone, kind="purchase.cleared", channels={"push": True})
    change(phone, kind="withdrawal.sent", channels={"email": False})

    tell(phone, "refund.received", merchant="RAMEN")
    tell(phone, "purchase.cleared", merchant="RAMEN")
    tell(phone, "withdrawal.sent")
    tell(phone, "withdrawal.completed")

    assert [each["title"] for each in pushes(phone)] == [
        "Withdrawal arrived", "Withdrawal sent", "Purchase settled",
    ]  # fmt: skip
    assert titles(phone)[0] == "Withdrawal arrived"
    assert "Withdrawal sent" not in titles(phone)
    assert phone.get("/v1/notifications").json()["unread"] == 4


@pytest.mark.django_db
@pytest.mark.parametrize("about", [{"kind": "new_device"}, {"group": "security"}])
def test_a_kind_for_safety_cannot_be_switched_off_either(
    phone: Phone, about: dict[str, str]
) -> None:
    answer = phone.patch(PATH, about | {"channels": {"email": True, "push": False}})

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "notifications.always_on")
    assert problem["facts"] == about
    change(phone, **about, channels={"email": True, "push": None})
    assert of_kind(phone, "new_device") == {"email": (True, "default"), "push": (True, "default")}
    assert not Preference.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"channels": {"push": False}},
        {"kind": "purchase.cleared"},
        {"kind": "purchase.cleared", "group": "card", "channels": {"push": False}},
        {"kind": "moon.reached", "channels": {"push": False}},
        {"kind": "card", "channels": {"push": False}},
        {"group": "purchase.cleared", "channels": {"push": False}},
        {"group": None, "channels": {"push": False}},
        {"kind": "purchase.cleared", "channels": {"fax": False}},
        {"kind": "purchase.cleared", "channels": {"push": "perhaps"}},
        {"kind": ["purchase.cleared"], "channels": {"push": False}},
    ],
)
def test_an_odd_change_is_refused(phone: Phone, body: Any) -> None:
    answer = phone.patch(PATH, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "api.invalid")
    assert not Preference.objects.exists()


@pytest.mark.django_db
def test_what_somebody_wants_is_nobody_elses_wish(phone: Phone) -> None:
    change(phone, kind="purchase.cleared", channels={"push": False})

    assert of_kind(Phone().sign_up(), "purchase.cleared")["push"] == (True, "default")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("row", "constraint"),
    [
        ({"kind": "new_device", "enabled": False}, "notices_for_safety_stay_on"),
        ({"kind": "destination.added", "enabled": False}, "notices_for_safety_stay_on"),
        ({"kind": "x", "group": "card", "enabled": True}, "a_preference_is_of_one_kind_or_one"),
        ({"enabled": True}, "a_preference_is_of_one_kind_or_one_group"),
        ({"kind": "purchase.cleared", "enabled": True}, "a_customer_says_once_what_goes_where"),
    ],
)
def test_the_database_refuses_what_nobody_may_want(
    phone: Phone, row: dict[str, Any], constraint: str
) -> None:
    change(phone, kind="purchase.cleared", channels={"push": False})
    customer = Preference.objects.get().customer

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Preference.objects.create(customer=customer, channel="PUSH", **{"group": ""} | row)


# --- Several groups at once ----------------------------------------------------------------------


@pytest.mark.django_db
def test_what_is_switched_off_stays_in_the_inbox_only(phone: Phone) -> None:
    keep_token(phone, "tok-1")
    before = channels(phone)
    body = {
        "groups": [
            {"group": "payments", "channels": {"push": False}},
            {"group": "card", "channels": {"email": True}},
        ]
    }
    for _ in range(2):
        assert phone.put(PATH, body).status_code == 200

    assert channels(phone) == before | {
        "payments": {"email": False, "push": False},
        "card": {"email": True, "push": True},
    }
    tell(phone)
    tell(phone, "purchase.cleared", merchant="RAMEN")
    assert [each["title"] for each in pushes(phone)] == ["Purchase settled"]
    assert titles(phone)[0] == "Purchase settled"
    assert phone.get("/v1/notifications").json()["unread"] == 2


@pytest.mark.django_db
def test_notices_for_safety_cannot_be_switched_off(phone: Phone) -> None:
    answer = phone.put(
        PATH,
        {
            "groups": [
                {"group": "card", "channels": {"push": False}},
                {"group": "security", "channels": {"email": False}},
            ]
        },
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "notifications.always_on")
    assert channels(phone)["card"]["push"] is True


@pytest.mark.django_db
def test_the_database_keeps_notices_for_safety_on(phone: Phone) -> None:
    customer = tell(phone).customer

    with pytest.raises(IntegrityError, match="notices_for_safety_stay_on"), transaction.atomic():
        Preference.objects.create(
            customer=customer, group="security", channel="EMAIL", enabled=False
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"groups": []},
        {"groups": [{"group": "moon", "channels": {"push": False}}]},
        {"groups": [{"group": "card", "channels": {"fax": False}}]},
        {"groups": [{"group": "card", "channels": {"push": "perhaps"}}]},
        {"groups": [{"group": "card", "channels": {}}, {"group": "card", "channels": {}}]},
    ],
)
def test_odd_wishes_are_refused(phone: Phone, body: Any) -> None:
    answer = phone.put(PATH, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "api.invalid")
