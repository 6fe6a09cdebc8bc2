"""One job at a time speaks to Stripe about a row, for as long as it goes on speaking."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Now

from krak.cases import services as cases
from krak.core.errors import DomainError, Kind
from krak.core.transactions import transaction
from krak.stripe.client import StripeRefused
from krak.stripe.rows import Told

TALK_LASTS: Final = timedelta(seconds=45)
"""One call of `krak.stripe.client.SECONDS` and its retry; who is silent longer has died."""


class TalkUnderWay(DomainError):
    """Another job speaks to Stripe about the same row; it is tried again after."""

    code = "issuing.talk_under_way"
    title = "Stripe is being told about this already."
    kind = Kind.CONFLICT
    retryable = True


@dataclass(slots=True)
class Talk[Row: Told]:
    """A row reserved for this job; `row` is None when Stripe knows all there is to tell."""

    model: type[Row]
    row_id: UUID
    row: Row | None = None
    until: list[datetime] = field(default_factory=list)
    """Until when we reserved it, each time; no two jobs ever do so until the same moment."""

    def begin(self) -> None:
        """Reserve the row. Raises `TalkUnderWay`: another job has it."""
        self._reserve(Q(talking_until=None) | Q(talking_until__lt=Now()))
        behind = self._rows().filter(id=self.row_id, revision__gt=F("told_revision"))
        self.row = behind.first()

    def go_on(self) -> None:
        """Keep the row for one more call. Raises `TalkUnderWay`: another job has taken it over."""
        self._reserve(Q(talking_until__in=self.until))

    @transaction
    def end(self) -> None:
        """Let others speak, unless another job does so already."""
        ours = self._rows().filter(id=self.row_id, talking_until__in=self.until)
        ours.update(talking_until=None)

    def _reserve(self, where: Q) -> None:
        rows = self._rows().filter(id=self.row_id)
        with transaction():
            if not rows.filter(where).update(talking_until=Now() + TALK_LASTS):
                raise TalkUnderWay(row=str(self.row_id))
            self.until.append(rows.values_list("talking_until", flat=True).get())

    def _rows(self) -> Any:
        return self.model._default_manager  # noqa: SLF001 - Django's name for it


@contextmanager
def talk[Row: Told](model: type[Row], row_id: UUID, *, now: datetime) -> Iterator[Talk[Row]]:
    """Reserve a row for this job, which says before each call that it goes on.

    What Stripe refuses is noted on the row and opens a case.

    Raises:
        TalkUnderWay: another job speaks about the row.
    """
    spoken = Talk(model, row_id)
    spoken.begin()
    try:
        yield spoken
    except StripeRefused as refusal:
        _note_refusal(model, row_id, refusal, now=now)
    finally:
        spoken.end()


@transaction
def _note_refusal(
    model: type[Told], row_id: UUID, refusal: StripeRefused, *, now: datetime
) -> None:
    rows: Any = model._default_manager  # noqa: SLF001 - Django's name for it
    row = rows.get(id=row_id)
    rows.filter(id=row_id).update(refusal=refusal.detail)
    cases.open_case(
        kind=refusal.code,
        subject=f"{row.shown_id}:{row.revision}",
        customer_id=row.customer_id,
        now=now,
        detail=refusal.detail,
    )
