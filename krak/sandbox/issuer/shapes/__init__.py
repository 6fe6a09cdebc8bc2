"""Stripe's shapes, in one place: every object and event, amounts in minor units.

Source: Stripe's API version 2026-10-28.endive, and the recorded fixtures in tests/fixtures/stripe.
"""

from krak.sandbox.issuer.shapes.cards import card, cardholder, spending_controls, token
from krak.sandbox.issuer.shapes.events import API_VERSION, event, signed
from krak.sandbox.issuer.shapes.merchants import CODE_OF_CATEGORY, merchant
from krak.sandbox.issuer.shapes.money import (
    balance,
    balance_transaction,
    dispute,
    ephemeral_key,
    topup,
)
from krak.sandbox.issuer.shapes.payments import charge_dispute, payment_intent, refund
from krak.sandbox.issuer.shapes.purchases import (
    authorization,
    history_entry,
    pending_request,
    transaction,
)

__all__ = [
    "API_VERSION",
    "CODE_OF_CATEGORY",
    "authorization",
    "balance",
    "balance_transaction",
    "card",
    "cardholder",
    "charge_dispute",
    "dispute",
    "ephemeral_key",
    "event",
    "history_entry",
    "merchant",
    "payment_intent",
    "pending_request",
    "refund",
    "signed",
    "spending_controls",
    "token",
    "topup",
    "transaction",
]
