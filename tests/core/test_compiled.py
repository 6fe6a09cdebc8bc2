"""A query that was written once finds what it would find if it were written each time."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.test.utils import CaptureQueriesContext

from krak.core import clock
from krak.core.compiled import compiled
from krak.core.ids import uuid7
from krak.customers.models import AccessToken, Customer, User
from tests.races import in_a_thread


# Codes that no country has: tests that commit leave customers of others in the database.
class Country(StrEnum):
    ONE = "QM"
    OTHER = "QN"


def person(country: str = "QM") -> Customer:
    user = User.objects.create(email=f"{uuid7()}@example.com")
    AccessToken.objects.create(
        user=user, digest=user.id.bytes, device=country, expires_at=clock.now() + timedelta(days=1)
    )
    return Customer.objects.create(
        user=user, name=f"of {country}", country=country, home_currency="USD"
    )


@compiled
def in_country(country: str) -> QuerySet[Customer]:
    return Customer.objects.select_related("user").filter(country=country).order_by("id")


@compiled
def countries_of(ids: Collection[UUID]) -> QuerySet[Customer, tuple[str, int]]:
    counted = Customer.objects.filter(id__any=ids).values("country").annotate(how_many=Count("id"))
    return counted.order_by("country").values_list("country", "how_many")


@compiled
def tokens_of(users: Collection[UUID]) -> QuerySet[AccessToken, UUID]:
    return AccessToken.objects.filter(user__any=users).values_list("user_id", flat=True)[:2]


@pytest.mark.django_db
def test_each_call_has_its_own_values_and_rows_are_whole() -> None:
    here, there = [person("QM"), person("QM")], person("QN")

    with CaptureQueriesContext(connection) as asked:
        found = in_country("QM")
        emails = [each.user.email for each in found]

    assert len(asked) == 1
    assert (found, emails) == (here, [each.user.email for each in here])
    assert in_country(country="QN") == [there]
    assert in_country(Country.OTHER) == [there]
    assert in_country("QZ") == []
    assert (in_country.first("QN"), in_country.first("QZ")) == (there, None)


@pytest.mark.django_db
def test_rows_are_read_anew_and_are_nobody_elses() -> None:
    one = person("QM")
    (first,) = in_country("QM")
    first.name = "changed, and not saved"
    other = person("QM")

    assert [each.name for each in in_country("QM")] == [one.name, other.name]


@pytest.mark.django_db
def test_many_values_are_compared_with_by_one_statement() -> None:
    people = [person("QM"), person("QM"), person("QN"), person("QO")]

    assert countries_of([each.id for each in people[:3]]) == [("QM", 2), ("QN", 1)]
    assert countries_of({people[3].id}) == [("QO", 1)]
    assert len(tokens_of([each.user_id for each in people])) == 2
    assert tokens_of((people[0].user_id, uuid7())) == [people[0].user_id]


@pytest.mark.django_db
def test_what_is_written_is_written_once_and_values_are_no_sql() -> None:
    written: list[Any] = []

    @compiled
    def named(name: str) -> QuerySet[Customer]:
        written.append(name)
        return Customer.objects.filter(name=name)

    person()

    assert [named(name) for name in ("' OR 1=1 --", "%s", "B")] == [[], [], []]
    assert len(named("of QM")) == 1
    assert len(written) == 1


@pytest.mark.django_db
def test_with_no_values_nothing_is_asked_unless_something_else_may_find_rows() -> None:
    @compiled
    def either(ids: Collection[UUID], country: str) -> QuerySet[Customer]:
        return Customer.objects.filter(Q(id__any=ids) | Q(country=country))

    @compiled
    def others(ids: Collection[UUID], country: str) -> QuerySet[Customer]:
        return Customer.objects.exclude(id__any=ids).filter(country=country)

    one = person("QM")

    with CaptureQueriesContext(connection) as asked:
        assert countries_of([]) == []
    assert len(asked) == 0
    assert either([], "QM") == [one]
    assert others([], "QM") == [one]
    assert others([one.id], "QM") == []


@pytest.mark.django_db
@pytest.mark.skipif(not settings.PREPARED_STATEMENTS, reason="nothing is prepared here")
def test_a_connection_prepares_it() -> None:
    in_country("QM")
    in_country("QN")

    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans + custom_plans, statement FROM pg_prepared_statements")
        ((times, _),) = [each for each in cursor.fetchall() if '"country" = ($1)' in each[1]]
    assert times == 2


@pytest.mark.django_db
def test_nothing_is_equal_to_none_so_it_is_refused() -> None:
    with pytest.raises(TypeError, match="country is None"):
        in_country(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="ids is None"):
        countries_of([uuid7(), None])  # type: ignore[list-item]


def test_threads_that_ask_at_once_get_each_their_own_rows(committed: None) -> None:
    people = [person("XM"), person("XN"), person("XO"), person("XP")]

    def ask(each: Customer) -> list[list[Customer]]:
        return in_a_thread(lambda: [in_country(each.country) for _ in range(50)])

    with ThreadPoolExecutor(len(people)) as pool:
        found = list(pool.map(ask, people))

    assert found == [[[each]] * 50 for each in people]
