"""Open a case for staff, work on it, close it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from krak.cases.models import Case, Status
from krak.core.errors import DomainError
from krak.core.ids import uuid7
from krak.core.transactions import takes_part


class ReasonMissing(DomainError):
    """A case was to be closed without saying why."""

    code = "cases.reason_missing"
    title = "Closing a case needs a reason."


@takes_part
def open_case(
    *, kind: str, subject: str, customer_id: UUID | None, now: datetime, **details: Any
) -> None:
    """Put an oddity before staff; the same kind and subject again changes nothing."""
    case = Case(
        id=uuid7(),
        customer_id=customer_id,
        kind=kind,
        subject=subject,
        details=details,
        opened_at=now,
    )
    Case.objects.bulk_create([case], ignore_conflicts=True)


@takes_part
def close_case(*, case_id: UUID, reason: str, now: datetime) -> None:
    """Close a case with a reason; one that is closed stays as it is.

    Raises:
        ReasonMissing: the reason is empty.
    """
    if not reason.strip():
        raise ReasonMissing
    Case.objects.filter(id=case_id, status=Status.OPEN).update(
        status=Status.CLOSED, closing_reason=reason.strip(), closed_at=now
    )
