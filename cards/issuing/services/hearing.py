"""Hear what Stripe says of cards, cardholders and wallets: each word once, in any order.

Stripe's side may tighten what we want of a card (freeze it, end it) and never loosen it: what
it allows beyond our wish is told off again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cards.issuing.events import EventRefused
from cards.issuing.models import (
    Card,
    CardDirectory,
    Cardholder,
    CardStatus,
    EndReason,
    WalletToken,
)
from cards.issuing.rules import key_of_card
from cards.issuing.services.cards import cancel, freeze
from holdings.ledger import services as ledger
from krak.cases import services as cases
from krak.core.errors import Kind
from krak.core.ids import MalformedId, read, uuid7
from krak.core.outbox import services as outbox
from krak.core.rows import save_row
from krak.core.transactions import takes_part
from krak.stripe import client as stripe

WHY_ENDED: Final = {"lost": EndReason.LOST, "stolen": EndReason.STOLEN}


class UnknownToUs(EventRefused):
    """Stripe speaks of a card or cardholder that is not in our books."""

    code = "issuing.unknown_to_us"
    title = "Stripe speaks of something that we do not know."
    kind = Kind.NOT_FOUND


@dataclass(frozen=True, slots=True)
class CardSaid:
    """A card as Stripe saw it at `event_at`; words in Stripe's lower case, "" where it has none.

    `key` is the idempotency key of the call that changed it, "" where nobody's did.
    """

    stripe_id: str
    own_id: str
    status: str
    cancellation_reason: str
    shipping_status: str
    event_at: datetime
    key: str = ""


@takes_part
def hear_of_card(said: CardSaid) -> None:
    """Take what Stripe did to a card by itself; an echo of what we told it changes nothing.

    Raises:
        UnknownToUs: no card of ours, not even one that is being made.
    """
    known = CardDirectory.objects.select_related("card").filter(stripe_id=said.stripe_id).first()
    if known is None:
        if _is_being_made(Card, said.own_id):
            return
        raise UnknownToUs(card=said.stripe_id)
    ledger.lock_books([known.customer_id])
    card = known.card
    card.refresh_from_db()
    if said.shipping_status:
        card.shipping_status = said.shipping_status
        card.save(update_fields=["shipping_status"])
    if card.status == CardStatus.CANCELED:
        return
    if said.status == "canceled":
        # For good, and we never told of an end while ours was none: whenever it was, it is news.
        cancel(card=card, reason=WHY_ENDED.get(said.cancellation_reason, EndReason.BY_STRIPE))
    elif not _is_news(card, said):
        return
    elif said.status == "inactive":
        freeze(card=card)
    elif said.status == "active" and card.status == CardStatus.INACTIVE and stripe.is_connected():
        Card.objects.filter(id=card.id).update(revision=card.revision + 1)
        outbox.promise("issuing.tell_card", {"card": str(card.id)})


def _is_being_made(model: type[Card] | type[Cardholder], own_id: str) -> bool:
    """Tell whether the job that has it made is only about to note Stripe's id."""
    try:
        wanted = read(model.PREFIX, own_id)
    except MalformedId:
        return False
    return model.objects.filter(id=wanted, told_revision=0, asked_at__isnull=False).exists()


def _is_news(card: Card, said: CardSaid) -> bool:
    """Tell whether Stripe did it by itself after all that we told it, and we have told it all.

    Stripe tells the time in whole seconds: in the second of our own call only the key of that
    tells an echo from a block.
    """
    if card.revision != card.told_revision or said.key.startswith(key_of_card(card.id)):
        return False
    return card.told_at is None or said.event_at >= card.told_at.replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class CardholderSaid:
    """A cardholder as Stripe saw them at `event_at`, and what it still wants to know."""

    stripe_id: str
    own_id: str
    requirements: list[str]
    event_at: datetime


@takes_part
def hear_of_cardholder(said: CardholderSaid, *, now: datetime) -> None:
    """Keep what Stripe still wants to know of a cardholder, and open a case for it.

    Raises:
        UnknownToUs: no cardholder of ours.
    """
    holder = Cardholder.objects.filter(stripe_id=said.stripe_id).first()
    if holder is None:
        if _is_being_made(Cardholder, said.own_id):
            return
        raise UnknownToUs(cardholder=said.stripe_id)
    if holder.said_at is not None and said.event_at < holder.said_at:
        return
    requirements = said.requirements
    Cardholder.objects.filter(id=holder.id).update(requirements=requirements, said_at=said.event_at)
    if requirements:
        cases.open_case(
            kind="cardholder_past_due",
            subject=f"{said.stripe_id}:{','.join(sorted(requirements))}"[:120],
            customer_id=holder.customer_id,
            now=now,
            requirements=requirements,
        )


@dataclass(frozen=True, slots=True)
class TokenSaid:
    """A wallet token as Stripe saw it at `event_at`."""

    stripe_id: str
    card_stripe_id: str
    wallet_provider: str
    network: str
    status: str
    event_at: datetime


@takes_part
def hear_of_token(said: TokenSaid, *, now: datetime) -> None:
    """Keep how a card's stand-in in a wallet stands; an older word than the last is ignored.

    Raises:
        UnknownToUs: its card is none of ours.
    """
    known = CardDirectory.objects.filter(stripe_id=said.card_stripe_id).first()
    if known is None:
        raise UnknownToUs(card=said.card_stripe_id)
    ledger.lock_books([known.customer_id])
    token = WalletToken.objects.filter(
        customer_id=known.customer_id, stripe_id=said.stripe_id
    ).first() or WalletToken(
        id=uuid7(),
        customer_id=known.customer_id,
        card_id=known.card_id,
        stripe_id=said.stripe_id,
        said_at=said.event_at,
        created_at=now,
    )
    if said.event_at >= token.said_at:
        token.wallet_provider, token.network = said.wallet_provider, said.network
        token.status, token.said_at = said.status, said.event_at
        save_row(token)
