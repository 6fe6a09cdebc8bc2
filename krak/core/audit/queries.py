"""Reads of what was changed."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from krak.core.audit.models import RowChange


def changes_of(key: Any, *, tables: Sequence[str], most: int) -> QuerySet[RowChange]:
    """Return the newest changes of what has this key in any of the tables."""
    return RowChange.objects.filter(table__in=tables, row=str(key)).order_by("-at")[:most]
