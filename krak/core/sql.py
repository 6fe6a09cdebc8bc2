"""SQL kept in files beside its feature, loaded by migrations."""

import re
from pathlib import Path
from typing import Final

from django.db.migrations import RunSQL

_BODY: Final = re.compile(r"\$\$.*?\$\$", re.DOTALL)
_REPLACED: Final = re.compile(r"^(CREATE OR REPLACE|ALTER FUNCTION|DROP)\b", re.MULTILINE)
_CREATED: Final = re.compile(
    r"^CREATE (?:CONSTRAINT )?(?P<kind>TABLE|FUNCTION|TRIGGER) (?P<name>\w+)"
    r"(?P<part> PARTITION OF)?(?:[^;]*? ON (?P<table>\w+))?",
    re.MULTILINE,
)


def run_sql(migration: str, *names: str) -> RunSQL:
    """Run `sql/NAME.sql` of the app of a migration, in order; going back drops what they create.

    `migration` is its `__file__`. What replaces, alters or drops something has no such way back:
    it is a `RunSQL` that says what was there before.

    Raises:
        ValueError: a file does more than create.
    """
    folder = Path(migration).parent.parent / "sql"
    texts = [(folder / f"{name}.sql").read_text() for name in names]
    drops = [drop for text in reversed(texts) for drop in reversed(_drops(text))]
    # The pair with None keeps `%` literal and each file in one piece.
    return RunSQL(sql=[(text, None) for text in texts], reverse_sql=";\n".join(drops))


def _drops(text: str) -> list[str]:
    said = _BODY.sub("", text)
    if replaced := _REPLACED.search(said):
        raise ValueError(f"{replaced[0]} has no way back here")
    return [
        f"DROP {found['kind']} {found['name']}"
        + (f" ON {found['table']}" if found["kind"] == "TRIGGER" else "")
        for found in _CREATED.finditer(said)
        if not found["part"]
    ]
