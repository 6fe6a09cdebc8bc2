"""Lock, insert and write rows of customers, whose owner never changes."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import DatabaseDefault

from krak.core.functions import call_each

OWNER: Final = "customer_id"


def locked[M: Model](
    rows: QuerySet[M],
    *,
    owners: Collection[UUID] | None = None,
    most: int | None = None,
    **how: Any,
) -> list[M]:
    """Lock rows of customers' and return them as they stand now, those of `owners` if it is given.

    A database that is spread by customer locks those of one at a time, in the order of their ids.
    """
    if owners is not None:
        rows = rows.filter(**{f"{OWNER}__in": list(owners)})
    if not settings.DISTRIBUTED:
        return list(rows.select_for_update(no_key=True, **how)[:most])
    found = rows[:most].values_list(OWNER, flat=True) if owners is None else owners
    return [
        row
        for owner in sorted(set(found))
        for row in rows.filter(**{OWNER: owner}).select_for_update(no_key=True, **how)
    ][:most]


def save_row(row: Model) -> None:
    """Insert a new row of a customer's, or write a known one back, all of it but whose it is.

    It is looked for by its owner, too, so that a database that is spread by customer asks one node;
    and such a one refuses a statement that sets the owner, even to itself.
    """
    if row._state.adding:  # noqa: SLF001 - documented by Django
        row.save(force_insert=True)
        return
    columns: list[Any] = list(row._meta.concrete_fields)  # noqa: SLF001 - likewise
    values = {
        column.attname: getattr(row, column.attname)
        for column in columns
        if not column.primary_key and column.attname != OWNER
    }
    there = type(row)._default_manager.filter(pk=row.pk, **{OWNER: getattr(row, OWNER)})  # noqa: SLF001
    if not there.update(**values):
        raise LookupError(f"{row} is not there")


def insert_rows(rows: Sequence[Model]) -> None:
    """Insert new rows of one kind in one statement; those after the first give what it gives.

    Django's `bulk_create` looks at each value several times, and has the server read each.
    """
    if not rows:
        return
    model = type(rows[0])._meta  # noqa: SLF001 - documented by Django
    names = {
        column.attname: column.column
        for column in model.concrete_fields
        if not isinstance(getattr(rows[0], column.attname), DatabaseDefault)
    }
    columns = ", ".join(f'"{name}"' for name in names.values())
    told = [{name: getattr(row, field) for field, name in names.items()} for row in rows]
    call_each(
        f'INSERT INTO "{model.db_table}" ({columns}) SELECT {columns}'  # noqa: S608 - our own names
        f' FROM jsonb_populate_recordset(NULL::"{model.db_table}", %s::jsonb)',
        [[orjson.dumps(told, default=_exact).decode()]],
    )
    for row in rows:
        row._state.adding = False  # noqa: SLF001 - documented by Django


def _exact(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a {type(value).__name__} is not inserted so")


def write_rows(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """Write these fields of known rows of one kind back, one after the other.

    In plain statements: Django's `bulk_update` costs several times what it writes.
    """
    if not rows:
        return
    model = type(rows[0])._meta  # noqa: SLF001 - documented by Django
    columns: list[Any] = [model.get_field(name) for name in fields]
    keys: list[Any] = [model.pk, model.get_field("customer")]
    changes = ", ".join(f'"{column.column}" = %s' for column in columns)
    found = " AND ".join(f'"{model.db_table}"."{key.column}" = %s' for key in keys)
    met = call_each(
        f'UPDATE "{model.db_table}" SET {changes} WHERE {found}',  # noqa: S608 - our own names
        [
            [
                column.get_db_prep_save(getattr(row, column.attname), connection)
                for column in (*columns, *keys)
            ]
            for row in rows
        ],
    )
    if met != len(rows):
        raise LookupError(f"some of {rows} are not there")
