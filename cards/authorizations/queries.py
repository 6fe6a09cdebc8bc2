"""Reads of authorizations and the decisions on them."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from cards.authorizations.models import Authorization, Decision
from krak.core.errors import DomainError, Kind


class AuthorizationNotFound(DomainError):
    """No such authorization, or not one of the customer's."""

    code = "authorizations.not_found"
    title = "There is no such authorization."
    kind = Kind.NOT_FOUND


def authorizations(*, customer_id: UUID) -> QuerySet[Authorization]:
    """Return the customer's authorizations with their decisions, without what those were made of.

    The decisions are the attribute `answered`, by step.
    """
    decisions = Decision.objects.filter(customer_id=customer_id).order_by("step")
    decisions = decisions.defer("inputs", "request", "answer")
    return Authorization.objects.filter(customer_id=customer_id).prefetch_related(
        Prefetch("decisions", queryset=decisions, to_attr="answered")
    )


def authorization(authorization_id: UUID, *, customer_id: UUID) -> Authorization:
    """Return one authorization of the customer with its decisions whole, as `answered`.

    Raises:
        AuthorizationNotFound: there is none, or it is another customer's: nobody can tell which.
    """
    decisions = Decision.objects.filter(customer_id=customer_id).order_by("step")
    found = (
        Authorization.objects.filter(customer_id=customer_id, id=authorization_id)
        .prefetch_related(Prefetch("decisions", queryset=decisions, to_attr="answered"))
        .first()
    )
    if found is None:
        raise AuthorizationNotFound
    return found


def ids_by_stripe_id(*, customer_id: UUID, stripe_ids: Iterable[str]) -> dict[str, UUID]:
    """Return our ids of those of the customer's authorizations that Stripe names so."""
    return dict(
        Authorization.objects.filter(
            customer_id=customer_id, stripe_id__in=list(stripe_ids)
        ).values_list("stripe_id", "id")
    )
