"""Tags: one form, no look-alikes, changed now and then."""

import threading
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connections
from django.db import transaction as django_transaction
from hypothesis import given
from hypothesis import strategies as st

from krak.core import clock
from krak.core.transactions import transaction
from krak.customers import services
from krak.customers.models import Customer, Tag
from krak.customers.rules import canonical_tag, is_reserved, skeleton
from krak.customers.services.tags import TagChangedTooOften, TagTaken
from tests.identity.phone import Phone
from tests.people import new_customer

NOW = clock.now()


@pytest.fixture
def customer(db: None, pinned: Any) -> Customer:
    pinned()
    return new_customer().customer


def claim(customer: Customer, text: str, *, days: int = 0) -> str:
    with transaction():
        return services.claim_tag(
            customer_id=customer.id, text=text, now=NOW + timedelta(days=days)
        ).tag


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Ada_1815", "ada_1815"),
        ("ADA", "ada"),
        ("ａｄａ", "ada"),  # full width
        ("a" * 20, "a" * 20),
        ("ab", None),
        ("a" * 21, None),
        ("1ada", None),
        ("_ada", None),
        ("ada!", None),
        ("ada ", None),
        ("ada\n", None),
        ("аda", None),  # Cyrillic а
        ("ad\u0430", None),
        ("ada\u200b", None),  # zero width
        ("\u202eada", None),  # right to left
        ("ada\u0301", None),
        ("straße", "strasse"),
        ("ada😀", None),
        ("a" * 10_000, None),
        ("٣ada", None),
    ],
)
def test_a_tag_has_one_form_or_none(text: str, tag: str | None) -> None:
    assert canonical_tag(text) == tag


@given(st.text(max_size=30))
def test_the_canonical_form_is_its_own(text: str) -> None:
    tag = canonical_tag(text)
    if tag is not None:
        assert tag.isascii()
        assert canonical_tag(tag) == tag == canonical_tag(tag.upper())
        assert canonical_tag(unicodedata.normalize("NFD", text)) in {tag, None}


@pytest.mark.parametrize(
    ("one", "other"),
    [("bob", "b0b"), ("paul", "pau1"), ("alice", "aiice"), ("modern", "modem"), ("vvill", "will"),
     ("clara", "dara"), ("ada_l", "adal"), ("zoe", "20e")],
)  # fmt: skip
def test_look_alikes_have_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize("tag", ["krak", "krak_help", "kr4k", "support", "supp0rt", "5upport",
                                 "admln", "s_t_a_f_f", "mykrak"])  # fmt: skip
def test_names_that_pass_for_us_are_reserved(tag: str) -> None:
    assert is_reserved(tag) is (tag != "kr4k")


def test_a_look_alike_of_somebodys_tag_is_taken(customer: Customer) -> None:
    claim(customer, "modern")
    other = new_customer().customer

    for text in ("modern", "MODERN", "modem", "m0dern", "mod_ern"):
        with pytest.raises(TagTaken):
            claim(other, text)
    assert claim(other, "moderna") == "moderna"


def test_a_tag_changes_twice_a_year_and_the_old_one_is_kept_for_ninety_days(
    customer: Customer,
) -> None:
    other = new_customer().customer
    claim(customer, "first")
    claim(customer, "second", days=1)
    assert claim(customer, "second", days=1) == "second"
    claim(customer, "third", days=2)
    with pytest.raises(TagChangedTooOften):
        claim(customer, "fourth", days=365)

    with pytest.raises(TagTaken):
        claim(other, "f1rst", days=90)
    assert claim(other, "f1rst", days=91) == "f1rst"
    assert claim(customer, "fourth", days=366) == "fourth"


def test_its_owner_may_take_a_tag_back(customer: Customer) -> None:
    claim(customer, "first")
    claim(customer, "second", days=1)

    assert claim(customer, "first", days=2) == "first"
    assert Tag.objects.filter(customer=customer, released_at=None).get().tag == "first"


def test_of_two_at_once_one_has_the_tag(committed: None, pinned: Any) -> None:
    pinned()
    people = [new_customer().customer for _ in range(6)]
    text = f"race{people[0].id.hex[-10:]}"
    start = threading.Barrier(6)

    def take(customer: Customer) -> str:
        start.wait(10)
        try:
            return claim(customer, text)
        except TagTaken:
            return ""
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(take, people))

    assert sorted(taken) == ["", "", "", "", "", text]
    assert Tag.objects.filter(tag=text).count() == 1


def test_the_database_refuses_a_look_alike(customer: Customer) -> None:
    claim(customer, "modern")
    other = new_customer().customer
    for change in (
        {"tag": "modem", "skeleton": skeleton("modem")},
        {"tag": "Upper", "skeleton": "upper"},
    ):
        with pytest.raises(IntegrityError), django_transaction.atomic():
            Tag.objects.create(customer=other, claimed_at=NOW, **change)


def test_a_tag_shows_a_name_and_nothing_else(customer: Customer) -> None:
    mine, theirs = Phone().sign_up(name="Ada"), Phone().sign_up(name="Bob")
    tag = f"ada{mine.email[:8]}"
    claimed = mine.put("/v1/me/tag", {"tag": tag})
    assert claimed.json() == {"object": "tag", "tag": tag, "name": "Ada"}
    assert mine.get("/v1/me").json()["tag"] == tag

    for written in (tag, tag.upper(), f"${tag}"):
        assert theirs.get(f"/v1/tags/{written}").json() == claimed.json()
    for unknown in ("nobody_at_all", "x", "%00", "а" * 5):
        answer = theirs.get(f"/v1/tags/{unknown}")
        assert (answer.status_code, answer.json()["code"]) == (404, "customers.tag_not_found")


def test_tags_cannot_be_listed_by_asking(customer: Customer) -> None:
    phone = Phone().sign_up()
    statuses = [phone.get(f"/v1/tags/guess{n}").status_code for n in range(61)]

    assert statuses == [404] * 60 + [429]


@pytest.mark.parametrize("body", [{"tag": "ab"}, {"tag": "аdam"}, {"tag": "ada\u202e"}])
def test_what_is_no_tag_is_refused(db: None, body: Any) -> None:
    answer = Phone().sign_up().put("/v1/me/tag", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "customers.tag_malformed")
