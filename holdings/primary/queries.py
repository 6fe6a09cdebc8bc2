"""Reads of the primary market: who is in it, what they asked for, what there is to subscribe."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from fx.assets import directory
from fx.assets.rules import AssetClass, AssetFacts
from fx.eligibility.queries import NotEligible, SuitabilityNeeded, require_eligible
from holdings.funding import queries as funding
from holdings.funding.rules.networks import NETWORKS, Network
from holdings.primary.gateway import is_open
from holdings.primary.models import Party, Request, RequestState
from krak.core.errors import DomainError, Kind
from krak.core.ids import read
from krak.customers.models import Customer

ASKED_AFTER: Final = timedelta(seconds=30)
"""What the issuer has had for so long without an end is asked about."""


class NotAParty(DomainError):
    """Nobody has let the customer in, or their party has ended."""

    code = "primary.not_a_party"
    title = "The primary market is for parties that were let in; please contact us."
    kind = Kind.FORBIDDEN


class RequestNotFound(DomainError):
    """No such request, or not one of the customer's."""

    code = "primary.request_not_found"
    title = "There is no such request."
    kind = Kind.NOT_FOUND


@dataclass(frozen=True, slots=True)
class Market:
    """The primary market as a customer sees it."""

    is_open: bool
    party: Party | None
    assets: list[str]
    """What they may subscribe, by code; whatever they hold can be redeemed."""


def party_of(*, customer_id: UUID) -> Party | None:
    """Return the party that the customer is; None if they are none, or no more."""
    return Party.objects.filter(
        customer_id=customer_id, onboarded_at__isnull=False, ended_at=None
    ).first()


def require_party(*, customer_id: UUID) -> Party:
    """Return the party that the customer is.

    Raises:
        NotAParty: they are none.
    """
    found = party_of(customer_id=customer_id)
    if found is None:
        raise NotAParty
    return found


def is_or_may_be_party(*, customer_id: UUID) -> bool:
    """Tell whether the customer is a party, or is proposed to be one."""
    return Party.objects.filter(customer_id=customer_id, ended_at=None).exists()


def party_named(shown_id: str) -> Party:
    """Return the party of this shown id."""
    return Party.objects.get(id=read(Party.PREFIX, shown_id))


def market(*, customer: Customer, now: datetime) -> Market:
    """Return what the primary market is to a customer."""
    party = party_of(customer_id=customer.id)
    if party is None:
        return Market(is_open(), None, [])
    shares = [each for each in _shares_on(party.network) if each.status.buyable]
    # One question per class of assets, and not per asset.
    one_of = {each.properties.asset_class: each for each in shares}
    may_buy: dict[AssetClass, bool] = {
        its: _may_buy(customer, each, now=now) for its, each in one_of.items()
    }
    codes = [each.code for each in shares if may_buy[each.properties.asset_class]]
    return Market(is_open(), party, codes)


def network_with_shares(code: str) -> Network | None:
    """Return the network of this code; None if there is none, or no share travels on it."""
    network = NETWORKS.get(code)
    return network if network is not None and _shares_on(code) else None


def networks_with_shares() -> list[Network]:
    """Return every network that some share travels on."""
    return [each for each in NETWORKS.values() if _shares_on(each.code)]


def requests(*, customer_id: UUID) -> QuerySet[Request]:
    """Return what the customer has asked for."""
    return Request.objects.filter(customer_id=customer_id)


def request_of(*, request_id: UUID, customer_id: UUID) -> Request:
    """Return one of the customer's requests.

    Raises:
        RequestNotFound: there is none.
    """
    found = requests(customer_id=customer_id).filter(id=request_id).first()
    if found is None:
        raise RequestNotFound
    return found


def request_named(shown_id: str) -> Request:
    """Return the request of this shown id with its party."""
    return Request.objects.select_related("party").get(id=read(Request.PREFIX, shown_id))


def undecided_since(moment: datetime) -> QuerySet[Request]:
    """Return what was asked for by then and waits for a decision."""
    return Request.objects.filter(state=RequestState.REQUESTED, created_at__lte=moment)


def under_way(*, now: datetime) -> QuerySet[Request]:
    """Return what the issuer has had for a while without an end, oldest first."""
    return Request.objects.filter(
        state=RequestState.APPROVED, submitted_at__lte=now - ASKED_AFTER
    ).order_by("created_at")


def _shares_on(network: str) -> list[AssetFacts]:
    shares = (
        listed.facts
        for _key, listed in directory.search()
        if listed.facts.properties.has_multiplier
    )
    return [each for each in shares if network in funding.rails_of(each)]


def _may_buy(customer: Customer, asset: AssetFacts, *, now: datetime) -> bool:
    try:
        require_eligible(customer=customer, asset=asset, now=now)
    except (NotEligible, SuitabilityNeeded):
        return False
    return True
