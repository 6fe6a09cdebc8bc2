"""Authorizations and the transactions that settle them."""

import secrets
from typing import Any


def authorization(
    *,
    stripe_id: str,
    card: dict[str, Any],
    currency: str,
    merchant_data: dict[str, Any],
    merchant_currency: str,
    created: int,
    amount: int = 0,
    merchant_amount: int = 0,
    approved: bool = False,
    status: str = "pending",
    pending_request: dict[str, Any] | None = None,
    request_history: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return an `issuing.authorization`; amounts in minor units."""
    return {
        "id": stripe_id,
        "object": "issuing.authorization",
        "amount": amount,
        "amount_details": {"atm_fee": None, "cashback_amount": None},
        "approved": approved,
        "authorization_method": "contactless",
        "balance_transactions": [],
        "card": card,
        "card_presence": "present",
        "cardholder": card["cardholder"],
        "created": created,
        "currency": currency,
        "fleet": None,
        "fraud_challenges": None,
        "fuel": None,
        "livemode": False,
        "merchant_amount": merchant_amount,
        "merchant_currency": merchant_currency,
        "merchant_data": merchant_data,
        "metadata": {},
        "network_data": {
            "acquiring_institution_id": None,
            "system_trace_audit_number": None,
            "transaction_id": None,
        },
        "pending_request": pending_request,
        "request_history": request_history or [],
        "status": status,
        "token": None,
        "transactions": [],
        "treasury": None,
        "verification_data": {
            "address_line1_check": "not_provided",
            "address_postal_code_check": "not_provided",
            "authentication_exemption": None,
            "cvc_check": "not_provided",
            "expiry_check": "match",
            "postal_code": None,
            "three_d_secure": None,
        },
        "verified_by_fraud_challenge": None,
        "wallet": None,
    }


def pending_request(
    *,
    amount: int,
    currency: str,
    merchant_amount: int,
    merchant_currency: str,
    is_amount_controllable: bool = False,
    cashback_amount: int | None = None,
    atm_fee: int | None = None,
) -> dict[str, Any]:
    """Return what the network asks for now."""
    return {
        "amount": amount,
        "amount_details": {"atm_fee": atm_fee, "cashback_amount": cashback_amount},
        "currency": currency,
        "is_amount_controllable": is_amount_controllable,
        "merchant_amount": merchant_amount,
        "merchant_currency": merchant_currency,
        "network_risk_score": None,
    }


def history_entry(
    *,
    amount: int,
    currency: str,
    merchant_amount: int,
    merchant_currency: str,
    approved: bool,
    reason: str,
    created: int,
) -> dict[str, Any]:
    """Return one answered request."""
    return {
        "amount": amount,
        "amount_details": {"atm_fee": None, "cashback_amount": None},
        "approved": approved,
        "authorization_code": f"S{secrets.randbelow(10**6):06}" if approved else None,
        "created": created,
        "currency": currency,
        "merchant_amount": merchant_amount,
        "merchant_currency": merchant_currency,
        "network_risk_score": None,
        "reason": reason,
        "reason_message": None,
        "requested_at": created,
    }


def transaction(
    *,
    stripe_id: str,
    kind: str,
    amount: int,
    currency: str,
    card: str,
    cardholder: str,
    authorization_id: str | None,
    merchant_data: dict[str, Any],
    merchant_amount: int,
    merchant_currency: str,
    created: int,
    cashback_amount: int | None = None,
    atm_fee: int | None = None,
) -> dict[str, Any]:
    """Return an `issuing.transaction`: a capture is negative, a refund positive."""
    return {
        "id": stripe_id,
        "object": "issuing.transaction",
        "amount": amount,
        "amount_details": {"atm_fee": atm_fee, "cashback_amount": cashback_amount},
        "authorization": authorization_id,
        "balance_transaction": None,
        "card": card,
        "cardholder": cardholder,
        "created": created,
        "currency": currency,
        "dispute": None,
        "livemode": False,
        "merchant_amount": merchant_amount,
        "merchant_currency": merchant_currency,
        "merchant_data": merchant_data,
        "metadata": {},
        "network_data": {
            "authorization_code": None,
            "processing_date": None,
            "transaction_id": None,
        },
        "purchase_details": None,
        "token": None,
        "treasury": None,
        "type": kind,
        "wallet": None,
    }
