"""What is asked of Stripe's Issuing disputes. Source: Stripe's Issuing API."""

from collections.abc import Mapping
from typing import Any

from krak.stripe.client import PER_PAGE, as_json, speaking, with_own_id


def create_dispute(fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Make an unsubmitted dispute; the same `key` again returns the same one."""
    with speaking() as v1:
        return as_json(v1.issuing.disputes.create(dict(fields), {"idempotency_key": key}))


def find_dispute(own_id: str, *, transaction: str) -> dict[str, Any] | None:
    """Return the dispute that was made for our id, if one was."""
    with speaking() as v1:
        found = v1.issuing.disputes.list({"transaction": transaction, "limit": PER_PAGE})
        return with_own_id(found, own_id)


def read_dispute(stripe_id: str) -> dict[str, Any]:
    """Return a dispute as it stands at Stripe."""
    with speaking() as v1:
        return as_json(v1.issuing.disputes.retrieve(stripe_id))


def submit_dispute(stripe_id: str, *, key: str) -> dict[str, Any]:
    """Submit a dispute to the network, for good."""
    with speaking() as v1:
        return as_json(v1.issuing.disputes.submit(stripe_id, {}, {"idempotency_key": key}))
