"""Payments into the account: payment intents, refunds and disputes of their charges."""

from typing import Any


def payment_intent(
    *,
    stripe_id: str,
    client_secret: str,
    amount: int,
    currency: str,
    payment_method_types: list[str],
    created: int,
    metadata: dict[str, str],
    description: str | None = None,
) -> dict[str, Any]:
    """Return a `payment_intent` that nobody has paid yet."""
    return {
        "id": stripe_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": client_secret,
        "confirmation_method": "automatic",
        "created": created,
        "currency": currency,
        "customer": None,
        "description": description,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": metadata,
        "next_action": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": payment_method_types,
        "processing": None,
        "status": "requires_payment_method",
    }


def refund(
    *,
    stripe_id: str,
    amount: int,
    currency: str,
    charge: str,
    payment_intent: str,
    created: int,
    reason: str | None,
    metadata: dict[str, str],
) -> dict[str, Any]:
    """Return a `refund` that has gone through."""
    return {
        "id": stripe_id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge,
        "created": created,
        "currency": currency,
        "metadata": metadata,
        "payment_intent": payment_intent,
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def charge_dispute(
    *,
    stripe_id: str,
    amount: int,
    currency: str,
    charge: str,
    payment_intent: str,
    created: int,
    reason: str,
) -> dict[str, Any]:
    """Return a `dispute` of a charge that wants an answer."""
    return {
        "id": stripe_id,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge,
        "created": created,
        "currency": currency,
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": payment_intent,
        "reason": reason,
        "status": "needs_response",
    }
