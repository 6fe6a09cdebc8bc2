"""Who cards were made for."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cards.issuing.models import Card, Cardholder, CardStatus
from krak.core.ids import made_at
from krak.core.inbox import services as inbox
from krak.core.personal import Obstacle, Person, holds, objects, sweeps_later

holds(
    "issuing.Cardholder", hides=("refusal",),
    erases={
        "first_name": "Erased", "last_name": "", "phone_number": "", "address": {},
        "terms_accepted_ip": None, "refusal": "",
    },
    seals=("first_name", "last_name", "phone_number", "address"),
    keeps="whose cards they were, at Stripe",
)  # fmt: skip
holds("issuing.Card", hides=("refusal",), erases={"shipping": None}, keeps="what was paid with")
holds("issuing.WalletToken", keeps="what was paid with")
holds("issuing.SecretAccess", keeps="who saw a card's number")
holds("issuing.CardDirectory", keeps="late captures and refunds find their books by it")
holds("issuing.SpendingProfile", keeps="what decisions were made by")
holds("issuing.Policy", keeps="what decisions were made by")


@objects
def _cards(customer_id: UUID) -> Sequence[Obstacle]:
    alive = Card.objects.filter(customer_id=customer_id).exclude(status=CardStatus.CANCELED)
    if not alive.exists():
        return []
    return [Obstacle("cards_active", "Cards are active; cancel them.", "/v1/cards")]


@sweeps_later
def _told_by_stripe(person: Person, _now: datetime) -> None:
    """Every event about a card carries its holder, by id or with name and address."""
    holders = Cardholder.objects.filter(customer_id=person.customer_id).exclude(stripe_id="")
    inbox.empty(
        list(holders.values_list("stripe_id", flat=True)), since=made_at(person.customer_id)
    )
