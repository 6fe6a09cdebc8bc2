"""Accept terms."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.transactions import takes_part
from krak.customers import queries
from krak.customers.models import TermsAcceptance


class TermsNotInForce(DomainError):
    """Only what is in force can be accepted: a newer version asks for a new look."""

    code = "customers.terms_not_in_force"
    title = "These terms are not in force; GET /v1/terms lists those that are."
    kind = Kind.CONFLICT


@takes_part
def accept_terms(
    *, customer_id: UUID, terms_ids: Sequence[UUID], address: str | None, now: datetime
) -> None:
    """Note that the customer accepted these versions; again changes nothing.

    Raises:
        TermsNotInForce: one of them is not, or no longer, in force.
    """
    in_force = {terms.id for terms in queries.terms_in_force(now=now)}
    if not set(terms_ids) <= in_force:
        raise TermsNotInForce
    TermsAcceptance.objects.bulk_create(
        [
            TermsAcceptance(
                id=uuid7(),
                customer_id=customer_id,
                terms_id=terms_id,
                address=address or None,
                accepted_at=now,
            )
            for terms_id in dict.fromkeys(terms_ids)
        ],
        ignore_conflicts=True,
    )
