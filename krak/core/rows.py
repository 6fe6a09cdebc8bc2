"""Write rows of customers, whose owner never changes."""

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Model

OWNER: Final = "customer_id"


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


def write_rows(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """Write these fields of known rows of one kind back, in one statement."""
    if not rows:
        return
    owners = {getattr(row, OWNER) for row in rows}
    there = type(rows[0])._default_manager.filter(**{f"{OWNER}__in": owners})  # noqa: SLF001
    if there.bulk_update(rows, fields) != len(rows):
        raise LookupError(f"some of {rows} are not there")
