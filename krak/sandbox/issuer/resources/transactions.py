"""/v1/issuing/transactions, and the test helpers that make them

The helpers take more than Stripe's: the network captures what has expired, was reversed or was
even declined, and more than was authorized, so they do too.
"""

from typing import Any, Final

from krak.sandbox.issuer import forms, shapes
from krak.sandbox.issuer.calls import Call, Page, page
from krak.sandbox.issuer.errors import StripeProblem, unexpected_state
from krak.sandbox.issuer.issuer import Issuer
from krak.sandbox.issuer.resources import authorizations
from krak.sandbox.issuer.resources.merchants import MERCHANT, merchant_data
from krak.sandbox.issuer.store import Document

KIND: Final = "issuing.transaction"
CREATED: Final = "issuing_transaction.created"
UPDATED: Final = "issuing_transaction.updated"


def retrieve(call: Call) -> Document:
    """GET /v1/issuing/transactions/{id}"""
    call.read({})
    return call.issuer.get(KIND, call.id)


def update(call: Call) -> Document:
    """POST /v1/issuing/transactions/{id}"""
    transaction = call.issuer.get(KIND, call.id)
    given = call.read({"metadata": forms.metadata})
    with call.issuer.changing(transaction, told=UPDATED):
        if "metadata" in given:
            transaction["metadata"] = forms.merged(
                transaction["metadata"],
                given["metadata"],
                all_cleared=call.params["metadata"] == "",
            )
    return transaction


def list_all(call: Call) -> Page:
    """GET /v1/issuing/transactions"""
    filters = dict.fromkeys(("card", "cardholder"), forms.text())
    return page(call, KIND, {**filters, "type": forms.one_of("capture", "refund")})


# --- Test helpers --------------------------------------------------------------------------------
def capture(call: Call) -> Document:
    """POST /v1/test_helpers/issuing/authorizations/{id}/capture; returns the authorization"""
    issuer, authorization = call.issuer, call.issuer.get(authorizations.KIND, call.id)
    given = call.read(
        {
            "capture_amount": forms.integer(1),
            "close_authorization": forms.boolean,
            "purchase_details": forms.anything,
        }
    )
    left = max(authorization["amount"] - authorization["_captured"], 0)
    amount = given.get("capture_amount", left or authorization["amount"])
    if amount == 0:
        raise unexpected_state("There is nothing to capture of this authorization.")
    if authorization["pending_request"] is not None:
        raise unexpected_state("A request of this authorization is being decided.")
    merchant_amount = authorizations.at_the_merchant(authorization, amount)
    details = authorization["amount_details"] if not authorization["_captured"] else {}
    transaction = _new(
        issuer,
        kind="capture",
        amount=-amount,
        currency=authorization["currency"],
        card=issuer.get("issuing.card", authorization["card"]),
        merchant=authorization["merchant_data"],
        merchant_amount=-merchant_amount,
        merchant_currency=authorization["merchant_currency"],
        authorization=authorization,
        details=details,
    )
    with issuer.changing(authorization, told=authorizations.UPDATED):
        closes = given.get("close_authorization", True)
        held = authorization["_held"]
        authorizations.hold(issuer, authorization, -(held if closes else min(held, amount)))
        authorization["_captured"] += amount
        authorization["transactions"] = [*authorization["transactions"], transaction["id"]]
        if closes:
            authorization["status"] = "closed"
    return authorization


def force_capture(call: Call) -> Document:
    """POST /v1/test_helpers/issuing/transactions/create_force_capture"""
    return _without_authorization(call, kind="capture", sign=-1)


def unlinked_refund(call: Call) -> Document:
    """POST /v1/test_helpers/issuing/transactions/create_unlinked_refund"""
    return _without_authorization(call, kind="refund", sign=1)


def _without_authorization(call: Call, *, kind: str, sign: int) -> Document:
    given = call.read(
        {
            "amount": forms.integer(1),
            "card": forms.text(),
            "currency": forms.currency,
            "merchant_data": MERCHANT,
            "purchase_details": forms.anything,
        }
    )
    forms.require(given, "amount", "card")
    card = call.issuer.get("issuing.card", given["card"], param="card")
    if given.get("currency", card["currency"]) != card["currency"]:
        raise StripeProblem(
            f"The card is in {card['currency']}, not in {given['currency']}.", param="currency"
        )
    return _new(
        call.issuer,
        kind=kind,
        amount=sign * given["amount"],
        currency=card["currency"],
        card=card,
        merchant=merchant_data(given.get("merchant_data")),
        merchant_amount=sign * given["amount"],
        merchant_currency=card["currency"],
        authorization=None,
        details={},
    )


def refund(call: Call) -> Document:
    """POST /v1/test_helpers/issuing/transactions/{id}/refund; returns the refund"""
    issuer, captured = call.issuer, call.issuer.get(KIND, call.id)
    given = call.read({"refund_amount": forms.integer(1)})
    if captured["type"] != "capture":
        raise unexpected_state("Only a capture can be refunded.")
    left = -captured["amount"] - captured.get("_refunded", 0)
    amount = given.get("refund_amount", left)
    if not 0 < amount <= left:
        raise unexpected_state(f"Only {left} of this transaction can be refunded.")
    authorization = (
        issuer.get(authorizations.KIND, captured["authorization"])
        if captured["authorization"]
        else None
    )
    made = _new(
        issuer,
        kind="refund",
        amount=amount,
        currency=captured["currency"],
        card=issuer.get("issuing.card", captured["card"]),
        merchant=captured["merchant_data"],
        merchant_amount=amount * captured["merchant_amount"] // captured["amount"],
        merchant_currency=captured["merchant_currency"],
        authorization=authorization,
        details={},
    )
    captured["_refunded"] = captured.get("_refunded", 0) + amount
    issuer.store.save(captured)
    if authorization is not None:
        authorization["transactions"] = [*authorization["transactions"], made["id"]]
        issuer.store.save(authorization)
    return made


def _new(
    issuer: Issuer,
    *,
    kind: str,
    amount: int,
    currency: str,
    card: Document,
    merchant: dict[str, Any],
    merchant_amount: int,
    merchant_currency: str,
    authorization: Document | None,
    details: dict[str, Any],
) -> Document:
    """Keep a transaction, move the Issuing balance by it and tell of it."""
    made = shapes.transaction(
        stripe_id=issuer.new_id("ipi"),
        kind=kind,
        amount=amount,
        currency=currency,
        card=card["id"],
        cardholder=card["cardholder"],
        authorization_id=authorization["id"] if authorization else None,
        merchant_data=merchant,
        merchant_amount=merchant_amount,
        merchant_currency=merchant_currency,
        created=issuer.now(),
        cashback_amount=details.get("cashback_amount"),
        atm_fee=details.get("atm_fee"),
    )
    if authorization is not None:
        made["wallet"] = authorization["wallet"]
        made["token"] = authorization["token"]
    made["balance_transaction"] = issuer.move(
        amount, currency, kind="issuing_transaction", source=made["id"]
    )
    return issuer.add(made, told=CREATED)
