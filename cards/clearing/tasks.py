"""The task's door: events from the inbox, translated into our words and applied."""

import json
import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cards.clearing import services
from cards.clearing.rules import Snapshot, Transaction
from krak.core.inbox.models import InboxEvent
from krak.core.minor_units import from_minor
from krak.core.outbox.registry import handles

logger = logging.getLogger(__name__)


@handles("inbox.stripe")
def process_event(*, payload: dict[str, Any], now: datetime) -> None:
    """Apply one event of the inbox; types that mean nothing to us are only marked as seen."""
    row = InboxEvent.objects.get(id=payload["inbox_event"])
    event = json.loads(row.body)
    stripe_object = event["data"]["object"]
    event_at = datetime.fromtimestamp(event["created"], tz=UTC)
    if row.type == "issuing_transaction.created":
        services.apply_transaction(read_transaction(stripe_object, event_at=event_at), now=now)
    elif row.type in {"issuing_authorization.created", "issuing_authorization.updated"}:
        services.apply_snapshot(read_snapshot(stripe_object, event_at=event_at), now=now)
    else:
        logger.info("inbox: %s is only kept", row.type)
    InboxEvent.objects.filter(id=row.id).update(processed_at=now)


def read_transaction(stripe_object: dict[str, Any], *, event_at: datetime) -> Transaction:
    """Return an `issuing.transaction` in our words.

    Raises:
        ValueError: its sign contradicts its type, or it moves nothing.
    """
    currency, amount = stripe_object["currency"], stripe_object["amount"]
    is_refund = stripe_object["type"] == "refund"
    if (amount > 0) != is_refund:
        raise ValueError(f"a {stripe_object['type']} of {amount}")
    details, merchant = stripe_object.get("amount_details") or {}, stripe_object["merchant_data"]
    return Transaction(
        stripe_id=stripe_object["id"],
        card_stripe_id=_id_of(stripe_object["card"]),
        authorization_stripe_id=_id_of(stripe_object["authorization"]),
        is_refund=is_refund,
        amount=_units(abs(amount), currency),
        currency=currency.upper(),
        atm_fee=_units(details.get("atm_fee") or 0, currency),
        cashback_amount=_units(details.get("cashback_amount") or 0, currency),
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
        card_stripe_id=_id_of(stripe_object["card"]) or "",
        approved=stripe_object["approved"] is True,
        first_approved=bool(history and history[0].get("approved")),
        status=stripe_object["status"].upper(),
        amount=_units(stripe_object["amount"], stripe_object["currency"]),
        currency=stripe_object["currency"].upper(),
        steps=len(history),
        reason=(history[-1].get("reason") or "") if history else "",
        mcc=merchant.get("category_code") or "",
        merchant_name=(merchant.get("name") or "")[:120],
        merchant_network_id=(merchant.get("network_id") or "")[:64],
        merchant_country=(merchant.get("country") or "")[:2],
        event_at=event_at,
    )


def _id_of(expandable: Any) -> Any:
    """Return the id of an object that Stripe may have expanded."""
    return expandable["id"] if isinstance(expandable, dict) else expandable


def _units(amount_minor: int, currency: str) -> Decimal:
    units: Decimal = from_minor(amount_minor, currency).amount
    return units
