"""What customers tell of themselves, and the terms that they accept."""

from datetime import timedelta
from typing import Any

import pytest

from krak.core import clock
from krak.customers.models import (
    Act,
    Terms,
    TermsAcceptance,
)
from krak.customers.queries import (
    TermsRequired,
    permitted,
)
from tests.customers.conftest import customer_of
from tests.identity.phone import Phone

pytestmark = pytest.mark.django_db


def test_the_profile_is_told_and_shown(phone: Phone) -> None:
    told = {
        "name": "Ada L.",
        "country": "FR",
        "first_name": "Ada",
        "last_name": "King-Noel O’Byrne",
        "born_on": "1990-12-10",
        "tax_residences": [{"country": "FR", "tin": "1234"}, {"country": "US", "tin": ""}],
        "display_currency": "BTC",
    }
    shown = phone.patch("/v1/me", told)

    assert shown.status_code == 200, shown.content
    assert {name: shown.json()[name] for name in told} == told
    assert phone.get("/v1/me").json() == shown.json()
    assert shown.json()["home_currency"] == "EUR"


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"home_currency": "USD"}, "home_currency"),
        ({"verification_level": 2}, "verification_level"),
        ({"is_staff": True}, "is_staff"),
        ({"frozen": False}, "frozen"),
        ({"email": "x@y.example"}, "email"),
        ({"born_on": "2999-01-01"}, "born_on"),
        ({"born_on": "1890-01-01"}, "born_on"),
        ({"first_name": "R2D2"}, "first_name"),
        ({"first_name": "Ada\u202eevil"}, "first_name"),
        ({"first_name": "Ada\u200b"}, "first_name"),
        ({"last_name": "   "}, "last_name"),
        ({"name": "<>"}, "name"),
        ({"country": "Germany"}, "country"),
        ({"display_currency": "NOPE"}, "display_currency"),
        ({"tax_residences": [{"country": "DE"}, {"country": "DE"}]}, "tax_residences"),
        ({"tax_residences": [{"country": "DE", "tin": "x", "y": 1}]}, "tax_residences[0].y"),
    ],
)
def test_what_is_odd_in_a_profile_is_a_field_error(phone: Phone, told: Any, field: str) -> None:
    before = phone.get("/v1/me").json()
    refused = phone.patch("/v1/me", told)

    assert (refused.status_code, refused.json()["code"]) == (400, "api.invalid")
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert phone.get("/v1/me").json() == before


def test_what_was_verified_is_corrected_by_staff_only(phone: Phone) -> None:
    phone.verify(1)

    refused = phone.patch("/v1/me", {"last_name": "King", "country": "FR"})

    assert (refused.status_code, refused.json()["code"]) == (409, "customers.already_verified")
    assert refused.json()["facts"]["fields"] == ["country", "last_name"]
    assert phone.patch("/v1/me", {"name": "Countess", "last_name": "Lovelace"}).status_code == 200


def test_moving_to_a_country_that_is_not_served_is_refused(phone: Phone) -> None:
    refused = phone.patch("/v1/me", {"country": "IR"})

    assert (refused.status_code, refused.json()["code"]) == (403, "customers.country_not_served")
    assert phone.get("/v1/me").json()["country"] == "DE"


def test_a_newer_version_is_asked_for_again(phone: Phone) -> None:
    phone.accept_terms().verify(1)
    now = clock.now()
    permitted(customer_of(phone), Act.PAY, now=now)
    newer = Terms.objects.create(
        kind="terms_of_service", version="2", title="New", url="https://krak.example/2",
        effective_at=now,
    )  # fmt: skip

    with pytest.raises(TermsRequired) as refused:
        permitted(customer_of(phone), Act.PAY, now=now)
    assert refused.value.facts["missing"] == [newer.shown_id]
    shown = {each["id"]: each["accepted_at"] for each in phone.get("/v1/terms").json()["results"]}
    assert shown[newer.shown_id] is None
    phone.accept_terms()
    permitted(customer_of(phone), Act.PAY, now=now)


def test_only_terms_in_force_are_accepted(phone: Phone) -> None:
    future = Terms.objects.create(
        kind="x", version="1", title="X", url="https://krak.example/x",
        effective_at=clock.now() + timedelta(days=1),
    )  # fmt: skip
    for shown in (future.shown_id, "terms_01h455vb4pex5vsknk084sn02q", "nonsense"):
        refused = phone.post("/v1/terms/accept", {"ids": [shown]})
        assert refused.json()["code"] == "customers.terms_not_in_force"
    assert not TermsAcceptance.objects.filter(customer__user__email=phone.email).exists()
