"""Where a customer and their authorization stand: whose card, what cash, what hold."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from cards.authorizations.models import Authorization
from cards.issuing.models import CardDirectory
from holdings.ledger import services as ledger
from holdings.ledger.models import Hold
from holdings.ledger.queries import Balance
from krak.core.errors import DomainError
from krak.core.errors import Kind as ErrorKind


class CardNotOurs(DomainError):
    """An event names a card that is not in our directory."""

    code = "clearing.card_not_ours"
    title = "The event names a card that we do not know."
    kind = ErrorKind.NOT_FOUND


def owner_of(card_stripe_id: str) -> CardDirectory:
    """Return whose card a Stripe card is.

    Raises:
        CardNotOurs: nobody's here.
    """
    found = CardDirectory.objects.filter(stripe_id=card_stripe_id).first()
    if found is None:
        raise CardNotOurs(card=card_stripe_id)
    return found


def cash_of(customer_id: UUID, currency: str) -> Balance:
    """Return the customer's cash as it is now, in an account opened if there was none."""
    account = ledger.account_of(customer_id=customer_id, currency=currency)
    return Balance(account.id, currency, account.posted, account.held, account.created_at)


def held_of(customer_id: UUID, authorization: Authorization) -> Decimal:
    """Return what an authorization still holds."""
    hold = Hold.objects.filter(
        customer_id=customer_id, reference=authorization.hold_reference
    ).first()
    return hold.amount if hold else Decimal(0)


def set_hold(
    customer_id: UUID, authorization: Authorization, amount: Decimal, *, now: datetime
) -> None:
    """Make an authorization's hold exactly `amount`, also beyond what is available."""
    ledger.set_hold(
        customer_id=customer_id,
        account_id=cash_of(customer_id, authorization.currency).account_id,
        reference=authorization.hold_reference,
        amount=amount,
        now=now,
        forced=True,
    )


def touch(
    authorization: Authorization, flags: list[str], *, event_at: datetime, now: datetime
) -> None:
    """Save an authorization with more flags and the newest event's time."""
    authorization.flags = sorted({*authorization.flags, *flags})
    authorization.last_event_at = max(event_at, authorization.last_event_at or event_at)
    authorization.updated_at = now
    authorization.save()
