"""/v1/issuing/cardholders"""

from typing import Any, Final

from krak.sandbox.issuer import forms, shapes
from krak.sandbox.issuer.calls import Call, Page, page
from krak.sandbox.issuer.resources import controls
from krak.sandbox.issuer.store import Document

KIND: Final = "issuing.cardholder"
LONGEST_NAME: Final = 24

ADDRESS: Final = forms.table(
    {
        "city": forms.text(),
        "country": forms.country,
        "line1": forms.text(),
        "line2": forms.clearable(forms.text()),
        "postal_code": forms.text(20),
        "state": forms.clearable(forms.text()),
    },
    "city",
    "country",
    "line1",
    "postal_code",
)
_INDIVIDUAL: Final = forms.table(
    {
        "card_issuing": forms.table(
            {
                "user_terms_acceptance": forms.table(
                    {
                        "date": forms.integer(),
                        "ip": forms.text(64),
                        "user_agent": forms.clearable(forms.text()),
                    }
                )
            }
        ),
        "dob": forms.table(
            {
                "day": forms.integer(1, 31),
                "month": forms.integer(1, 12),
                "year": forms.integer(1900, 2100),
            },
            "day",
            "month",
            "year",
        ),
        "first_name": forms.text(),
        "last_name": forms.text(),
        "verification": forms.table(
            {"document": forms.table({"back": forms.text(), "front": forms.text()})}
        ),
    }
)
_CHANGEABLE: Final[forms.Spec] = {
    "billing": forms.table({"address": ADDRESS}, "address"),
    "company": forms.table({"tax_id": forms.text()}),
    "email": forms.matching(r"[^@\s]+@[^@\s]+", "email address"),
    "individual": _INDIVIDUAL,
    "metadata": forms.metadata,
    "phone_number": forms.matching(r"\+[1-9][0-9]{3,14}", "phone number"),
    "preferred_locales": forms.listed(forms.one_of("de", "en", "es", "fr", "it")),
    "spending_controls": controls.CONTROLS,
    "status": forms.one_of("active", "inactive"),
}
_NEW: Final[forms.Spec] = {
    **_CHANGEABLE,
    "name": forms.text(LONGEST_NAME),
    "type": forms.one_of("individual", "company"),
}


def create(call: Call) -> Document:
    """POST /v1/issuing/cardholders"""
    given = call.read(_NEW)
    forms.require(given, "billing", "name")
    made = shapes.cardholder(
        stripe_id=call.issuer.new_id("ich"),
        name=given["name"],
        address=given["billing"]["address"],
        created=call.issuer.now(),
        kind=given.get("type", "individual"),
    )
    _apply(made, given, call)
    return call.issuer.add(made, told="issuing_cardholder.created")


def retrieve(call: Call) -> Document:
    """GET /v1/issuing/cardholders/{id}"""
    call.read({})
    return call.issuer.get(KIND, call.id)


def update(call: Call) -> Document:
    """POST /v1/issuing/cardholders/{id}"""
    cardholder = call.issuer.get(KIND, call.id)
    given = call.read(_CHANGEABLE)
    with call.issuer.changing(cardholder, told="issuing_cardholder.updated"):
        _apply(cardholder, given, call)
    return cardholder


def list_all(call: Call) -> Page:
    """GET /v1/issuing/cardholders"""
    text = forms.text()
    return page(call, KIND, dict.fromkeys(("email", "phone_number", "status", "type"), text))


def _apply(cardholder: Document, given: dict[str, Any], call: Call) -> None:
    for name in ("email", "phone_number", "preferred_locales", "status"):
        if name in given:
            cardholder[name] = given[name]
    if "billing" in given:
        address = dict.fromkeys(cardholder["billing"]["address"])
        cardholder["billing"] = {"address": {**address, **given["billing"]["address"]}}
    if "company" in given:
        cardholder["company"] = {"tax_id_provided": "tax_id" in given["company"]}
    if "individual" in given:
        cardholder["individual"] = _individual(cardholder["individual"], given["individual"])
    if "spending_controls" in given:
        controls.apply(cardholder, given["spending_controls"], currency="usd")
    if "metadata" in given:
        cardholder["metadata"] = forms.merged(
            cardholder["metadata"], given["metadata"], all_cleared=call.params["metadata"] == ""
        )


def _individual(kept: dict[str, Any] | None, given: dict[str, Any]) -> dict[str, Any]:
    """Return the person with what was given on top of what is known; documents are only noted."""
    known = kept or {
        "card_issuing": None,
        "dob": {"day": None, "month": None, "year": None},
        "first_name": None,
        "last_name": None,
        "verification": {"document": {"back": None, "front": None}},
    }
    person = {**known, **given}
    if accepted := (given.get("card_issuing") or {}).get("user_terms_acceptance"):
        terms = {"date": None, "ip": None, "user_agent": None, **accepted}
        person["card_issuing"] = {"user_terms_acceptance": terms}
    if "verification" in given:
        document = known["verification"]["document"]
        person["verification"] = {"document": {**document, **given["verification"]["document"]}}
    return person
