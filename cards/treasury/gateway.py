"""The money that lies at Stripe. Source: Stripe's Balance and Top-ups API."""

from collections.abc import Mapping
from typing import Any

from krak.stripe.client import PER_PAGE, as_json, speaking, with_own_id


def balance() -> dict[str, Any]:
    """Return what lies at Stripe; `issuing.available` is what cards may spend."""
    with speaking() as v1:
        return as_json(v1.balance.retrieve())


def create_top_up(fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Send money to the Issuing balance; the same `key` again sends nothing more."""
    with speaking() as v1:
        asked: Any = dict(fields)
        return as_json(v1.topups.create(asked, {"idempotency_key": key}))


def find_top_up(own_id: str, *, created_since: int) -> dict[str, Any] | None:
    """Return the top-up that was sent for our id since (seconds since 1970), if one was."""
    with speaking() as v1:
        asked: Any = {"created": {"gte": created_since}, "limit": PER_PAGE}
        return with_own_id(v1.topups.list(asked), own_id)
