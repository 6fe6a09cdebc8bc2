"""Reads of who may buy what."""

from datetime import datetime

from django.db.models import QuerySet

from fx.assets.rules import AssetClass, AssetFacts
from fx.eligibility.models import EligibilityRule, SuitabilityCheck
from fx.eligibility.rules import Rule, Verdict, may_buy, verdict_at
from krak.core.compiled import compiled
from krak.core.errors import DomainError, Kind
from krak.customers.models import Customer


class NotEligible(DomainError):
    """The rules of the customer's country do not let them buy this; selling is always open."""

    code = "eligibility.not_eligible"
    title = "This asset cannot be bought where you live; what you hold can be sold."
    kind = Kind.REFUSED


class SuitabilityNeeded(DomainError):
    """The customer's country asks for a suitability check first."""

    code = "eligibility.suitability_needed"
    title = "A suitability check comes before buying this asset."
    kind = Kind.REFUSED


def suitability(*, customer: Customer, asset_class: AssetClass) -> SuitabilityCheck | None:
    """Return the customer's newest check of a class, or None."""
    return (
        SuitabilityCheck.objects.filter(customer=customer, asset_class=asset_class.value)
        .order_by("-checked_at", "-id")
        .first()
    )


def is_suitable(*, customer: Customer, asset_class: AssetClass, now: datetime) -> bool:
    """Tell whether the customer's newest check was passed and still counts."""
    newest = suitability(customer=customer, asset_class=asset_class)
    return newest is not None and newest.passed and now < newest.valid_until


def verdict(*, asset_class: AssetClass, country: str, at: datetime) -> Verdict:
    """Return what holds for a class of assets in a country."""
    rules = (
        Rule(
            asset_class=AssetClass(row.asset_class),
            country=row.country,
            verdict=Verdict(row.verdict),
            effective_at=row.effective_at,
            id=row.id,
        )
        for row in _rules(asset_class, country, at)
    )
    return verdict_at(rules, asset_class=asset_class, country=country, at=at)


@compiled
def _rules(asset_class: AssetClass, country: str, at: datetime) -> QuerySet[EligibilityRule]:
    return EligibilityRule.objects.filter(
        asset_class=asset_class, country=country, effective_at__lte=at
    )


def require_eligible(*, customer: Customer, asset: AssetFacts, now: datetime) -> None:
    """Refuse a purchase that the customer's country forbids.

    Raises:
        NotEligible: whatever the customer does, they may not buy it.
        SuitabilityNeeded: they may after a passed suitability check.
    """
    asset_class = asset.properties.asset_class
    found = verdict(asset_class=asset_class, country=customer.country, at=now)
    suitable = found is Verdict.NEEDS_SUITABILITY and is_suitable(
        customer=customer, asset_class=asset_class, now=now
    )
    if may_buy(found, suitable=suitable):
        return
    refusal = SuitabilityNeeded if found is Verdict.NEEDS_SUITABILITY else NotEligible
    raise refusal(asset=asset.code, country=customer.country, verdict=found.value.lower())
