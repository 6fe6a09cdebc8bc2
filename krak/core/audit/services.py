"""Erase what people were called from the history of changes."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db import connection

from krak.core.transactions import takes_part

_ERASE: Final = """
UPDATE audit_rowchange SET changed = (
    SELECT jsonb_object_agg(key, CASE WHEN key = ANY(%(columns)s)
                                      THEN '["erased", "erased"]'::jsonb ELSE value END)
      FROM jsonb_each(changed))
 WHERE "table" = %(table)s AND "row" = ANY(%(rows)s) AND EXISTS (
    SELECT FROM jsonb_each(changed)
     WHERE key = ANY(%(columns)s) AND value <> '["erased", "erased"]')
"""


@takes_part
def erase_values(*, table: str, rows: Iterable[UUID], columns: Iterable[str]) -> None:
    """Make the values of these columns "erased" in every change of these rows; again is harmless.

    The database lets nothing else of a change be changed.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _ERASE, {"table": table, "rows": [str(row) for row in rows], "columns": list(columns)}
        )
