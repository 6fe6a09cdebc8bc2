"""What is asked of Stripe Issuing. Source: Stripe's Issuing API."""

from collections.abc import Mapping
from typing import Any

from krak.stripe.client import PER_PAGE, as_json, speaking, with_own_id


def create_cardholder(fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Make a cardholder; the same `key` again returns the same one."""
    with speaking() as v1:
        return as_json(v1.issuing.cardholders.create(dict(fields), {"idempotency_key": key}))


def update_cardholder(stripe_id: str, fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Change a cardholder."""
    with speaking() as v1:
        made = v1.issuing.cardholders.update(stripe_id, dict(fields), {"idempotency_key": key})
        return as_json(made)


def find_cardholder(own_id: str, *, email: str) -> dict[str, Any] | None:
    """Return the cardholder that was made for our id, if one was."""
    with speaking() as v1:
        found = v1.issuing.cardholders.list({"email": email, "limit": PER_PAGE})
        return with_own_id(found, own_id)


def create_card(fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Make a card; the same `key` again returns the same one."""
    with speaking() as v1:
        return as_json(v1.issuing.cards.create(dict(fields), {"idempotency_key": key}))


def update_card(stripe_id: str, fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Change a card."""
    with speaking() as v1:
        return as_json(v1.issuing.cards.update(stripe_id, dict(fields), {"idempotency_key": key}))


def find_card(own_id: str, *, cardholder: str) -> dict[str, Any] | None:
    """Return the card that was made for our id, if one was."""
    with speaking() as v1:
        found = v1.issuing.cards.list({"cardholder": cardholder, "limit": PER_PAGE})
        return with_own_id(found, own_id)


def ephemeral_key(stripe_card_id: str, *, stripe_version: str, nonce: str | None) -> dict[str, Any]:
    """Return a key with which one app may ask Stripe for one card's secrets, for minutes.

    `stripe_version` is the version that the app's SDK speaks; with `nonce` the key is good only
    for whoever made the nonce. Source: Stripe, "Issuing Elements" and "Digital wallets".
    """
    asked: dict[str, Any] = {"issuing_card": stripe_card_id}
    if nonce is not None:
        asked["nonce"] = nonce
    with speaking() as v1:
        return as_json(v1.ephemeral_keys.create(asked, {"stripe_version": stripe_version}))
