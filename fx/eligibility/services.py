"""Writes: what a customer made of the statements about a class of assets."""

from collections.abc import Mapping
from datetime import datetime

from fx.assets.rules import AssetClass
from fx.eligibility.models import SuitabilityCheck
from fx.eligibility.rules import SUITABILITY_LASTS, passes
from krak.core.ids import uuid7
from krak.core.transactions import takes_part
from krak.customers.models import Customer


@takes_part
def check_suitability(
    *, customer: Customer, asset_class: AssetClass, answers: Mapping[str, bool], now: datetime
) -> SuitabilityCheck:
    """Judge the customer's answers and keep them; the newest check is what counts."""
    return SuitabilityCheck.objects.create(
        id=uuid7(),
        customer=customer,
        asset_class=asset_class.value,
        answers=dict(answers),
        passed=passes(answers),
        checked_at=now,
        valid_until=now + SUITABILITY_LASTS,
    )
