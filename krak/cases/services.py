"""Open a case for staff, work on it, close it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from krak.cases.models import Case, Status
from krak.core.errors import DomainError
from krak.core.ids import uuid7
from krak.core.transactions import takes_part, transaction


class ReasonMissing(DomainError):
    """A case was to be closed without saying why."""

    code = "cases.reason_missing"
    title = "Closing a case needs a reason."


@takes_part
def open_case(
    *,
    kind: str,
    subject: str,
    customer_id: UUID | None,
    now: datetime,
    about: Model | None = None,
    **details: Any,
) -> None:
    """Put an oddity before staff; the same kind and subject again changes nothing.

    `about` is the row whose page of the admin shows what the case is about.
    """
    if about is not None:
        details["about"] = [about._meta.label_lower, str(about.pk)]  # noqa: SLF001 - documented
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


@takes_part
def settle_case(*, kind: str, subject: str, reason: str, now: datetime) -> None:
    """Close the open case of this kind and subject, if there is one: it has settled itself.

    Raises:
        ReasonMissing: the reason is empty.
    """
    for case_id in Case.objects.filter(kind=kind, subject=subject, status=Status.OPEN).values_list(
        "id", flat=True
    ):
        close_case(case_id=case_id, reason=reason, now=now)


def assign(*, case_ids: Sequence[UUID], owner_id: UUID | None) -> list[Case]:
    """Give open cases an owner, or none, and return those that changed."""
    with transaction():
        cases = list(
            Case.objects.select_for_update(no_key=True)
            .filter(id__in=list(case_ids), status=Status.OPEN)
            .order_by("id")
        )
        changed = [case for case in cases if case.assigned_to_id != owner_id]
        Case.objects.filter(id__in=[case.id for case in changed]).update(assigned_to=owner_id)
    return changed


@takes_part
def work_on(
    *, case_id: UUID, owner_id: UUID | None, notes: str, closing_reason: str, now: datetime
) -> None:
    """Keep who works on an open case and what was noted; with a reason, close it."""
    Case.objects.filter(id=case_id, status=Status.OPEN).update(assigned_to=owner_id, notes=notes)
    if closing_reason.strip():
        close_case(case_id=case_id, reason=closing_reason, now=now)


def is_open(*, kind: str, customer_id: UUID) -> bool:
    """Tell whether a case of this kind about a customer is still to be decided."""
    return Case.objects.filter(kind=kind, customer_id=customer_id, status=Status.OPEN).exists()
