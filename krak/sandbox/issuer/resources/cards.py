"""/v1/issuing/cards, and the test helpers that ship them

Source: https://docs.stripe.com/issuing/cards/replacements for which replacement ends which card.
"""

import secrets
from datetime import UTC, datetime
from typing import Any, Final

from krak.sandbox.issuer import forms, shapes
from krak.sandbox.issuer.calls import Call, Page, page
from krak.sandbox.issuer.errors import StripeProblem, missing_param, unexpected_state
from krak.sandbox.issuer.issuer import CURRENCIES, Issuer
from krak.sandbox.issuer.resources import controls
from krak.sandbox.issuer.resources.cardholders import ADDRESS
from krak.sandbox.issuer.shapes.cards import LIMITS_OF_A_NEW_CARD
from krak.sandbox.issuer.store import Document

KIND: Final = "issuing.card"
YEARS_VALID: Final = 4
UPDATED: Final = "issuing_card.updated"

_SHIPPING: Final = forms.table(
    {
        "address": ADDRESS,
        "address_validation": forms.table(
            {"mode": forms.one_of("disabled", "normalization_only", "validation_and_normalization")}
        ),
        "business_name": forms.text(),
        "customs": forms.table({"eori_number": forms.text()}),
        "name": forms.text(),
        "phone_number": forms.text(),
        "require_signature": forms.boolean,
        "service": forms.one_of("standard", "express", "priority"),
        "type": forms.one_of("individual", "bulk"),
    },
    "address",
    "name",
)
_PIN: Final = forms.table({"encrypted_number": forms.clearable(forms.text())})
_CHANGEABLE: Final[forms.Spec] = {
    "metadata": forms.metadata,
    "personalization_design": forms.text(),
    "pin": _PIN,
    "shipping": _SHIPPING,
    "spending_controls": controls.CONTROLS,
}
_NEW: Final[forms.Spec] = {
    **_CHANGEABLE,
    "cardholder": forms.text(),
    "currency": forms.one_of(*CURRENCIES),
    "replacement_for": forms.text(),
    "replacement_reason": forms.one_of("damaged", "expired", "lost", "stolen"),
    "second_line": forms.clearable(forms.text(24)),
    "status": forms.one_of("active", "inactive"),
    "type": forms.one_of("virtual", "physical"),
}


def create(call: Call) -> Document:
    """POST /v1/issuing/cards"""
    issuer, given = call.issuer, call.read(_NEW)
    forms.require(given, "currency", "type")
    replaced = _replaced(issuer, given)
    if "cardholder" not in given:
        if replaced is None:
            raise missing_param("cardholder")
        given["cardholder"] = replaced["cardholder"]
    cardholder = issuer.get("issuing.cardholder", given["cardholder"], param="cardholder")
    if given["type"] == "physical" and "shipping" not in given:
        raise missing_param("shipping")
    same_number = replaced is not None and given["replacement_reason"] in {"damaged", "expired"}
    made = new_card(
        issuer,
        cardholder=cardholder["id"],
        currency=given["currency"],
        kind=given["type"],
        last4=replaced["last4"] if replaced and same_number else None,
    )
    made["status"] = given.get("status", "inactive")
    made["second_line"] = given.get("second_line")
    made["replacement_for"] = given.get("replacement_for")
    made["replacement_reason"] = given.get("replacement_reason")
    made["spending_controls"]["spending_limits"] = LIMITS_OF_A_NEW_CARD
    made["spending_controls"]["spending_limits_currency"] = made["currency"]
    _apply(made, given, call)
    issuer.add(made, told="issuing_card.created")
    if replaced is not None:
        with issuer.changing(replaced, told=UPDATED):
            replaced["replaced_by"] = made["id"]
        _end_replaced(issuer, made)
    return made


def new_card(
    issuer: Issuer,
    *,
    cardholder: str,
    currency: str,
    kind: str = "virtual",
    last4: str | None = None,
    stripe_id: str | None = None,
) -> Document:
    """Return a card that is nowhere kept yet."""
    today = datetime.fromtimestamp(issuer.now(), tz=UTC)
    return shapes.card(
        stripe_id=stripe_id or issuer.new_id("ic"),
        cardholder=cardholder,
        currency=currency,
        last4=last4 or f"{secrets.randbelow(10_000):04}",
        created=issuer.now(),
        exp_month=today.month,
        exp_year=today.year + YEARS_VALID,
        kind=kind,
    )


def _replaced(issuer: Issuer, given: dict[str, Any]) -> Document | None:
    """Return the card that a new one replaces; a lost or stolen one must have been cancelled."""
    if "replacement_for" not in given:
        if "replacement_reason" in given:
            raise missing_param("replacement_for")
        return None
    forms.require(given, "replacement_reason")
    replaced = issuer.get(KIND, given["replacement_for"], param="replacement_for")
    reason = given["replacement_reason"]
    if replaced["replaced_by"] is not None:
        raise unexpected_state(f"Card {replaced['id']} has been replaced already.")
    if given.get("cardholder", replaced["cardholder"]) != replaced["cardholder"]:
        raise unexpected_state("A replacement belongs to the cardholder of the replaced card.")
    if given["currency"] != replaced["currency"]:
        raise unexpected_state("A replacement has the currency of the replaced card.")
    if reason in {"lost", "stolen"} and replaced["status"] != "canceled":
        raise unexpected_state(
            f"Card {replaced['id']} must be canceled as {reason} before it is replaced."
        )
    return replaced


