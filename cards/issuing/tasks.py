"""The worker's doors: tell Stripe what is promised, hear what it says of cards."""

from datetime import datetime
from typing import Any
from uuid import UUID

from celery import shared_task

from cards.issuing import services
from cards.issuing.services.hearing import CardSaid, TokenSaid, UnknownToUs
from krak.cases import services as cases
from krak.core import clock
from krak.core.inbox.registry import applies
from krak.core.outbox.registry import calls_out
from krak.core.transactions import transaction
from krak.stripe.client import own_id_of
from krak.stripe.events import id_of, read_time


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
    with transaction():
        services.tell_again(now=clock.now())


@applies("stripe", "issuing_card.created", "issuing_card.updated")
def hear_of_card(*, body: dict[str, Any], now: datetime) -> None:
    """Take what Stripe did to a card."""
    said = body["data"]["object"]
    try:
        services.hear_of_card(
            CardSaid(
                stripe_id=said["id"],
                own_id=own_id_of(said),
                status=said["status"],
                cancellation_reason=said.get("cancellation_reason") or "",
                shipping_status=((said.get("shipping") or {}).get("status") or "")[:20],
                event_at=read_time(body),
            )
        )
    except UnknownToUs as refusal:
        _open_case(refusal, body, now=now)


@applies("stripe", "issuing_cardholder.created", "issuing_cardholder.updated")
def hear_of_cardholder(*, body: dict[str, Any], now: datetime) -> None:
    """Keep what Stripe still wants to know of somebody."""
    said = body["data"]["object"]
    try:
        services.hear_of_cardholder(
            stripe_id=said["id"],
            own_id=own_id_of(said),
            requirements=[str(each)[:120] for each in said["requirements"]["past_due"] or ()],
            event_at=read_time(body),
            now=now,
        )
    except UnknownToUs as refusal:
        _open_case(refusal, body, now=now)


@applies("stripe", "issuing_token.created", "issuing_token.updated")
def hear_of_token(*, body: dict[str, Any], now: datetime) -> None:
    """Keep how a card stands in a wallet."""
    said = body["data"]["object"]
    try:
        services.hear_of_token(
            TokenSaid(
                stripe_id=said["id"],
                card_stripe_id=id_of(said["card"]),
                wallet_provider=(said.get("wallet_provider") or "")[:20],
                network=(said.get("network") or "")[:20],
                status=said["status"][:20],
                event_at=read_time(body),
            ),
            now=now,
        )
    except UnknownToUs as refusal:
        _open_case(refusal, body, now=now)


def _open_case(refusal: UnknownToUs, body: dict[str, Any], *, now: datetime) -> None:
    cases.open_case(
        kind=refusal.code,
        subject=body["data"]["object"]["id"],
        customer_id=None,
        now=now,
        event=body["id"],
        type=body["type"],
    )
