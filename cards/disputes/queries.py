"""Reads of disputes, and of what may still be disputed."""

from collections.abc import Collection
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import QuerySet, Sum

from cards.clearing import queries as clearing
from cards.disputes.models import Dispute
from cards.disputes.rules import CLOSED, COLUMN_OF
from krak.core import errors
from krak.core.errors import DomainError
from krak.core.ids import id_of

if TYPE_CHECKING:
    from cards.clearing.models import CardTransaction

_NONE = Decimal(0)


class DisputeNotFound(DomainError):
    """No such dispute, or not one of the customer's."""

    code = "disputes.not_found"
    title = "There is no such dispute."
    kind = errors.Kind.NOT_FOUND


class TransactionNotFound(DomainError):
    """No such cleared purchase, or not one of the customer's."""

    code = "disputes.transaction_not_found"
    title = "There is no such card transaction."
    kind = errors.Kind.NOT_FOUND


def disputes(*, customer_id: UUID) -> QuerySet[Dispute]:
    """Return the customer's disputes with the purchases they are of."""
    return Dispute.objects.filter(customer_id=customer_id).select_related("transaction")


def heard_of(
    stripe_ids: Collection[str], *, customer_ids: Collection[UUID]
) -> dict[str, frozenset[str]]:
    """Return which of Stripe's events were heard of these disputes of these customers, by its id.

    What nothing was heard of is left out.
    """
    rows = Dispute.objects.filter(customer_id__in=customer_ids, stripe_id__in=stripe_ids)
    return {
        row.stripe_id: frozenset(
            event
            for event, column in COLUMN_OF.items()
            if getattr(row, column) or (event == CLOSED and row.expired_at)
        )
        for row in rows
    }


def dispute_of(*, customer_id: UUID, shown_id: str) -> Dispute:
    """Return one dispute of the customer.

    Raises:
        DisputeNotFound: there is none, or it is another customer's: nobody can tell which.
    """
    wanted = id_of(Dispute.PREFIX, shown_id, DisputeNotFound)
    found = disputes(customer_id=customer_id).filter(id=wanted).first()
    if found is None:
        raise DisputeNotFound
    return found


def transaction_of(*, customer_id: UUID, shown_id: str) -> "CardTransaction":
    """Return one capture or refund of the customer.

    Raises:
        TransactionNotFound: there is none, or it is another customer's.
    """
    found = clearing.transaction_of(customer_id=customer_id, shown_id=shown_id)
    if found is None:
        raise TransactionNotFound
    return found


def standing_disputes(disputed: "CardTransaction") -> QuerySet[Dispute]:
    """Return the disputes of a capture that were neither withdrawn nor ran out."""
    return Dispute.objects.filter(
        customer_id=disputed.customer_id,
        transaction=disputed,
        withdrawn_at=None,
        expired_at=None,
    )


def disputable(disputed: "CardTransaction") -> Decimal:
    """Return how much of a capture can be disputed, in its currency.

    At most what was captured, and at most what is left of its purchase: captures less refunds
    and less what other captures of it are disputed for.
    """
    captured: Decimal = disputed.amount
    if not disputed.group:
        return captured
    purchase = clearing.purchase(customer_id=disputed.customer_id, group=disputed.group)
    paid = purchase.paid if purchase else _NONE
    others: Decimal = (
        Dispute.objects.filter(
            customer_id=disputed.customer_id,
            transaction__group=disputed.group,
            withdrawn_at=None,
            expired_at=None,
            lost_at=None,
            rescinded_at=None,
        )
        .exclude(transaction=disputed)
        .aggregate(total=Sum("amount", default=_NONE))["total"]
    )
    return max(_NONE, min(captured, paid - others))
