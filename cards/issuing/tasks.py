"""The worker's doors: tell Stripe what is promised, hear what it says of cards."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from celery import shared_task

from cards.issuing import services
from cards.issuing.events import Told, applies_event, identifier, listing, mapping, text
from cards.issuing.services.hearing import CardholderSaid, CardSaid, TokenSaid
from krak.core import clock
from krak.core.outbox.registry import calls_out
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once
from krak.core.transactions import transaction
from krak.stripe.client import own_id_of

TELL_AGAIN_EVERY: Final = timedelta(minutes=10)


@calls_out("issuing.tell_card")
def tell_card(*, payload: dict[str, Any], now: datetime) -> None:
    """Tell Stripe what is wanted of a card."""
    services.tell_card(UUID(payload["card"]), now=now)


@calls_out("issuing.tell_cardholder")
def tell_cardholder(*, payload: dict[str, Any], now: datetime) -> None:
    """Tell Stripe who a customer is."""
    services.tell_cardholder(UUID(payload["cardholder"]), now=now)


@shared_task(name="issuing.tell_again")
def tell_again(**_newer: object) -> None:
    """Promise anew what Stripe should long know."""
    now = clock.now()

    def tell() -> None:
        with transaction():
            services.tell_again(now=now)

    run_once(tell, job="issuing.tell_again", slot=slot_of(now, TELL_AGAIN_EVERY), now=now)


def read_card(told: Told) -> CardSaid:
    """Return an `issuing.card` in our words."""
    said = told.object
    return CardSaid(
        stripe_id=identifier(said["id"]),
        own_id=own_id_of(said),
        status=text(said["status"]),
        cancellation_reason=text(said.get("cancellation_reason")),
        shipping_status=text(mapping(said.get("shipping")).get("status"), 20),
        event_at=told.event_at,
        key=told.key,
    )


@applies_event("issuing_card.created", "issuing_card.updated", read=read_card)
def hear_of_card(said: CardSaid, *, now: datetime) -> None:  # noqa: ARG001 - as all are called
    """Take what Stripe did to a card."""
    services.hear_of_card(said)


def read_cardholder(told: Told) -> CardholderSaid:
    """Return an `issuing.cardholder` in our words."""
    said = told.object
    past_due = listing(mapping(said["requirements"]).get("past_due"))
    return CardholderSaid(
        stripe_id=identifier(said["id"]),
        own_id=own_id_of(said),
        requirements=[text(each, 120) for each in past_due],
        event_at=told.event_at,
    )


@applies_event("issuing_cardholder.created", "issuing_cardholder.updated", read=read_cardholder)
def hear_of_cardholder(said: CardholderSaid, *, now: datetime) -> None:
    """Keep what Stripe still wants to know of somebody."""
    services.hear_of_cardholder(said, now=now)


def read_token(told: Told) -> TokenSaid:
    """Return an `issuing.token` in our words."""
    said = told.object
    return TokenSaid(
        stripe_id=identifier(said["id"]),
        card_stripe_id=identifier(said["card"]),
        wallet_provider=text(said.get("wallet_provider"), 20),
        network=text(said.get("network"), 20),
        status=text(said["status"], 20),
        event_at=told.event_at,
    )


@applies_event("issuing_token.created", "issuing_token.updated", read=read_token)
def hear_of_token(said: TokenSaid, *, now: datetime) -> None:
    """Keep how a card stands in a wallet."""
    services.hear_of_token(said, now=now)
