"""What owners want of their cards. It binds our own decisions at once; a job tells Stripe."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from cards.issuing import queries
from cards.issuing.models import (
    Card,
    CardDirectory,
    Cardholder,
    CardStatus,
    CardType,
    EndReason,
    SpendingProfile,
)
from cards.issuing.queries import CardEnded, CardNotReady
from cards.issuing.rules import Controls
from cards.issuing.services.spending import open_spending
from holdings.ledger import services as ledger
from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.rows import save_row
from krak.core.transactions import takes_part
from krak.stripe import client as stripe

MOST_CARDS: Final = 5
"""Of one customer, canceled ones not counted."""
CURRENCIES: Final = ("USD", "EUR", "GBP")
"""What Stripe issues cards in; which of them depends on where the business is."""
ENDS_AT_ONCE: Final = frozenset({EndReason.LOST, EndReason.STOLEN})
"""A card in a stranger's hands. A worn one pays until its successor is in use."""


class CardNotReplaceable(DomainError):
    """Only the newest card of a chain can be replaced, and only once."""

    code = "cards.not_replaceable"
    title = "This card cannot be replaced."
    kind = Kind.CONFLICT


class TooManyCards(DomainError):
    """A customer has as many cards as they may."""

    code = "cards.too_many"
    title = f"A customer has at most {MOST_CARDS} cards."
    kind = Kind.CONFLICT


class CurrencyNotIssued(DomainError):
    """Cards are not made in this currency."""

    code = "cards.currency_not_issued"
    title = "Cards are issued in USD, EUR or GBP."


@takes_part
def add_cardholder(*, customer_id: UUID, stripe_id: str) -> Cardholder:
    """Keep a cardholder that exists at Stripe, of whom we know no more."""
    return Cardholder.objects.create(
        id=uuid7(),
        customer_id=customer_id,
        stripe_id=stripe_id,
        first_name="",
        last_name="",
        address={},
    )


@takes_part
def add_card(
    *,
    cardholder: Cardholder,
    stripe_id: str,
    currency: str,
    last4: str,
    livemode: bool,
    replaces: Card | None = None,
) -> Card:
    """Keep a virtual card that exists at Stripe, with an account to pay from in its currency."""
    customer_id = cardholder.customer_id
    ledger.lock_books([customer_id])
    ledger.account_of(customer_id=customer_id, currency=currency)
    card = Card.objects.create(
        id=uuid7(),
        customer_id=customer_id,
        cardholder=cardholder,
        stripe_id=stripe_id,
        currency=currency,
        last4=last4,
        livemode=livemode,
        replaces=replaces,
    )
    CardDirectory.objects.create(stripe_id=stripe_id, customer_id=customer_id, card=card)
    return card


@takes_part
def order(
    *,
    customer_id: UUID,
    currency: str,
    type: CardType,  # noqa: A002 - the field's word
    shipping: Mapping[str, Any] | None = None,
) -> Card:
    """Begin to make a card; it is PENDING until Stripe has made it.

    A physical card is posted to `shipping` (name and address), or to the cardholder's address,
    and stays frozen until its owner has it and unfreezes it.

    Raises:
        CurrencyNotIssued: not one of `CURRENCIES`.
        CardholderMissing: who they are was not told yet.
        TooManyCards: `MOST_CARDS` are in use.
        StripeUnavailable: no Stripe is connected.
    """
    if currency not in CURRENCIES:
        raise CurrencyNotIssued(currency=currency)
    cardholder = queries.cardholder_of(customer_id=customer_id)
    ledger.lock_books([customer_id])
    if queries.cards(customer_id=customer_id).exclude(status="CANCELED").count() >= MOST_CARDS:
        raise TooManyCards
    if not SpendingProfile.objects.filter(customer_id=customer_id).exists():
        open_spending(customer_id=customer_id, cashback_asset=currency)
    return _begin(cardholder, currency=currency, type=type, shipping=shipping)


