"""What must be nowhere after a trial: the secrets of the run and card numbers.

All text of all tables and all logs are read. A card number is 13 to 19 digits of a network's
range that pass Luhn's check and stand alone.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.faults.whole import Whole

TEXTS = ("text", "character varying", "character", "json", "jsonb")
SHORTEST_SECRET = 8
STRIPE_SECRETS = ("whsec_sandbox_authorization", "whsec_sandbox_events", "sk_test_sandbox")
NETWORKS = re.compile(
    r"(?<![\w.-])(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[068]\d{12}"
    r"|35\d{14}|6(?:011|5\d\d|4[4-9]\d)\d{12}|62\d{14,17})(?![\w.-])"
)


def card_numbers(text: str) -> list[str]:
    """Return what looks like a card number in a text, all but its last four digits hidden."""
    return [f"…{found[-4:]}" for found in NETWORKS.findall(text) if _passes_luhn(found)]


def secrets_of(whole: Whole) -> list[str]:
    """Return the passwords and keys of a Krak of ours."""
    files = (whole.state / f"{name}.password" for name in ("postgres", "valkey"))
    found = [path.read_text().strip() for path in files if path.exists()]
    return [*found, *STRIPE_SECRETS]


def leaks(whole: Whole, *, secrets: Collection[str]) -> list[str]:
    """Return where a secret or a card number is to be read; the secret itself is not repeated."""
    words = [each for each in {*secrets, *secrets_of(whole)} if len(each) >= SHORTEST_SECRET]
    with whole.database() as database:
        return found_in([*tables(database), *logs(whole.state)], words)


def found_in(places: Iterable[tuple[str, str]], words: Collection[str]) -> list[str]:
    """Return which places have a card number or one of these words in their text."""
    found = []
    for place, text in places:
        found += [f"a secret of the run is in {place}" for word in words if word in text]
        found += [f"a card number ({number}) is in {place}" for number in card_numbers(text)]
    return sorted(set(found))


def tables(database: "psycopg.Connection[Any]") -> Iterator[tuple[str, str]]:
    """Return all text of each table."""
    columns = database.execute(
        """
        SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
          JOIN information_schema.tables USING (table_schema, table_name)
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND data_type = ANY(%s)
         GROUP BY table_name
        """,
        [list(TEXTS)],
    ).fetchall()
    for table, names in columns:
        joined = sql.SQL(" || E'\\n' || ").join(
            sql.SQL("coalesce({}::text, '')").format(sql.Identifier(name)) for name in names
        )
        query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(joined, sql.Identifier(table))
        with database.cursor() as cursor, cursor.copy(query) as rows:
            yield f"table {table}", b"\n".join(bytes(row) for row in rows).decode()


def logs(state: Path) -> Iterator[tuple[str, str]]:
    """Return each log in a state folder."""
    for path in sorted(state.glob("*.log")):
        yield path.name, path.read_text(errors="replace")


def _passes_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(digit * 2, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
