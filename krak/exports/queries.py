"""Reads of exports."""

from uuid import UUID

from django.db.models import QuerySet

from krak.core.errors import DomainError, Kind
from krak.exports.models import Export


class ExportNotFound(DomainError):
    """No such export, or not one of the customer's."""

    code = "exports.not_found"
    title = "There is no such export."
    kind = Kind.NOT_FOUND


def exports(*, customer_id: UUID) -> QuerySet[Export]:
    """Return what the customer asked for."""
    return Export.objects.filter(customer_id=customer_id)


def export_of(*, export_id: UUID, customer_id: UUID) -> Export:
    """Return one of the customer's exports.

    Raises:
        ExportNotFound: there is none, or it is another's.
    """
    found = exports(customer_id=customer_id).filter(id=export_id).first()
    if found is None:
        raise ExportNotFound
    return found
