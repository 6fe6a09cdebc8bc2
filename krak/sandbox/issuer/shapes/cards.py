"""Cardholders, cards and the wallets' tokens."""

from typing import Any

LIMITS_OF_A_NEW_CARD: list[dict[str, Any]] = [
    {"amount": 50_000, "categories": [], "interval": "daily"}
]
"""What Stripe sets on a card that is created without limits of its own: 500 a day."""


def spending_controls() -> dict[str, Any]:
    """Return controls that allow everything."""
    return {
        "allowed_card_presences": None,
        "allowed_categories": None,
        "allowed_merchant_countries": None,
        "blocked_card_presences": None,
        "blocked_categories": None,
        "blocked_merchant_countries": None,
        "spending_limits": [],
        "spending_limits_currency": None,
    }


def cardholder(
    *,
    stripe_id: str,
    name: str,
    address: dict[str, Any],
    created: int,
    kind: str = "individual",
) -> dict[str, Any]:
    """Return an active `issuing.cardholder` of whom nothing more is known."""
    return {
        "id": stripe_id,
        "object": "issuing.cardholder",
        "billing": {
            "address": {
                "city": None,
                "country": None,
                "line1": None,
                "line2": None,
                "postal_code": None,
                "state": None,
                **address,
            }
        },
        "company": None,
        "created": created,
        "email": None,
        "individual": None,
        "livemode": False,
        "metadata": {},
        "name": name,
        "phone_number": None,
        "preferred_locales": [],
        "requirements": {"disabled_reason": None, "past_due": []},
        "spending_controls": {
            **spending_controls(),
            "allowed_categories": [],
            "allowed_merchant_countries": [],
            "blocked_categories": [],
            "blocked_merchant_countries": [],
        },
        "status": "active",
        "type": kind,
    }


def card(
    *,
    stripe_id: str,
    cardholder: str,
    currency: str,
    last4: str,
    created: int,
    exp_month: int,
    exp_year: int,
    kind: str = "virtual",
) -> dict[str, Any]:
    """Return an inactive `issuing.card`; of `cardholder`, an id, Stripe shows the whole object."""
    return {
        "id": stripe_id,
        "object": "issuing.card",
        "brand": "Visa",
        "cancellation_reason": None,
        "cardholder": cardholder,
        "created": created,
        "currency": currency,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "last4": last4,
        "latest_fraud_warning": None,
        "lifecycle_controls": None,
        "livemode": False,
        "metadata": {},
        "personalization_design": None,
        "replaced_by": None,
        "replacement_for": None,
        "replacement_reason": None,
        "second_line": None,
        "shipping": None,
        "spending_controls": spending_controls(),
        "status": "inactive",
        "type": kind,
        "wallets": {
            "apple_pay": {"eligible": True, "ineligible_reason": None},
            "google_pay": {"eligible": True, "ineligible_reason": None},
            "primary_account_identifier": None,
        },
    }


def token(
    *, stripe_id: str, card: str, last4: str, wallet_provider: str, status: str, created: int
) -> dict[str, Any]:
    """Return an `issuing.token`: the card as a wallet keeps it."""
    return {
        "id": stripe_id,
        "object": "issuing.token",
        "card": card,
        "created": created,
        "device_fingerprint": None,
        "last4": last4,
        "livemode": False,
        "network": "visa",
        "network_updated_at": created,
        "status": status,
        "wallet_provider": wallet_provider,
    }
