"""The till asks: Stripe declines by itself, Krak is asked, or the network decides without anybody

The test helpers that make authorizations and increments.
"""

from typing import Any, Final

from krak.sandbox.issuer import forms, shapes
from krak.sandbox.issuer.calls import Call
from krak.sandbox.issuer.errors import StripeProblem, missing_param, unexpected_state
from krak.sandbox.issuer.issuer import Issuer
from krak.sandbox.issuer.posting import TIMEOUT, Decision
from krak.sandbox.issuer.resources import controls
from krak.sandbox.issuer.resources.authorizations import (
    KIND,
    UPDATED,
    at_the_merchant,
    hold,
    read_fuel,
    require_pending,
)
from krak.sandbox.issuer.resources.merchants import MERCHANT, merchant_data
from krak.sandbox.issuer.store import Document

CREATED: Final = "issuing_authorization.created"

_CHECK: Final = forms.one_of("match", "mismatch", "not_provided")
_ASKED: Final[forms.Spec] = {
    "amount": forms.integer(),
    "amount_details": forms.table({"atm_fee": forms.integer(), "cashback_amount": forms.integer()}),
    "authorization_method": forms.one_of("chip", "contactless", "keyed_in", "online", "swipe"),
    "card": forms.text(),
    "currency": forms.currency,
    "fleet": forms.anything,
    "fraud_disputability_likelihood": forms.anything,
    "fuel": read_fuel,
    "is_amount_controllable": forms.boolean,
    "merchant_amount": forms.integer(),
    "merchant_currency": forms.currency,
    "merchant_data": MERCHANT,
    "network_data": forms.table({"acquiring_institution_id": forms.text()}),
    "risk_assessment": forms.anything,
    "verification_data": forms.table(
        {
            "address_line1_check": _CHECK,
            "address_postal_code_check": _CHECK,
            "authentication_exemption": forms.table(
                {"claimed_by": forms.text(), "type": forms.text()}, "claimed_by", "type"
            ),
            "cvc_check": _CHECK,
            "expiry_check": _CHECK,
            "three_d_secure": forms.table({"result": forms.text()}, "result"),
        }
    ),
    "wallet": forms.one_of("apple_pay", "google_pay", "samsung_pay"),
}
_AT_THE_TILL: Final = frozenset({"chip", "contactless", "swipe"})


def create(call: Call) -> Document:
    """POST /v1/test_helpers/issuing/authorizations; asks Krak, unless Stripe itself declines"""
    issuer = call.issuer
    with issuer.store.change():
        authorization = issuer.store.add(_new(call))
        refusal = _begin(issuer, authorization)
    return _decide(issuer, authorization, refusal)


def increment(call: Call) -> Document:
    """POST /v1/test_helpers/issuing/authorizations/{id}/increment; asks for more"""
    issuer = call.issuer
    with issuer.store.change():
        authorization = issuer.get(KIND, call.id)
        given = call.read(
            {"increment_amount": forms.integer(1), "is_amount_controllable": forms.boolean}
        )
        forms.require(given, "increment_amount")
        require_pending(authorization, "increment")
        if authorization["pending_request"] is not None:
            raise unexpected_state("Another request of this authorization is being decided.")
        amount = given["increment_amount"]
        authorization["pending_request"] = shapes.pending_request(
            amount=amount,
            currency=authorization["currency"],
            merchant_amount=at_the_merchant(authorization, amount),
            merchant_currency=authorization["merchant_currency"],
            is_amount_controllable=given.get("is_amount_controllable", False),
        )
        refusal = _begin(issuer, authorization)
        issuer.store.save(authorization)
    return _decide(issuer, authorization, refusal)


def _new(call: Call) -> Document:
    """Return an authorization that has been asked for and not answered."""
    issuer, given = call.issuer, call.read(_ASKED)
    forms.require(given, "card")
    card = issuer.get("issuing.card", given["card"], param="card")
    currency = given.get("currency", card["currency"])
    if currency != card["currency"]:
        raise StripeProblem(
            f"The card is in {card['currency']}, not in {currency}.", param="currency"
        )
    merchant_currency = given.get("merchant_currency", currency)
    if "amount" not in given:
        if "merchant_amount" not in given or merchant_currency != currency:
            raise missing_param("amount")
        given["amount"] = given["merchant_amount"]
    details = given.get("amount_details", {})
    if max(details.values(), default=0) > given["amount"]:
        raise StripeProblem("A part is larger than the whole.", param="amount_details")
    made = shapes.authorization(
        stripe_id=issuer.new_id("iauth"),
        card=card,
        currency=currency,
        merchant_data=merchant_data(given.get("merchant_data")),
        merchant_currency=merchant_currency,
        created=issuer.now(),
        pending_request=shapes.pending_request(
            amount=given["amount"],
            currency=currency,
            merchant_amount=given.get("merchant_amount", given["amount"]),
            merchant_currency=merchant_currency,
            is_amount_controllable=given.get("is_amount_controllable", False),
            cashback_amount=details.get("cashback_amount"),
            atm_fee=details.get("atm_fee"),
        ),
    )
    method = given.get("authorization_method", "online")
    made |= {
        "amount_details": {"atm_fee": None, "cashback_amount": None, **details},
        "authorization_method": method,
        "card": card["id"],
        "card_presence": "present" if method in _AT_THE_TILL else "not_present",
        "wallet": given.get("wallet"),
        "_captured": 0,
        "_held": 0,
    }
    made["network_data"] |= given.get("network_data", {})
    made["verification_data"] |= given.get("verification_data", {})
    if "fuel" in given:
        made["fuel"] = given["fuel"]
    return made


