"""The worker's door: let the fake Stripe know what the sandbox makes and plays by itself."""

from datetime import datetime
from typing import Any

from django.conf import settings

from cards.issuing.models import Card
from krak.core.outbox.registry import calls_out
from krak.sandbox.issuer.client import Control, is_issuer


@calls_out("sandbox.introduce_card")
def introduce_card(*, payload: dict[str, Any], now: datetime) -> None:  # noqa: ARG001 - as called
    """Import a card into the fake, by its ids; a repeat changes nothing.

    A Stripe that is not our fake has no door for it, and is left alone.
    """
    if not is_issuer(settings.STRIPE_API_BASE):
        return
    card = Card.objects.select_related("cardholder").get(id=payload["card"])
    with Control(settings.STRIPE_API_BASE) as control:
        control.import_card(
            id=card.stripe_id,
            cardholder=card.cardholder.stripe_id,
            currency=card.currency.lower(),
            last4=card.last4,
            status=card.status.lower(),
        )


@calls_out("sandbox.introduce_purchase")
def introduce_purchase(*, payload: dict[str, Any], now: datetime) -> None:  # noqa: ARG001 - as called
    """Import a purchase into the fake as it ended; a repeat changes nothing.

    Its card is known there already, or will be when this is tried again.
    """
    if not is_issuer(settings.STRIPE_API_BASE):
        return
    with Control(settings.STRIPE_API_BASE) as control:
        control.import_purchase(payload["authorization"], payload["capture"])
