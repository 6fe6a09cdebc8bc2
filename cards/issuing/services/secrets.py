"""Let the app see a card's secrets at Stripe. They pass us by; that they were asked for stays."""

import re
from datetime import datetime
from typing import Any, Final

from cards.issuing import gateway
from cards.issuing.models import Card, CardStatus, Purpose, SecretAccess
from cards.issuing.queries import CardEnded, stripe_id_of
from krak.core.errors import DomainError
from krak.core.ids import uuid7
from krak.core.transactions import transaction

DETAILS_VERSION: Final = "2020-03-02"
"""What Stripe's elements for showing a number want. Source: Stripe, "Issuing Elements"."""
VERSION: Final = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]{1,20})?", re.ASCII)


class MalformedVersion(DomainError):
    """The SDK's version of Stripe's API is none."""

    code = "cards.stripe_version_malformed"
    title = 'A version of Stripe\'s API looks like "2020-03-02".'


def key_to_secrets(
    card: Card,
    *,
    purpose: Purpose,
    nonce: str | None = None,
    stripe_version: str = DETAILS_VERSION,
    now: datetime,
) -> dict[str, Any]:
    """Return a short-lived key of Stripe's with which the app shows or provisions one card.

    Not in a transaction: the access is noted first, then Stripe is asked.

    Raises:
        CardNotReady, CardEnded: there is nothing to show.
        MalformedVersion: `stripe_version` is none.
        StripeRefused, StripeUnavailable: there is no key now.
    """
    stripe_id = _made_and_alive(card)
    if not VERSION.fullmatch(stripe_version):
        raise MalformedVersion
    _note(card, purpose, now=now)
    return gateway.ephemeral_key(stripe_id, stripe_version=stripe_version, nonce=nonce)


def set_pin(card: Card, *, encrypted_number: str, now: datetime) -> None:
    """Pass a PIN on to Stripe, encrypted by the app with Stripe's key; we cannot read it.

    Raises:
        CardNotReady, CardEnded: the card has no PIN.
        StripeRefused, StripeUnavailable: the PIN is as it was.
    """
    stripe_id = _made_and_alive(card)
    _note(card, Purpose.PIN, now=now)
    gateway.update_card(
        stripe_id,
        {"pin": {"encrypted_number": encrypted_number}},
        key=f"pin:{uuid7()}",
    )
    with transaction():
        Card.objects.filter(id=card.id).update(pin_set_at=now)


def _made_and_alive(card: Card) -> str:
    if card.status == CardStatus.CANCELED:
        raise CardEnded(card=card.shown_id)
    return stripe_id_of(card)


@transaction
def _note(card: Card, purpose: Purpose, *, now: datetime) -> None:
    SecretAccess.objects.create(
        id=uuid7(), customer_id=card.customer_id, card=card, purpose=purpose, asked_at=now
    )
