"""Events, and how Stripe signs them."""

import json
import secrets
from datetime import datetime
from typing import Any, Final

import stripe

API_VERSION: Final[str] = stripe.api_version or ""
"""The version that the pinned client speaks, which is also our account's."""


def event(
    kind: str,
    stripe_object: dict[str, Any],
    *,
    created: int,
    previous: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return an event around an object; `previous` has what changed as it was before."""
    data = {"object": stripe_object}
    if previous is not None:
        data["previous_attributes"] = previous
    return {
        "id": f"evt_{secrets.token_hex(12)}",
        "object": "event",
        "api_version": API_VERSION,
        "created": created,
        "data": data,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def signed(body: dict[str, Any], *, secret: str, now: datetime) -> tuple[str, str]:
    """Return the text of an event and the `Stripe-Signature` header for it."""
    text = json.dumps(body)
    header: str = stripe.WebhookSignature.generate_signature_header(
        text, secret, int(now.timestamp())
    )
    return text, header
