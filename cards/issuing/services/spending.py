"""How a customer pays, and the policy they are judged by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from cards.issuing import queries
from cards.issuing.models import Policy, SpendingProfile
from cards.issuing.policies import columns_of
from fx.assets import queries as assets
from fx.eligibility.queries import require_eligible
from holdings.ledger import services as ledger
from krak.core.ids import uuid7
from krak.core.transactions import takes_part
from krak.customers.models import Customer


@takes_part
def open_spending(
    *,
    customer_id: UUID,
    cashback_asset: str,
    spend_order: Sequence[str] | None = None,
    excluded: Sequence[str] = (),
) -> None:
    """Keep how a new customer wants to pay and be rewarded."""
    SpendingProfile.objects.create(
        customer_id=customer_id,
        spend_order=list(spend_order) if spend_order is not None else None,
        excluded=list(excluded),
        cashback_asset=cashback_asset,
    )


@takes_part
def set_spending(
    *,
    customer: Customer,
    spend_order: Sequence[str] | None,
    excluded: Sequence[str],
    cashback_asset: str,
    now: datetime,
) -> None:
    """Let the customer's next purchase be paid, and rewarded, so.

    Raises:
        NotEligible, SuitabilityNeeded: the reward is nothing that they may buy where they live.
    """
    ledger.lock_books([customer.id])
    before = SpendingProfile.objects.filter(customer=customer).first()
    if before is None or before.cashback_asset != cashback_asset:
        require_eligible(customer=customer, asset=assets.facts(cashback_asset), now=now)
    wanted = {
        "spend_order": list(spend_order) if spend_order is not None else None,
        "excluded": list(excluded),
        "cashback_asset": cashback_asset,
    }
    SpendingProfile.objects.update_or_create(customer=customer, defaults=wanted)


@takes_part
def exclude_asset(*, customer_id: UUID, code: str) -> None:
    """Never sell this asset for a purchase; again is harmless."""
    ledger.lock_books([customer_id])
    profile = SpendingProfile.objects.get(customer_id=customer_id)
    if code not in profile.excluded:
        profile.excluded.append(code)
        profile.save(update_fields=["excluded"])


@takes_part
def set_policy(
    *, customer_id: UUID | None, currency: str = "", effective_at: datetime, **changed: Any
) -> Policy:
    """Add a policy row: the one in force then with some columns changed, from that moment on."""
    if customer_id is not None:
        ledger.lock_books([customer_id])
    before = queries.policy_in_force(customer_id=customer_id, currency=currency, at=effective_at)
    return Policy.objects.create(
        id=uuid7(),
        customer_id=customer_id,
        currency=currency,
        effective_at=effective_at,
        **columns_of(before) | changed,
    )