def _begin(
    cardholder: Cardholder,
    *,
    currency: str,
    type: CardType,  # noqa: A002 - the field's word
    shipping: Mapping[str, Any] | None,
    **more: Any,
) -> Card:
    if not stripe.is_connected():
        raise stripe.StripeUnavailable("No card processor is connected.")
    posted = dict(shipping or _home_of(cardholder)) if type == CardType.PHYSICAL else None
    card = Card(
        id=uuid7(),
        customer_id=cardholder.customer_id,
        cardholder=cardholder,
        type=type,
        currency=currency,
        status=CardStatus.PENDING,
        livemode=settings.STRIPE_LIVEMODE,
        shipping=posted,
        **more,
    )
    ledger.account_of(customer_id=cardholder.customer_id, currency=currency)
    _wish(card)
    return card


def _home_of(cardholder: Cardholder) -> dict[str, Any]:
    return {"name": str(cardholder), "address": cardholder.address}


@takes_part
def freeze(*, card: Card) -> Card:
    """Let a card decline from now on; again is harmless.

    Raises:
        CardNotReady, CardEnded: it cannot be frozen.
    """
    return _turn(card, CardStatus.INACTIVE)


@takes_part
def unfreeze(*, card: Card) -> Card:
    """Let a card pay from now on; again is harmless. A worn card that it replaces ends.

    Raises:
        CardNotReady, CardEnded: it cannot be unfrozen.
    """
    _turn(card, CardStatus.ACTIVE)
    if card.replaces:
        cancel(card=card.replaces, reason=EndReason(card.replaces.end_reason))
    return card


def _turn(card: Card, status: CardStatus) -> Card:
    _lock(card)
    if card.status == CardStatus.PENDING:
        raise CardNotReady(card=card.shown_id)
    if card.status == CardStatus.CANCELED:
        raise CardEnded(card=card.shown_id)
    if card.status != status:
        card.status = status
        _wish(card)
    return card


@takes_part
def cancel(*, card: Card, reason: EndReason = EndReason.NOT_NEEDED) -> Card:
    """End a card for good; again changes nothing. Why it is replaced stays its reason."""
    _lock(card)
    if card.status != CardStatus.CANCELED:
        card.status, card.end_reason = CardStatus.CANCELED, card.end_reason or reason
        _wish(card)
    return card


@takes_part
def replace(*, card: Card, reason: EndReason, shipping: Mapping[str, Any] | None = None) -> Card:
    """Begin to make a card's successor, of the same kind and with the same controls.

    A lost or stolen card ends at once. Another one pays on until its successor is unfrozen;
    a virtual successor, which nobody has to post, takes over as soon as it is made.

    Raises:
        CardNotReplaceable: it is still being made, or has a successor.
        StripeUnavailable: no Stripe is connected.
    """
    _lock(card)
    if card.status == CardStatus.PENDING or Card.objects.filter(replaces=card).exists():
        raise CardNotReplaceable(card=card.shown_id)
    # Stripe wants to know why it is replaced, also of a card that had ended for another reason.
    card.end_reason = reason
    card.save(update_fields=["end_reason"])
    if reason in ENDS_AT_ONCE:
        cancel(card=card, reason=reason)
    return _begin(
        card.cardholder,
        currency=card.currency,
        type=CardType(card.type),
        shipping=shipping or card.shipping,
        replaces=card,
        **_controls_of(card),
    )


def _controls_of(card: Card) -> dict[str, Any]:
    return {name: getattr(card, name) for name in asdict(Controls())}


@takes_part
def set_controls(*, card: Card, controls: Controls) -> Card:
    """Let a card do this and no more, from now on.

    Raises:
        CardEnded: it does nothing any more.
    """
    _lock(card)
    if card.status == CardStatus.CANCELED:
        raise CardEnded(card=card.shown_id)
    wanted = asdict(controls)
    for name in ("blocked_countries", "blocked_mccs"):
        wanted[name] = sorted(wanted[name])
    if wanted != _controls_of(card):
        for name, value in wanted.items():
            setattr(card, name, value)
        _wish(card)
    return card


def _lock(card: Card) -> None:
    """Lock the owner's book, and read the card as it is then."""
    ledger.lock_books([card.customer_id])
    card.refresh_from_db()


def _wish(card: Card) -> None:
    """Save a card with what is wanted of it, and promise to tell Stripe."""
    card.revision += 1
    save_row(card)
    if stripe.is_connected():
        outbox.promise("issuing.tell_card", {"card": str(card.id)})
