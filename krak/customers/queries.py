"""Finding people."""

import hashlib
from datetime import datetime
from uuid import UUID

from krak.core.errors import DomainError, Kind
from krak.customers.models import AccessToken, Customer


class CustomerNotFound(DomainError):
    """No such customer, or not one this caller may know of."""

    code = "customers.not_found"
    title = "There is no such customer."
    kind = Kind.NOT_FOUND


def customer(customer_id: UUID) -> Customer:
    """Return one customer.

    Raises:
        CustomerNotFound: the id names nobody.
    """
    found = Customer.objects.select_related("user").filter(id=customer_id).first()
    if found is None:
        raise CustomerNotFound(customer=str(customer_id))
    return found


def customer_of_token(token: str, *, now: datetime) -> Customer | None:
    """Return whom a bearer token speaks for, or None when it is unknown, ended or expired."""
    held = (
        AccessToken.objects.select_related("user__customer")
        .filter(
            digest=hashlib.sha256(token.encode()).digest(),
            ended_at=None,
            expires_at__gt=now,
            user__is_active=True,
            user__customer__isnull=False,
        )
        .first()
    )
    return held.user.customer if held else None
