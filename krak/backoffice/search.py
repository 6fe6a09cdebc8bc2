"""One search box for everything (Ctrl-K in the back office)."""

from typing import Final

from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from cards.authorizations.models import Authorization, StrayRequest
from krak.backoffice import queries
from krak.customers.models import Customer

MOST: Final = 10


def find(request: HttpRequest, _lowered: str) -> list[SearchResult]:
    """Return the customers that the words name, and the purchase of an authorization's id.

    unfold hands the words over in lower case, which no Stripe id survives: they are read anew.
    """
    term = request.GET.get("s", "").strip()
    results = []
    if request.user.has_perm("customers.view_customer"):
        results += _customers(term)
    if request.user.has_perm("authorizations.view_authorization") and term.startswith("iauth_"):
        results += _purchases(term)
    return results


def _customers(term: str) -> list[SearchResult]:
    named = queries.customer_ids_named(term)
    people = Customer.objects.select_related("user").order_by("-created_at")
    if named is not None:
        people = people.filter(pk__in=named)
    else:
        people = people.filter(name__icontains=term) | people.filter(user__email__icontains=term)
    return [
        SearchResult(
            title=str(person),
            description=person.user.email,
            link=reverse("admin:customers_customer_change", args=[person.pk]),
            icon="person",
        )
        for person in people[:MOST]
    ]


def _purchases(stripe_id: str) -> list[SearchResult]:
    purchases = [
        SearchResult(
            title=str(found),
            description=f"purchase {found.stripe_id}",
            link=reverse("admin:authorizations_authorization_change", args=[found.pk]),
            icon="receipt_long",
        )
        for found in Authorization.objects.filter(stripe_id=stripe_id)[:MOST]
    ]
    strays = [
        SearchResult(
            title=f"{found.reason}: {found.stripe_id}",
            description="request without a customer's book",
            link=reverse("admin:authorizations_strayrequest_change", args=[found.pk]),
            icon="help",
        )
        for found in StrayRequest.objects.filter(stripe_id=stripe_id)[:MOST]
    ]
    return purchases + strays
