"""How what a purchase sold reads in the list of everything that moved."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.db.models import QuerySet

from cards.authorizations.models import Authorization
from holdings.activity.registry import Group, Moved, Words, reads
from krak.core.compiled import compiled
from krak.core.ids import show

_BY_AUTHORIZATION = ("authorization", "adoption")


def _sales(moved: Sequence[Moved]) -> Mapping[UUID, Words]:
    named = {each.id: _stripe_id(each.cause) for each in moved}
    found = {
        row.stripe_id: row
        for row in _named(moved[0].customer_id, set(filter(None, named.values())))
    }
    return {
        each.id: _words(each, found.get(named[each.id] or "")) for each in moved
    }  # fmt: skip


@compiled
def _named(customer_id: UUID, stripe_ids: Collection[str]) -> QuerySet[Authorization]:
    return Authorization.objects.filter(customer_id=customer_id, stripe_id__any=stripe_ids)


def _words(moved: Moved, authorization: Authorization | None) -> Words:
    sold = next((code for code, amount in moved.changes.items() if amount < 0), "")
    merchant = authorization.merchant_name if authorization else moved.details.get("merchant", "")
    links = {}
    if authorization is not None:
        links["authorization"] = show(Authorization.PREFIX, authorization.id)
    return Words(title=f"{sold} sold for a purchase", party=str(merchant), links=links)


def _stripe_id(cause: str) -> str | None:
    """Return the authorization that a cause like `authorization:iauth_1:0:sale:BTC` names."""
    origin, _, rest = cause.partition(":")
    return rest.partition(":")[0] if origin in _BY_AUTHORIZATION else None


reads("SALE", group=Group.CARD, title="Sold for a purchase", describe=_sales)
