"""Where a customer and their authorization stand: whose card, what cash, what hold, what is odd."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Model

from cards.authorizations.models import Authorization
from cards.issuing.events import EventRefused
from cards.issuing.models import CardDirectory
from holdings.ledger import services as ledger
from holdings.ledger.models import Hold
from holdings.ledger.queries import Balance
from krak.cases import services as cases
from krak.core.errors import Kind as ErrorKind
from krak.core.money import plain
from krak.core.rows import save_row

STAFF_FLAGS: Final = frozenset(
    {
        "force_capture",
        "capture_on_reversed",
        "capture_on_declined",
        "overdrawn",
        "unmatched_refund",
    }
)
"""What a person has to look at. Source: the card policy, sections 3 to 5."""


class CardNotOurs(EventRefused):
    """An event names a card that is not in our directory."""

    code = "clearing.card_not_ours"
    title = "The event names a card that we do not know."
    kind = ErrorKind.NOT_FOUND


def owner_of(card_stripe_id: str, *, currency: str) -> CardDirectory:
    """Return whose card a Stripe card is.

    Raises:
        CardNotOurs: nobody's here.
        EventRefused: what is told of it is in another currency than the card's.
    """
    found = CardDirectory.objects.select_related("card").filter(stripe_id=card_stripe_id).first()
    if found is None:
        raise CardNotOurs(card=card_stripe_id)
    if found.card.currency != currency:
        raise EventRefused(f"{currency} on a card in {found.card.currency}")
    return found


def authorization_of(customer_id: UUID, stripe_id: str | None) -> Authorization | None:
    """Return the customer's authorization that Stripe names so, or None for one never seen.

    Raises:
        EventRefused: it is another customer's.
    """
    if stripe_id is None:
        return None
    named = Authorization.objects.filter(stripe_id=stripe_id)
    found = named.filter(customer_id=customer_id).first()
    if found is None and named.exists():
        raise EventRefused("the authorization is of another customer's card")
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
    save_row(authorization)


def open_cases(
    flags: Iterable[str],
    *,
    subject: str,
    customer_id: UUID,
    about: Model,
    amount: Decimal,
    currency: str,
    now: datetime,
    **details: Any,
) -> None:
    """Put those of `flags` that staff must see before them, with where the cash stands now."""
    for flag in sorted(STAFF_FLAGS.intersection(flags)):
        cash = cash_of(customer_id, currency)
        cases.open_case(
            kind=flag,
            subject=subject,
            customer_id=customer_id,
            now=now,
            about=about,
            amount=plain(amount),
            currency=currency,
            posted=plain(cash.posted),
            available=plain(cash.available),
            **details,
        )
