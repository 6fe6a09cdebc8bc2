"""A row as a line of JSON, exact to the microsecond, and back."""

import json
from typing import Any

from django.db.models import Model


def line_of(row: Model) -> bytes:
    """Return a row as one line: its columns by name, each as text or null."""
    return packed({each.attname: _text(each, row) for each in row._meta.concrete_fields})  # noqa: SLF001 - documented


def row_of(line: bytes, *, model: type[Model]) -> Model:
    """Return the row that a line was made of; it is in no table yet."""
    said = json.loads(line)
    fields = model._meta.concrete_fields  # noqa: SLF001 - documented by Django
    return model(**{each.attname: each.to_python(said[each.attname]) for each in fields})


def packed(columns: dict[str, Any]) -> bytes:
    """Return columns as a line."""
    return json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode()


def _text(field: Any, row: Model) -> str | None:
    if getattr(row, field.attname) is None:
        return None
    text: str = field.value_to_string(row)
    return text
