"""Everything about a customer: a zip of JSON, a file per table."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.apps import apps

from krak.core import personal
from krak.core.personal import Person, Table
from krak.customers.models import Customer
from krak.exports.registry import Begun, File, Part, Step, makes
from krak.privacy.rows import plain_json
from krak.privacy.services import kept, rows_of

BATCH: Final = 500
_STAMP: Final = (1980, 1, 1, 0, 0, 0)
"""The same file is the same bytes."""


class PersonalData:
    """A file per table, in batches of rows by their keys."""

    takes: Mapping[str, bool] = {}
    step_up = True

    def begin(self, *, customer_id: UUID, params: Mapping[str, Any], now: datetime) -> Begun:
        """Count."""
        person = _person(customer_id)
        return Begun(
            sum(rows_of(table, person).count() for table in personal.tables()),
            {"table": 0, "row": 0},
        )

    def step(self, *, customer_id: UUID, params: Mapping[str, Any], cursor: Any) -> Step:
        """Write the next rows of a table, and go on to the next table after the last."""
        tables = personal.tables()
        table = tables[cursor["table"]]
        rows = _read(table, _person(customer_id), first=cursor["row"])
        text = "".join(_line(row) for row in rows)
        following: dict[str, int] | None = {
            "table": cursor["table"], "row": cursor["row"] + BATCH
        }  # fmt: skip
        if len(rows) < BATCH:
            is_last = cursor["table"] + 1 == len(tables)
            following = None if is_last else {"table": cursor["table"] + 1, "row": 0}
        parts = [Part(text.encode(), name=table.model)] if rows else []
        return Step(parts, len(rows), following)

    def finish(self, *, params: Mapping[str, Any], parts: Iterable[Part]) -> File:
        """Put each table into a file of the zip."""
        files: dict[str, list[Any]] = {}
        for part in parts:
            rows = files.setdefault(part.name, [])
            rows += [json.loads(line) for line in part.content.splitlines()]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            said = {"files": sorted(files), "kept_after_erasure": list(kept())}
            archive.writestr(zipfile.ZipInfo("about.json", _STAMP), _pretty(said))
            for name, rows in sorted(files.items()):
                archive.writestr(
                    zipfile.ZipInfo(f"{name.lower()}.json", _STAMP),
                    _pretty(rows),
                    zipfile.ZIP_DEFLATED,
                )
        return File("krak-personal-data.zip", "application/zip", out.getvalue())


def _person(customer_id: UUID) -> Person:
    users = Customer.objects.values_list("user_id", flat=True)
    return Person(customer_id, users.get(id=customer_id))


def _read(table: Table, person: Person, *, first: int) -> list[dict[str, Any]]:
    model = apps.get_model(table.model)
    fields = model._meta.concrete_fields  # noqa: SLF001 - documented by Django
    columns = [field.attname for field in fields if field.attname not in table.hides]
    rows = rows_of(table, person).order_by("pk").values(*columns)
    return [dict(row) for row in rows[first : first + BATCH]]


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, default=plain_json, ensure_ascii=False) + "\n"


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


makes("personal_data", PersonalData())
