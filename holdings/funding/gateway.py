"""What is asked of Stripe for top-ups. Source: Stripe's Payment Intents API."""

from collections.abc import Mapping
from typing import Any

from krak.stripe.client import as_json, speaking


def create_intent(fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Make a payment intent; the same `key` again returns the same one."""
    with speaking() as v1:
        return as_json(v1.payment_intents.create(dict(fields), {"idempotency_key": key}))


def intent(stripe_id: str) -> dict[str, Any]:
    """Return a payment intent as it stands."""
    with speaking() as v1:
        return as_json(v1.payment_intents.retrieve(stripe_id))


def cancel_intent(stripe_id: str) -> None:
    """Let nobody pay it any more; one that is canceled or paid is refused."""
    with speaking() as v1:
        v1.payment_intents.cancel(stripe_id, {"cancellation_reason": "abandoned"})
