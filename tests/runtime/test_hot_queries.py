"""What is asked all day names the customer whose rows it wants, so that one node answers it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from krak.core import clock
from krak.core.outbox import services as outbox
from krak.runtime.distribution.catalog import read
from krak.runtime.distribution.classes import ARGUMENT, Kind
from krak.runtime.distribution.statements import Plan
from tests.people import Known, new_customer
from tests.stripe_door import StripeDoor, answer_of

pytestmark = pytest.mark.django_db

HOT = (
    "/v1/me", "/v1/balances", "/v1/prices?codes=BTC", "/v1/portfolio", "/v1/activity", "/v1/cards",
    "/v1/authorizations", "/v1/notifications", "/v1/cashback", "/v1/preferences",
)  # fmt: skip
# Asked of all shards, because nobody knows yet whose it is; docs/scaling.md says so.
WHO_SIGNS_IN = {"customers_customer"}
WHOSE_CLEARING = {
    "issuing_card": "joined to the directory by its id",
    "clearing_cardtransaction": "a transaction of Stripe's must be nobody else's",
}


@pytest.fixture
def known(pinned: Any) -> Known:
    pinned()
    return new_customer(cash="100")


def _columns() -> dict[str, str]:
    places = Plan(read()).places
    return {name: place.column for name, place in places.items() if place.kind is Kind.DISTRIBUTED}


def without_customer(sql: str, columns: dict[str, str]) -> Iterator[str]:
    """Yield the tables of customers' in a statement that are not asked for one of them."""
    if re.match(r"(\d+ times: )?INSERT", sql):
        return
    for name, column in columns.items():
        if not re.search(rf"(?<!\w){name}(?!\w)", sql):
            continue
        # Django names the table before each column; our own SQL may have given it another name.
        owner = rf'("{name}"|"?U\d"?)\."{column}"' if f'"{name}"' in sql else rf"(\w+\.)?{column}"
        other = r'\(?("\w+"|\w+)\."?customer_id"?'
        # One that is prepared, or sent several times at once, is kept without its values.
        value = r"\(?(?:'[0-9a-f-]{32,36}'|%s|\$\d)"
        many = rf"IN \({value}|= ANY\(\(?(?:'{{[0-9a-f-]{{32,36}}|%s|\$\d)"
        if not re.search(rf"{owner} (= ({value}|{other})|{many})", sql) and not re.search(
            rf'"customer_id" = \(?{owner}', sql
        ):
            yield name


@pytest.mark.parametrize(
    ("sql", "loose"),
    [
        ("""SELECT 1 FROM "issuing_card" WHERE "issuing_card"."id" = '%s'::uuid""", True),
        ("""SELECT 1 FROM "issuing_card" WHERE "issuing_card"."customer_id" = '%s'::uuid""", False),
        ("""SELECT 1 FROM "issuing_card" WHERE "issuing_card"."customer_id" IN ('%s')""", False),
        (
            """SELECT FROM "issuing_card" WHERE "issuing_card"."customer_id" = ANY(('{%s}'))""",
            False,
        ),
        (
            """SELECT FROM "issuing_card" WHERE "issuing_card"."customer_id" = ANY((SELECT))""",
            True,
        ),
        ("""SELECT FROM "issuing_card" WHERE "issuing_card"."customer_id" = ($1)""", False),
        ("SELECT 1 FROM issuing_card k WHERE k.customer_id = '%s'", False),
        ("SELECT 1 FROM issuing_card k WHERE k.id = '%s'", True),
        ("""UPDATE "customers_customer" SET "name" = 'x'""", True),
        ("""2 times: UPDATE "customers_customer" SET "name" = %s""", True),
        ("""2 times: INSERT INTO "issuing_card" ("id") SELECT %s""", False),
    ],
)
def test_what_is_looked_for_is_found(sql: str, loose: bool) -> None:
    asked = sql.replace("%s", "0" * 32)

    assert bool(list(without_customer(asked, _columns()))) is loose


def _changes_owner(asked: CaptureQueriesContext) -> list[str]:
    changing = re.compile(r'UPDATE .*"customer_id" = .* WHERE ')
    return [each["sql"] for each in asked if changing.match(each["sql"])]


def _loose(asked: CaptureQueriesContext) -> dict[str, str]:
    columns = _columns()
    return {
        table: each["sql"] for each in asked for table in without_customer(each["sql"], columns)
    }


def test_hot_calls_name_the_customer(known: Known) -> None:
    door = StripeDoor(Client(), known.card.stripe_id)

    with CaptureQueriesContext(connection) as asked:
        answer_of(door.request(60_00, authorization="a1"))
        for path in HOT:
            assert known.get(path).status_code == 200, path
        shown = known.get("/v1/authorizations").json()["results"][0]["id"]
        assert known.get(f"/v1/authorizations/{shown}").status_code == 200
        quote = {"sell": "USD", "buy": "BTC", "sell_amount": "10"}
        made = known.send("/v1/quotes", quote).json()["id"]
        assert known.send(f"/v1/quotes/{made}/accept").status_code == 201

    assert _loose(asked).keys() == WHO_SIGNS_IN, _loose(asked)
    assert _changes_owner(asked) == []


def test_what_clears_names_the_customer(known: Known) -> None:
    door = StripeDoor(Client(), known.card.stripe_id)
    answer_of(door.request(60_00, authorization="a1"))
    outbox.drain(now=clock.now())

    with CaptureQueriesContext(connection) as asked:
        door.authorization(60_00, authorization="a1", kind="created")
        door.transaction(60_00, kind="capture", transaction="t1", authorization="a1")
        outbox.drain(now=clock.now())

    assert _loose(asked).keys() == WHOSE_CLEARING.keys(), _loose(asked)
    assert _changes_owner(asked) == []


def test_each_statement_of_a_function_of_one_customer_names_them() -> None:
    columns = _columns()
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE proargnames[1] = %s", [ARGUMENT])
        sources = dict(cursor.fetchall())
    loose = [
        f"{function}: {statement.split()[:8]}"
        for function, source in sources.items()
        for statement in re.split(r";|\bBEGIN\b", re.sub(r"--[^\n]*", "", source))
        if any(re.search(rf"(?<!\w){name}(?!\w)", statement) for name in columns)
        and ARGUMENT not in statement
    ]

    assert {"authorizations_settle", "authorizations_snapshot", "lots_take"} <= sources.keys()
    assert loose == []


def _read_whole() -> dict[str, int]:
    """Return how often this transaction has read each table from end to end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, seq_scan FROM pg_stat_xact_user_tables")
        return dict(cursor.fetchall())


def test_a_tap_reads_no_table_whole_even_one_that_was_found_empty(
    client: Client, pinned: Any
) -> None:
    empty = ("authorizations_authorization", "authorizations_decision", "ledger_hold")
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(empty)}")
    pinned()
    known = new_customer(cash="5", holdings={"BTC": "1", "ETH": "1"})
    door = StripeDoor(client, known.card.stripe_id)
    before = _read_whole()

    for _ in range(2):
        assert answer_of(door.request(20_00))["approved"]

    after = _read_whole()
    assert [name for name in empty if after.get(name, 0) > before.get(name, 0)] == []
