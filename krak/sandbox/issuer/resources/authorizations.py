"""/v1/issuing/authorizations, and the test helpers for what follows an approval"""

from typing import Any, Final

from krak.sandbox.issuer import forms
from krak.sandbox.issuer.calls import Call, Page, page
from krak.sandbox.issuer.errors import unexpected_state
from krak.sandbox.issuer.issuer import Issuer
from krak.sandbox.issuer.store import Document

KIND: Final = "issuing.authorization"
UPDATED: Final = "issuing_authorization.updated"

_FUEL: Final = dict.fromkeys(
    ("industry_product_code", "quantity_decimal", "type", "unit", "unit_cost_decimal"),
    forms.text(),
)


def read_fuel(value: Any, param: str) -> dict[str, Any]:
    """Read what was pumped; what is not said is null."""
    return {**dict.fromkeys(_FUEL), **forms.table(_FUEL)(value, param)}


def retrieve(call: Call) -> Document:
    """GET /v1/issuing/authorizations/{id}"""
    call.read({})
    return call.issuer.get(KIND, call.id)


def update(call: Call) -> Document:
    """POST /v1/issuing/authorizations/{id}"""
    authorization = call.issuer.get(KIND, call.id)
    given = call.read({"metadata": forms.metadata})
    with call.issuer.changing(authorization, told=UPDATED):
        if "metadata" in given:
            authorization["metadata"] = forms.merged(
                authorization["metadata"],
                given["metadata"],
                all_cleared=call.params["metadata"] == "",
            )
    return authorization


def list_all(call: Call) -> Page:
    """GET /v1/issuing/authorizations"""
    filters = dict.fromkeys(("card", "cardholder"), forms.text())
    status = forms.one_of("pending", "closed", "reversed", "expired")
    return page(call, KIND, {**filters, "status": status})


# --- After the answer ----------------------------------------------------------------------------
def reverse(call: Call) -> Document:
    """POST /v1/test_helpers/issuing/authorizations/{id}/reverse; the merchant wants less"""
    authorization = call.issuer.get(KIND, call.id)
    given = call.read({"reverse_amount": forms.integer(1)})
    require_pending(authorization, "reverse")
    open_amount = authorization["amount"] - authorization["_captured"]
    amount = given.get("reverse_amount", open_amount)
    if amount > open_amount:
        raise unexpected_state(f"Only {open_amount} of this authorization can be reversed.")
    with call.issuer.changing(authorization, told=UPDATED):
        authorization["merchant_amount"] -= at_the_merchant(authorization, amount)
        authorization["amount"] -= amount
        hold(call.issuer, authorization, -min(amount, authorization["_held"]))
        if amount == open_amount:
            authorization["status"] = "closed" if authorization["_captured"] else "reversed"
    return authorization


def expire(call: Call) -> Document:
    """POST /v1/test_helpers/issuing/authorizations/{id}/expire"""
    authorization = call.issuer.get(KIND, call.id)
    call.read({})
    require_pending(authorization, "expire")
    with call.issuer.changing(authorization, told=UPDATED):
        authorization["status"] = "expired"
        hold(call.issuer, authorization, -authorization["_held"])
    return authorization


def finalize_amount(call: Call) -> Document:
    """POST /v1/test_helpers/issuing/authorizations/{id}/finalize_amount; the pump has stopped"""
    authorization = call.issuer.get(KIND, call.id)
    given = call.read(
        {"final_amount": forms.integer(1), "fleet": forms.anything, "fuel": read_fuel}
    )
    forms.require(given, "final_amount")
    require_pending(authorization, "finalize")
    final = given["final_amount"]
    with call.issuer.changing(authorization, told=UPDATED):
        more = final - authorization["amount"]
        hold(call.issuer, authorization, max(more, -authorization["_held"]))
        if authorization["merchant_currency"] == authorization["currency"]:
            authorization["merchant_amount"] = final
        else:
            authorization["merchant_amount"] = at_the_merchant(authorization, final)
        authorization["amount"] = final
        if "fuel" in given:
            authorization["fuel"] = given["fuel"]
    return authorization


def hold(issuer: Issuer, authorization: Document, amount: int) -> None:
    """Hold more of our Issuing balance for an authorization, or less of it."""
    if amount == 0:
        return
    kind = "issuing_authorization_hold" if amount > 0 else "issuing_authorization_release"
    record = issuer.move(-amount, authorization["currency"], kind=kind, source=authorization["id"])
    authorization["_held"] += amount
    authorization["balance_transactions"] = [*authorization["balance_transactions"], record]


def at_the_merchant(authorization: Document, amount: int) -> int:
    """Return a part of an authorization in the merchant's currency, at the rate it was made at."""
    whole, merchant_whole = authorization["amount"], authorization["merchant_amount"]
    if whole == 0:
        return amount
    return int((amount * merchant_whole * 2 + whole) // (whole * 2))


def require_pending(authorization: Document, verb: str) -> None:
    """Refuse to `verb` what is not approved and pending."""
    if authorization["status"] != "pending" or not authorization["approved"]:
        raise unexpected_state(
            f"You cannot {verb} an authorization that is {authorization['status']}"
            f"{'' if authorization['approved'] else ' and not approved'}."
        )
