"""The balance, what moves it, disputes and keys."""

from collections.abc import Mapping
from typing import Any


def balance_transaction(
    *,
    stripe_id: str,
    amount: int,
    currency: str,
    kind: str,
    source: str | None,
    balance_type: str,
    created: int,
) -> dict[str, Any]:
    """Return a `balance_transaction`: one movement of our balance at Stripe, without fees."""
    return {
        "id": stripe_id,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": created,
        "balance_type": balance_type,
        "created": created,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": 0,
        "fee_details": [],
        "net": amount,
        "reporting_category": kind,
        "source": source,
        "status": "available",
        "type": kind,
    }


def balance(*, issuing: Mapping[str, int], payments: Mapping[str, int]) -> dict[str, Any]:
    """Return the `balance` of amounts by currency."""

    def amounts(of: Mapping[str, int]) -> list[dict[str, Any]]:
        return [
            {"amount": amount, "currency": currency, "source_types": {"bank_account": amount}}
            for currency, amount in sorted(of.items())
        ]

    return {
        "object": "balance",
        "available": amounts(payments),
        "issuing": {"available": amounts(issuing)},
        "livemode": False,
        "pending": amounts(dict.fromkeys(payments, 0)),
    }


def topup(
    *,
    stripe_id: str,
    amount: int,
    currency: str,
    created: int,
    expected_at: int,
    description: str | None = None,
    statement_descriptor: str | None = None,
    transfer_group: str | None = None,
    metadata: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Return a pending `topup`."""
    return {
        "id": stripe_id,
        "object": "topup",
        "amount": amount,
        "balance_transaction": None,
        "created": created,
        "currency": currency,
        "description": description,
        "expected_availability_date": expected_at,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": metadata or {},
        "source": None,
        "statement_descriptor": statement_descriptor,
        "status": "pending",
        "transfer_group": transfer_group,
    }


def dispute(
    *,
    stripe_id: str,
    amount: int,
    currency: str,
    transaction: str,
    created: int,
    evidence: dict[str, Any],
    metadata: dict[str, str],
) -> dict[str, Any]:
    """Return an `issuing.dispute` of (a part of) a capture, not yet submitted."""
    return {
        "id": stripe_id,
        "object": "issuing.dispute",
        "amount": amount,
        "balance_transactions": None,
        "created": created,
        "currency": currency,
        "evidence": evidence,
        "livemode": False,
        "metadata": metadata,
        "status": "unsubmitted",
        "transaction": transaction,
    }


def ephemeral_key(
    *, stripe_id: str, card: str, secret: str, created: int, expires: int
) -> dict[str, Any]:
    """Return an `ephemeral_key` to show one card with."""
    return {
        "id": stripe_id,
        "object": "ephemeral_key",
        # In no schema of Stripe's, but in every answer: their mobile SDKs look for it.
        "associated_objects": [{"id": card, "type": "issuing.card"}],
        "created": created,
        "expires": expires,
        "livemode": False,
        "secret": secret,
    }
