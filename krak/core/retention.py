"""Let rows go that have had their time: a batch at a time, found by an index, oldest first.

Most tables need no index for it: their ids are in the order in which rows came, so that the
oldest are the first of the primary key.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Model, QuerySet

from krak.core.ids import first_at
from krak.core.transactions import takes_part

AT_ONCE: Final = 5_000
"""A batch that holds its locks for well under a second."""


def kept_since(what: str, *, now: datetime) -> datetime:
    """Return before when rows of this kind may go, by the setting `KRAK_KEEP_<WHAT>_DAYS`."""
    return now - timedelta(days=settings.KEEP_DAYS[what])


@takes_part
def drop_some(rows: QuerySet[Any, Any], *, by: str = "pk") -> int:
    """Delete the first `AT_ONCE` of these rows in the order of `by`; return how many there were."""
    return _deleted(rows.order_by(by))


@takes_part
def drop_older[Row: Model](rows: QuerySet[Row, Row], *, than: datetime) -> int:
    """Delete the first `AT_ONCE` of these rows that came before a moment, as their ids say."""
    return _deleted(rows.filter(id__lt=first_at(than)).order_by("id"))


def _deleted(rows: QuerySet[Any, Any]) -> int:
    # Named one by one: for a subquery the planner would rather read the whole table.
    batch = list(rows.values_list("pk", flat=True)[:AT_ONCE])
    gone: int
    gone, _by_model = rows.model._default_manager.filter(pk__in=batch).delete()  # noqa: SLF001
    return gone