def _begin(issuer: Issuer, authorization: Document) -> str:
    """Set aside what is asked while it is; return why Stripe declines by itself, or ""."""
    amount = authorization["pending_request"]["amount"]
    refusal = _refusal(issuer, authorization, amount)
    issuer.shift("asking", authorization["currency"], amount)
    return refusal


def _refusal(issuer: Issuer, authorization: Document, amount: int) -> str:
    """Return why Stripe declines before it asks us, or "".

    Source: the reasons of `request_history` in Stripe's API.
    """
    currency = authorization["currency"]
    free = issuer.balance_of("issuing", currency) - issuer.balance_of("asking", currency)
    if amount > free:
        return "insufficient_funds"
    card = issuer.get("issuing.card", authorization["card"])
    if card["status"] != "active":
        return f"card_{card['status']}"
    cardholder = issuer.get("issuing.cardholder", card["cardholder"])
    if cardholder["status"] != "active":
        return f"cardholder_{cardholder['status']}"
    if cardholder["requirements"]["disabled_reason"]:
        return "cardholder_verification_required"
    if controls.forbid(issuer, authorization, card=card, cardholder=cardholder, amount=amount):
        return "spending_controls"
    return ""


def _decide(issuer: Issuer, authorization: Document, refusal: str) -> Document:
    """Have the pending request answered, by Stripe, by the network or by Krak, and keep that."""
    network = issuer.rules().network
    if refusal:
        decision = Decision(approved=False, reason=refusal)
    elif network:
        decision = Decision(approved=network == "approve", reason="network_fallback")
    else:
        decision = issuer.ask(authorization)
    with issuer.store.change():
        return conclude(issuer, authorization["id"], decision)


def conclude(issuer: Issuer, stripe_id: str, decision: Decision) -> Document:
    """Answer the pending request of an authorization."""
    authorization = issuer.get(KIND, stripe_id)
    before = authorization["pending_request"]
    first = not authorization["request_history"]
    issuer.shift("asking", authorization["currency"], -before["amount"])
    if first:
        # To the world the authorization begins with its answer.
        _answer(issuer, authorization, before, decision)
        issuer.store.save(authorization)
        issuer.tell(CREATED, authorization)
        return authorization
    authorization["pending_request"] = None
    with issuer.changing(authorization, told=UPDATED):
        _answer(issuer, authorization, before, decision)
    return authorization


def _answer(
    issuer: Issuer, authorization: Document, pending: dict[str, Any], decision: Decision
) -> None:
    amount, merchant_amount = pending["amount"], pending["merchant_amount"]
    if decision.amount is not None and decision.amount != amount:
        merchant_amount = merchant_amount * decision.amount // amount
        amount = decision.amount
    entry = shapes.history_entry(
        amount=amount,
        currency=pending["currency"],
        merchant_amount=merchant_amount,
        merchant_currency=pending["merchant_currency"],
        approved=decision.approved,
        reason=decision.reason,
        created=issuer.now(),
    )
    entry["amount_details"] = pending["amount_details"]
    entry["requested_at"] = max(
        authorization["created"],
        entry["created"] - (2 if decision.reason == TIMEOUT else 0),
    )
    first = not authorization["request_history"]
    authorization["pending_request"] = None
    authorization["request_history"] = [*authorization["request_history"], entry]
    authorization["metadata"] = {**authorization["metadata"], **decision.metadata}
    if first or decision.approved:
        authorization["amount"] += amount
        authorization["merchant_amount"] += merchant_amount
    if decision.approved:
        authorization["approved"] = True
        hold(issuer, authorization, amount)
    elif first:
        authorization["status"] = "closed"


def finish_interrupted(issuer: Issuer) -> None:
    """Decide for what was being asked when the last process ended: the answer never came."""
    approve = issuer.rules().unanswered == "approve"
    with issuer.store.change():
        for authorization in issuer.store.select(KIND):
            if authorization["pending_request"] is not None:
                conclude(issuer, authorization["id"], Decision(approved=approve, reason=TIMEOUT))
