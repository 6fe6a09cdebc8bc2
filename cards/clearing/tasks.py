"""The task's door: events from the inbox, translated into our words and applied."""

from datetime import datetime
from typing import Any

from django.conf import settings

from cards.clearing import services
from cards.clearing.rules import Snapshot, Transaction
from krak.cases import services as cases
from krak.core.errors import DomainError
from krak.core.inbox.registry import applies
from krak.stripe.events import id_of, read_amount, read_time


class NotOurEvent(DomainError):
    """An event that contradicts itself, or is of another mode than this Krak."""

    code = "clearing.not_our_event"
    title = "The event cannot be applied here."


@applies("stripe", "issuing_transaction.created")
def apply_transaction(*, body: dict[str, Any], now: datetime) -> None:
    """Post a capture or credit a refund; one that cannot be ours moves nothing and opens a case."""
    try:
        _require_our_mode(body)
        transaction = read_transaction(body["data"]["object"], event_at=read_time(body))
        services.apply_transaction(transaction, now=now)
    except (services.CardNotOurs, NotOurEvent) as refusal:
        _open_case(refusal, body, now=now)


@applies("stripe", "issuing_authorization.created", "issuing_authorization.updated")
def apply_snapshot(*, body: dict[str, Any], now: datetime) -> None:
    """Bring an authorization to what Stripe says of it."""
    try:
        _require_our_mode(body)
        snapshot = read_snapshot(body["data"]["object"], event_at=read_time(body))
        services.apply_snapshot(snapshot, now=now)
    except (services.CardNotOurs, NotOurEvent) as refusal:
        _open_case(refusal, body, now=now)


def _require_our_mode(body: dict[str, Any]) -> None:
    if body.get("livemode") is not settings.STRIPE_LIVEMODE:
        raise NotOurEvent("the livemode is not ours")


def _open_case(refusal: DomainError, body: dict[str, Any], *, now: datetime) -> None:
    cases.open_case(
        kind=refusal.code,
        subject=body["data"]["object"]["id"],
        customer_id=None,
        now=now,
        event=body["id"],
        detail=refusal.detail,
    )


def read_transaction(stripe_object: dict[str, Any], *, event_at: datetime) -> Transaction:
    """Return an `issuing.transaction` in our words.

    Raises:
        NotOurEvent: its sign contradicts its type, or it moves nothing.
    """
    currency, amount = stripe_object["currency"], stripe_object["amount"]
    is_refund = stripe_object["type"] == "refund"
    if amount == 0 or (amount > 0) != is_refund:
        raise NotOurEvent(f"a {stripe_object['type']} of {amount}")
    details, merchant = stripe_object.get("amount_details") or {}, stripe_object["merchant_data"]
    return Transaction(
        stripe_id=stripe_object["id"],
        card_stripe_id=id_of(stripe_object["card"]),
        authorization_stripe_id=id_of(stripe_object["authorization"]),
        is_refund=is_refund,
        amount=read_amount(abs(amount), currency),
        currency=currency.upper(),
        atm_fee=read_amount(details.get("atm_fee") or 0, currency),
        cashback_amount=read_amount(details.get("cashback_amount") or 0, currency),
        mcc=merchant.get("category_code") or "",
        merchant_name=(merchant.get("name") or "")[:120],
        merchant_network_id=(merchant.get("network_id") or "")[:64],
        merchant_currency=(stripe_object.get("merchant_currency") or "").upper()[:10],
        merchant_amount_minor=stripe_object.get("merchant_amount") or 0,
        event_at=event_at,
    )


def read_snapshot(stripe_object: dict[str, Any], *, event_at: datetime) -> Snapshot:
    """Return an `issuing.authorization` in our words."""
    history = stripe_object.get("request_history") or []
    merchant = stripe_object["merchant_data"]
    return Snapshot(
        stripe_id=stripe_object["id"],
        card_stripe_id=id_of(stripe_object["card"]) or "",
        approved=stripe_object["approved"] is True,
        first_approved=bool(history and history[0].get("approved")),
        status=stripe_object["status"].upper(),
        amount=read_amount(stripe_object["amount"], stripe_object["currency"]),
        currency=stripe_object["currency"].upper(),
        steps=len(history),
        reason=(history[-1].get("reason") or "") if history else "",
        mcc=merchant.get("category_code") or "",
        merchant_name=(merchant.get("name") or "")[:120],
        merchant_network_id=(merchant.get("network_id") or "")[:64],
        merchant_country=(merchant.get("country") or "")[:2],
        event_at=event_at,
    )
