"""The money that lies at Stripe. Source: Stripe's Balance and Top-ups API."""

from collections.abc import Mapping
from typing import Any

from krak.stripe.client import as_json, speaking


def balance() -> dict[str, Any]:
    """Return what lies at Stripe; `issuing.available` is what cards may spend."""
    with speaking() as v1:
        return as_json(v1.balance.retrieve())


def create_top_up(fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Send money to the Issuing balance; the same `key` again sends nothing more."""
    with speaking() as v1:
        asked: Any = dict(fields)
        return as_json(v1.topups.create(asked, {"idempotency_key": key}))
