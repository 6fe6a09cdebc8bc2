"""What happens to cards and to how their owners pay."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from cards.issuing.models import Card, CardDirectory, CardStatus, Policy, SpendingProfile
from cards.issuing.policies import FirstPolicy
from holdings.ledger import services as ledger
from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.transactions import takes_part


class CardNotReplaceable(DomainError):
    """Only the newest card of a chain can be replaced, and only once it is canceled."""

    code = "cards.not_replaceable"
    title = "This card cannot be replaced."
    kind = Kind.CONFLICT


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
def exclude_asset(*, customer_id: UUID, code: str) -> None:
    """Never sell this asset for a purchase; again is harmless."""
    ledger.lock_books([customer_id])
    profile = SpendingProfile.objects.get(customer_id=customer_id)
    if code not in profile.excluded:
        profile.excluded.append(code)
        profile.save(update_fields=["excluded"])


@takes_part
def add_card(
    *,
    customer_id: UUID,
    stripe_id: str,
    cardholder_stripe_id: str,
    currency: str,
    last4: str,
    livemode: bool,
    replaces: Card | None = None,
) -> Card:
    """Keep a card that exists at Stripe, with an account to pay from in its currency."""
    ledger.lock_books([customer_id])
    ledger.account_of(customer_id=customer_id, currency=currency)
    card = Card.objects.create(
        id=uuid7(),
        customer_id=customer_id,
        stripe_id=stripe_id,
        cardholder_stripe_id=cardholder_stripe_id,
        currency=currency,
        last4=last4,
        livemode=livemode,
        replaces=replaces,
    )
    CardDirectory.objects.create(stripe_id=stripe_id, customer_id=customer_id, card=card)
    return card


@takes_part
def set_status(*, card: Card, status: CardStatus) -> None:
    """Let a card pay or not, at once in our own decisions. A canceled card stays canceled.

    Raises:
        CardNotReplaceable: the card is canceled and would come back to life.
    """
    ledger.lock_books([card.customer_id])
    card.refresh_from_db(fields=["status"])
    if card.status == CardStatus.CANCELED and status != CardStatus.CANCELED:
        raise CardNotReplaceable(card=card.shown_id)
    card.status = status
    card.save(update_fields=["status"])


@takes_part
def set_policy(
    *, customer_id: UUID | None, currency: str = "", effective_at: datetime, **changed: Any
) -> Policy:
    """Add a policy row: the first policy with some columns changed, in force from a moment on."""
    if customer_id is not None:
        ledger.lock_books([customer_id])
    return Policy.objects.create(
        id=uuid7(),
        customer_id=customer_id,
        currency=currency,
        effective_at=effective_at,
        **FirstPolicy().columns(**changed),
    )
