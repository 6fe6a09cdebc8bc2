"""Every row holds for every operation that there is, and for those that are yet to come.

`test_leaks.py` shows that each row sees its fault.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from krak.api.openapi import METHODS
from tests.api import rows
from tests.api.schema import Operation, operations
from tests.api.world import EXAMPLES, PUBLIC, World, address_of
from tests.staff import browser, staff

ALL = operations()
SIGNED_IN = [each for each in ALL if not each.is_open]
TAKING = [each for each in ALL if each.body]
NAMING = [each for each in ALL if each.names]
OWNED = [each for each in NAMING if not each.is_open and address_of(each) not in PUBLIC]
OWNED_IN_BODIES = {"card", "destination", "transaction"}
NAMED_BY_THEM: set[str] = set()
"""Their inner objects have names that the caller makes."""
WITHOUT_SERVERS = {"POST /v1/sandbox/settle"}


@pytest.mark.parametrize("operation", SIGNED_IN, ids=str)
def test_without_a_token_nobody_is_let_in(operation: Operation, world: World) -> None:
    rows.needs_a_token(operation, world)


@pytest.mark.parametrize("operation", NAMING, ids=str)
def test_an_operation_on_one_object_has_an_example_of_it(operation: Operation) -> None:
    rows.has_an_example_object(operation)


@pytest.mark.parametrize("operation", OWNED, ids=str)
def test_what_is_anothers_is_as_unknown_as_what_is_nobodys(
    operation: Operation, world: World, stranger: World
) -> None:
    rows.is_hidden_from_others(operation, world, stranger)


@pytest.mark.parametrize("operation", TAKING, ids=str)
def test_a_field_that_nobody_may_set_is_refused_by_name(operation: Operation, world: World) -> None:
    rows.takes_no_unknown_field(operation, world)


@pytest.mark.parametrize(
    "operation", [each for each in TAKING if str(each) not in NAMED_BY_THEM], ids=str
)
def test_a_field_that_nobody_may_set_is_refused_inside_too(
    operation: Operation, world: World
) -> None:
    rows.takes_no_unknown_field_inside(operation, world)


@pytest.mark.parametrize("operation", TAKING, ids=str)
def test_no_operation_takes_an_address_to_call(operation: Operation) -> None:
    rows.takes_no_address(operation)


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (each, name)
        for each in TAKING
        for name in sorted(OWNED_IN_BODIES)
        if not each.is_open and name in (each.example if isinstance(each.example, dict) else {})
    ],
    ids=str,
)
def test_what_a_body_names_is_not_anothers(
    operation: Operation, name: str, world: World, stranger: World
) -> None:
    rows.takes_nothing_of_others(operation, world, stranger, name)


def test_a_cursor_shows_nobody_elses_rows(world: World, stranger: World) -> None:
    world.make_all()
    paged = [
        each for each in SIGNED_IN
        if each.method == "get" and not each.names
        and any(parameter["name"] == "cursor" for parameter in each.about["parameters"])
    ]  # fmt: skip

    had_one = [str(each) for each in paged if rows.pages_are_ones_own(each, world, stranger)]
    assert len(had_one) >= 5, had_one


@pytest.mark.parametrize(
    ("operation", "at"),
    [(each, at) for each in TAKING for at in rows.amounts_of(each)],
    ids=str,
)
def test_an_amount_is_plain_ascii_text_everywhere(
    operation: Operation, at: tuple[Any, ...], world: World
) -> None:
    rows.takes_no_odd_amount(operation, world, at)


@pytest.mark.parametrize("operation", TAKING, ids=str)
def test_a_body_that_is_no_plain_json_is_a_problem(operation: Operation, world: World) -> None:
    rows.takes_no_odd_body(operation, world)


@pytest.mark.parametrize(
    "operation", list({each.path: each for each in ALL}.values()), ids=lambda each: each.path
)
def test_a_verb_that_is_not_in_the_schema_is_not_served(operation: Operation, world: World) -> None:
    rows.takes_no_other_verb(operation, world)


@pytest.mark.parametrize(
    "operation", [each for each in ALL if str(each) not in WITHOUT_SERVERS], ids=str
)
def test_no_answer_tells_what_is_secret_or_anothers(
    operation: Operation, world: World, stranger: World
) -> None:
    rows.tells_nothing_secret(operation, world, stranger)


def hidden_operations() -> set[str]:
    """Return what is served under /v1 and is not in the schema, so that no row here sees it."""
    known = {f"{each.method} {_without_names(each.path)}" for each in ALL}
    return {
        f"{method} {path}"
        for path, view in _served(get_resolver().url_patterns, "/")
        if path.startswith("/v1/")
        for method in METHODS
        if hasattr(getattr(view, "view_class", None), method) and f"{method} {path}" not in known
    }


def _served(patterns: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _served(pattern.url_patterns, address)
        else:
            yield _without_names(re.sub(r"<[^>]+>", "{}", address)), pattern.callback


def _without_names(path: str) -> str:
    return re.sub(r"{[^}]*}", "{}", path)


def test_every_door_is_in_the_schema_so_that_it_is_looked_at_here() -> None:
    # allauth's own have a schema of their own, which tests/identity/test_spec.py holds to them.
    ours = {
        each for each in hidden_operations()
        if not each.split()[1].startswith(("/v1/auth/", "/v1/account/"))
    }  # fmt: skip

    assert ours == {"get /v1/docs", "get /v1/schema"}


def test_every_example_object_is_asked_for() -> None:
    assert set(EXAMPLES) == {address_of(each) for each in NAMING}


# --- Pages of staff ------------------------------------------------------------------------------


def _addresses(patterns: Any, prefix: str) -> Iterator[str]:
    for pattern in patterns:
        address = prefix + str(pattern.pattern).lstrip("^").rstrip("$")
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern):
            yield "".join(
                part.partition(">")[2] or part for part in address.replace("<", "1<").split("<")
            )


STAFF = sorted(set(_addresses(admin.site.urls[0], "/admin/")))
OF_EVERYBODY = {
    "/admin/", "/admin/login/", "/admin/jsi18n/", "/admin/password_change/",
    "/admin/password_change/done/", "/admin/search/",
}  # fmt: skip


def test_pages_of_staff_let_no_customer_in(world: World) -> None:
    signed_in = browser(world.known.customer.user)
    by_token = Client(headers={"Authorization": f"Bearer {world.known.token}"})
    assert len(STAFF) > 100
    for address in set(STAFF) - {"/admin/login/"}:
        for answer in (signed_in.get(address), by_token.get(address), by_token.post(address, {})):
            assert _is_refused(answer), (address, answer.status_code)


def _is_refused(answer: Any) -> bool:
    if answer.status_code == 302:
        return str(answer.headers["Location"]).startswith("/admin/")
    return answer.status_code in {403, 404, 405}


def test_staff_without_rights_see_that_there_is_a_back_office(within: None) -> None:
    """What each role sees is in `tests/backoffice/test_roles.py`."""
    window = browser(staff())
    shown = {a for a in STAFF if not _is_refused(window.get(a))}

    assert shown <= OF_EVERYBODY, shown - OF_EVERYBODY


@pytest.mark.parametrize("operation", SIGNED_IN, ids=str)
def test_a_session_of_staff_is_no_customers(operation: Operation, world: World) -> None:
    path = operation.path.replace("{id}", "x").replace("{code}", "BTC")
    window = browser(staff(superuser=True))

    answer = window.generic(operation.method.upper(), path, b"{}", content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (401, "api.not_authenticated")