def _end_replaced(issuer: Issuer, card: Document) -> None:
    """Cancel a damaged or expired card once its replacement is active."""
    if card["status"] != "active" or card["replacement_reason"] not in {"damaged", "expired"}:
        return
    replaced = issuer.get(KIND, card["replacement_for"])
    if replaced["status"] != "canceled":
        with issuer.changing(replaced, told=UPDATED):
            replaced["status"] = "canceled"


def retrieve(call: Call) -> Document:
    """GET /v1/issuing/cards/{id}"""
    call.read({})
    return call.issuer.get(KIND, call.id)


def update(call: Call) -> Document:
    """POST /v1/issuing/cards/{id}; a cancelled card stays cancelled"""
    card = call.issuer.get(KIND, call.id)
    given = call.read(
        {
            **_CHANGEABLE,
            "cancellation_reason": forms.one_of("lost", "stolen"),
            "status": forms.one_of("active", "inactive", "canceled"),
        }
    )
    status = given.get("status", card["status"])
    if card["status"] == "canceled" and status != "canceled":
        raise unexpected_state("You cannot update the status of a canceled card.")
    if "cancellation_reason" in given and given.get("status") != "canceled":
        raise StripeProblem(
            "`cancellation_reason` is only given with the status `canceled`.",
            param="cancellation_reason",
        )
    with call.issuer.changing(card, told=UPDATED):
        card["status"] = status
        card["cancellation_reason"] = given.get("cancellation_reason", card["cancellation_reason"])
        if status == "canceled" and card["shipping"] and card["shipping"]["status"] == "pending":
            card["shipping"]["status"] = "canceled"
        _apply(card, given, call)
    _end_replaced(call.issuer, card)
    return card


def list_all(call: Call) -> Page:
    """GET /v1/issuing/cards"""
    return page(
        call,
        KIND,
        {
            **dict.fromkeys(("cardholder", "last4", "personalization_design"), forms.text()),
            "exp_month": forms.integer(1, 12),
            "exp_year": forms.integer(2000, 2100),
            "status": forms.one_of("active", "inactive", "canceled"),
            "type": forms.one_of("virtual", "physical"),
        },
    )


def _apply(card: Document, given: dict[str, Any], call: Call) -> None:
    if "shipping" in given:
        if card["type"] == "virtual":
            raise StripeProblem("A virtual card is not shipped.", param="shipping")
        card["shipping"] = _shipping(given["shipping"])
    if "personalization_design" in given:
        card["personalization_design"] = given["personalization_design"]
    if "spending_controls" in given:
        controls.apply(card, given["spending_controls"], currency=card["currency"])
    if "metadata" in given:
        card["metadata"] = forms.merged(
            card["metadata"], given["metadata"], all_cleared=call.params["metadata"] == ""
        )


def _shipping(given: dict[str, Any]) -> dict[str, Any]:
    address = {"line2": None, "state": None, **given["address"]}
    return {
        "address": address,
        "address_validation": {
            "mode": given.get("address_validation", {}).get("mode", "normalization_only"),
            "normalized_address": address,
            "result": None,
        },
        "business_name": given.get("business_name"),
        "carrier": None,
        "customs": given.get("customs"),
        "eta": None,
        "name": given["name"],
        "phone_number": given.get("phone_number"),
        "require_signature": given.get("require_signature"),
        "service": given.get("service", "standard"),
        "status": "pending",
        "tracking_number": None,
        "tracking_url": None,
        "type": given.get("type", "individual"),
    }


# --- Test helpers: the post ----------------------------------------------------------------------
_STEPS: Final = {
    "submit": ("submitted", {"pending"}),
    "ship": ("shipped", {"pending", "submitted"}),
    "deliver": ("delivered", {"shipped"}),
    "return": ("returned", {"shipped"}),
    "fail": ("failure", {"pending", "submitted", "shipped"}),
}
_DAYS_BY_POST: Final = 5


def ship(call: Call, step: str) -> Document:
    """POST /v1/test_helpers/issuing/cards/{id}/shipping/{step}"""
    card = call.issuer.get(KIND, call.id)
    call.read({})
    status, before = _STEPS[step]
    if card["shipping"] is None:
        raise unexpected_state("This card is not shipped: it is virtual.")
    if card["shipping"]["status"] not in before:
        raise unexpected_state(
            f"You cannot {step} a card whose shipping is {card['shipping']['status']}."
        )
    with call.issuer.changing(card, told=UPDATED):
        card["shipping"]["status"] = status
        if step == "ship":
            number = f"9400{secrets.randbelow(10**18):018}"
            card["shipping"] |= {
                "carrier": "usps",
                "eta": call.issuer.now() + _DAYS_BY_POST * 86_400,
                "tracking_number": number,
                "tracking_url": f"https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
            }
    return card
