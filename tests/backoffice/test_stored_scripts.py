"""Whatever somebody wrote is text: no page of the back office runs it."""

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import CharField, JSONField, Model, TextField
from django.test import Client
from django.utils.safestring import mark_safe

from krak.customers.models import Customer, User
from tests.backoffice.test_backoffice import list_of, page_of
from tests.cards.scenarios import Play, scenario
from tests.staff import browser, staff

pytestmark = [
    pytest.mark.django_db,
    # unfold 0.110 has yet to follow Django 6.1 here.
    pytest.mark.filterwarnings("ignore:Overriding get_action_choices"),
]

MARK = "zq9"
PAYLOADS = (
    f"<script>{MARK}()</script>",
    f'"><img src=x onerror={MARK}()>',
    f"'onmouseover='{MARK}()",
    f"<svg/onload={MARK}()>",
    f"<a href=javascript:{MARK}()>x</a>",
    f"{{{{constructor.constructor('{MARK}()')()}}}}",
)
EVALUATED = ("on", "x-", "@", ":")
"""How attributes begin that a browser or Alpine.js evaluates."""


class Evaluated(HTMLParser):
    """Collects what a browser would run of a page, if it is ours to be afraid of."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within = tag
        if MARK in tag:
            self.found.append(tag)
        for name, value in attrs:
            said = value or ""
            runs = name.startswith(EVALUATED) or said.strip().lower().startswith("javascript:")
            if MARK in name or (runs and MARK in said):
                self.found.append(f"{tag} {name}={said}")

    def handle_data(self, data: str) -> None:
        if self._within == "script" and MARK in data:
            self.found.append(f"script: {data}")

    def handle_endtag(self, tag: str) -> None:
        self._within = ""


def _run_of(page: str) -> list[str]:
    parser = Evaluated()
    parser.feed(page)
    return parser.found


def _texts_of(table: type[Model]) -> Iterator[tuple[str, str]]:
    """Return the columns that anybody may have written, and what each takes."""
    for field in table._meta.concrete_fields:
        free = not (field.choices or field.primary_key or field.unique or field.is_relation)
        if isinstance(field, JSONField):
            yield str(field.column), "json"
        elif free and isinstance(field, CharField | TextField):
            yield str(field.column), str(field.max_length or 200)


def _write_everywhere(payload: str) -> None:
    """Let every text of every table that has a page say it."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in admin.site._registry:
            for column, takes in _texts_of(table):
                name = table._meta.db_table
                if takes == "json":
                    value, said = f'"{column}" || %s::jsonb', json.dumps({payload: payload})
                    where = f"jsonb_typeof(\"{column}\") = 'object'"
                else:
                    value, said = "%s", payload[: int(takes)]
                    where = "true"
                cursor.execute("SAVEPOINT one")
                try:
                    cursor.execute(
                        f'UPDATE "{name}" SET "{column}" = {value} WHERE {where}', [said]
                    )
                except Exception:  # noqa: BLE001 - a rule of the table refuses such text
                    cursor.execute("ROLLBACK TO SAVEPOINT one")
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def play(pinned: Any) -> Play:
    """Return a customer who bought something and was refused something."""
    played = Play(scenario("A01"), Client(), pinned)
    played.request(6000, authorization="a1")
    played.capture(6000, authorization="a1", transaction="t1")
    played.request(1000, authorization="a3", mcc="7995")
    return played


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_page_runs_what_somebody_wrote(play: Play, payload: str) -> None:
    _write_everywhere(payload)
    # Who comes afterwards, for what was written is in passwords, too.
    window = browser(staff(superuser=True))
    assert Customer.objects.filter(name=payload).exists()
    shown = 0
    for table in admin.site._registry:
        newest = table._default_manager.order_by("-pk")[:1]
        for address in (list_of(table), *map(page_of, newest)):
            page = window.get(address)
            text = page.content.decode()
            assert page.status_code == 200, address
            assert _run_of(text) == [], address
            shown += MARK in text
    assert shown > 20


def test_control_a_page_that_trusts_its_text_is_seen(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = browser(staff(superuser=True))
    monkeypatch.setattr(Customer, "__str__", lambda customer: mark_safe(customer.name))
    for payload in (PAYLOADS[0], PAYLOADS[1], PAYLOADS[3], PAYLOADS[4]):
        Customer.objects.filter(pk=play.customer.pk).update(name=payload)

        assert _run_of(window.get(page_of(play.customer)).content.decode()), payload
    assert User.objects.filter(customer=play.customer).exists()
